/**
 * What a million requests cost, admitted or refused, by what was counted of one.
 */
import { COST_FIGURES, type DynamodbUse } from './cost-figures.ts';
import {
  ASSUMED,
  type CostLine,
  count,
  keptMonths,
  lambdaTime,
  MILLION,
  MS_A_SECOND,
  STACK,
} from './cost-lines.ts';

/** A kind of request, a million of which are counted. */
export interface Shape {
  readonly name: string;
  readonly seconds: bigint;
  readonly answerBytes: bigint;
  readonly isStream: boolean;
  /** Of the model, for the comparison. */
  readonly inputTokens: bigint;
  readonly outputTokens: bigint;
}

export const SHAPES: readonly Shape[] = [
  {
    name: 'short, 1 s',
    seconds: 1n,
    answerBytes: 2_000n,
    isStream: false,
    inputTokens: 1_000n,
    outputTokens: 60n,
  },
  {
    name: 'stream of 10 s',
    seconds: 10n,
    answerBytes: 60_000n,
    isStream: true,
    inputTokens: 4_000n,
    outputTokens: 600n,
  },
  {
    name: 'stream of 60 s',
    seconds: 60n,
    answerBytes: 400_000n,
    isStream: true,
    inputTokens: 20_000n,
    outputTokens: 4_000n,
  },
];

/** Write units of an admitted request: between two measured ones, as each cap adds the same. */
export function admittedWriteUnits(caps: bigint): bigint {
  const one = BigInt(COST_FIGURES.requests['admitted, 1 cap'].writeUnits);
  const two = BigInt(COST_FIGURES.requests['admitted, 2 caps'].writeUnits);
  return one + (caps - 1n) * (two - one);
}

/** What a million requests of this kind add, under so many caps each. */
export function millionLines(shape: Shape, caps: bigint): readonly CostLine[] {
  const { seconds, isStream } = shape;
  // At its start, and while a stream runs once each time that the settings have grown too old.
  const looks = 1n + (isStream ? seconds / STACK.settingsMaxAgeSeconds : 0n);
  const look = BigInt(
    COST_FIGURES.requests['admitted by settings that are too old, 1 cap'].readUnits,
  );
  const entry = BigInt(COST_FIGURES.journalBytes) + ASSUMED.itemOverheadBytes;
  const journal = MILLION * entry * keptMonths(STACK.journalDays);
  const logged = BigInt(COST_FIGURES.logBytes.admitted) + ASSUMED.platformLogBytes;
  return [
    lambdaTime('gateway, its time', MILLION, seconds * MS_A_SECOND, STACK.gatewayMemoryMb),
    { what: 'gateway, its requests', price: 'lambdaRequests', units: MILLION, how: 'one each' },
    {
      what: 'ledger, its writes',
      price: 'dynamodbWrites',
      units: MILLION * admittedWriteUnits(caps),
      how: `${admittedWriteUnits(caps)} a request`,
    },
    {
      what: 'settings, their reads',
      price: 'dynamodbReads',
      units: MILLION * looks * look,
      how: `at most ${looks} × ${look} a request`,
    },
    {
      what: 'journal, stored',
      price: 'dynamodbStorage',
      units: journal,
      how: `${entry} bytes for ${STACK.journalDays} days`,
    },
    { what: 'journal, its recovery', price: 'dynamodbRecovery', units: journal, how: 'the same' },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: MILLION * logged,
      how: `${logged} bytes a request`,
    },
    {
      what: 'log lines, kept',
      price: 'logStorage',
      units: MILLION * logged * keptMonths(STACK.logRetentionDays),
      how: `for ${STACK.logRetentionDays} days`,
    },
    {
      what: 'answers, sent',
      price: 'transferOut',
      units: MILLION * shape.answerBytes,
      how: `${count(shape.answerBytes)} bytes, to a client outside of AWS`,
    },
  ];
}

/** What a million refusals cost, that make these requests to DynamoDB. */
export function refusalLines({
  writeUnits,
  readUnits,
  operations,
}: DynamodbUse): readonly CostLine[] {
  // All but the first of a second leave no entry in the journal.
  const writes = BigInt(writeUnits - (operations.PutItem ?? 0));
  const logged = BigInt(COST_FIGURES.logBytes.refused) + ASSUMED.platformLogBytes;
  return [
    lambdaTime('gateway, its time', MILLION, ASSUMED.refusalMs, STACK.gatewayMemoryMb),
    { what: 'gateway, its requests', price: 'lambdaRequests', units: MILLION, how: 'one each' },
    {
      what: 'ledger, its writes',
      price: 'dynamodbWrites',
      units: MILLION * writes,
      how: `${writes} a request`,
    },
    {
      what: 'ledger, its reads',
      price: 'dynamodbReads',
      units: MILLION * BigInt(readUnits),
      how: `${readUnits} a request`,
    },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: MILLION * logged,
      how: `${logged} bytes a request`,
    },
  ];
}
