/**
 * What docs/cost.md adds up: lines of units at prices. A new resource is a new line here.
 *
 * Invariant: a figure is measured (docs/cost-figures.json), or it is in the stack and a test
 *            compares it, or it is named an assumption.
 */
import { METRIC } from '../lambda/contract.ts';
import { type NanoUsd, sumUsd } from '../lambda/domain/money.ts';
import { COST_FIGURES, type DynamodbUse } from './cost-figures.ts';
import { type AwsPrice, costOf, MB_MS_A_GB_SECOND, PRICES, type PriceName } from './cost-prices.ts';

/** Units of one price, and where they come from. */
export interface CostLine {
  readonly what: string;
  readonly price: PriceName;
  readonly units: bigint;
  /** How the units come about, for the page. */
  readonly how: string;
}

/** In the stack as it is deployed by default; test/infra/cost.test.ts compares. */
export const STACK = {
  gatewayMemoryMb: 1_024n,
  reservedConcurrency: 50n,
  rolloverMemoryMb: 512n,
  schedules: 1n,
  alarms: 9n,
  dashboards: 1n,
  tables: 2n,
  logRetentionDays: 90n,
  journalDays: 90n,
  settingsMaxAgeSeconds: 5n,
} as const;

/** Nobody measured these on AWS. `npm run docs:cost` after a change. */
export const ASSUMED = {
  rolloverMs: 250n,
  syncMs: 100n,
  syncMemoryMb: 256n,
  syncReadUnits: 2n,
  syncLogBytes: 200n,
  /** START, END and REPORT, as Lambda writes them beside what a function prints. */
  platformLogBytes: 350n,
  refusalMs: 15n,
  /** An idle stack's tables, together. */
  tableBytes: 10n * 1_048_576n,
  /** DynamoDB asks KMS for a table's key once in five minutes, for each caller. */
  kmsIntervalMinutes: 5n,
  itemOverheadBytes: 100n,
} as const;

export const MINUTES_A_MONTH = 43_200n;
const DAYS_A_MONTH = 30n;
export const MILLION = 1_000_000n;
const MS_A_SECOND = 1_000n;

const lambdaTime = (what: string, runs: bigint, ms: bigint, memoryMb: bigint): CostLine => ({
  what,
  price: 'lambdaTime',
  units: runs * ms * memoryMb,
  how: `${count(runs)} × ${duration(ms)} × ${count(memoryMb)} MB`,
});

/** `1,234,567` */
export const count = (value: bigint | number): string => value.toLocaleString('en-US');

const duration = (ms: bigint): string =>
  ms % MS_A_SECOND === 0n ? `${ms / MS_A_SECOND} s` : `${ms} ms`;

const runs = MINUTES_A_MONTH;
const keptMonths = (days: bigint): bigint => days / DAYS_A_MONTH;

/** Of a month in which nobody asks for anything. */
export function idleLines(): readonly CostLine[] {
  const { rollover, logBytes } = COST_FIGURES;
  const busiest = rollover['10 open counters of 10 caps'];
  const rolloverLog = BigInt(logBytes['a rollover run']) + ASSUMED.platformLogBytes;
  const syncLog = ASSUMED.syncLogBytes + ASSUMED.platformLogBytes;
  return [
    {
      what: 'rollover, its runs',
      price: 'lambdaRequests',
      units: runs,
      how: 'one a minute',
    },
    lambdaTime('rollover, its time', runs, ASSUMED.rolloverMs, STACK.rolloverMemoryMb),
    {
      what: 'rollover, its schedule',
      price: 'schedulerInvocations',
      units: runs * STACK.schedules,
      how: 'one a minute',
    },
    {
      what: 'rollover, its reads',
      price: 'dynamodbReads',
      units: runs * BigInt(busiest.readUnits),
      how: `${busiest.readUnits} a run with 10 caps and 10 open counters; 1 more for each further one`,
    },
    {
      what: 'settings from SSM, the runs of the sync',
      price: 'lambdaRequests',
      units: runs,
      how: 'one a minute',
    },
    lambdaTime('settings from SSM, their time', runs, ASSUMED.syncMs, ASSUMED.syncMemoryMb),
    {
      what: 'settings from SSM, the schedule',
      price: 'schedulerInvocations',
      units: runs,
      how: 'one a minute; standard parameters and reading them are free',
    },
    {
      what: 'settings from SSM, their reads',
      price: 'dynamodbReads',
      units: runs * ASSUMED.syncReadUnits,
      how: `${ASSUMED.syncReadUnits} a run`,
    },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: runs * (rolloverLog + syncLog),
      how: `${rolloverLog} and ${syncLog} bytes a minute, Lambda’s own lines included`,
    },
    {
      what: 'log lines, kept',
      price: 'logStorage',
      units: runs * (rolloverLog + syncLog) * keptMonths(STACK.logRetentionDays),
      how: `those of ${STACK.logRetentionDays} days`,
    },
    {
      what: 'metrics',
      price: 'metrics',
      units: 1n,
      how: `the age of the prices; a gateway in use writes at most ${Object.keys(METRIC).length}`,
    },
    { what: 'alarms', price: 'alarms', units: STACK.alarms, how: 'of the stack' },
    { what: 'dashboard', price: 'dashboards', units: STACK.dashboards, how: 'of the stack' },
    {
      what: 'tables, stored',
      price: 'dynamodbStorage',
      units: ASSUMED.tableBytes,
      how: '10 MB together',
    },
    {
      what: 'tables, their recovery',
      price: 'dynamodbRecovery',
      units: ASSUMED.tableBytes,
      how: 'the same',
    },
    {
      what: 'tables, their encryption',
      price: 'kmsRequests',
      units: (STACK.tables * MINUTES_A_MONTH) / ASSUMED.kmsIntervalMinutes,
      how: `one request in ${ASSUMED.kmsIntervalMinutes} minutes for each of ${STACK.tables} tables`,
    },
  ];
}

/** What only some deployments have, each on its own. */
export const OPTIONS: readonly CostLine[] = [
  { what: 'a key in Secrets Manager', price: 'secrets', units: 1n, how: '`--secret-name`' },
  { what: 'a KMS key of your own', price: 'kmsKeys', units: 1n, how: 'for the tables' },
  { what: 'the edge, its web ACL', price: 'wafLists', units: 1n, how: 'CloudFront itself is free' },
  { what: 'the edge, its rate rule', price: 'wafRules', units: 1n, how: 'one rule' },
  {
    what: 'all metrics at once',
    price: 'metrics',
    units: BigInt(Object.keys(METRIC).length),
    how: 'a month in which every one is written in every hour',
  },
];

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

const SECONDS_AN_HOUR = 3_600n;
/** Lambda takes at most ten requests a second for each instance that a function may have. */
export const REQUESTS_A_SECOND_EACH = 10n;

/** A valid request is never as small; nothing is parsed of this one. */
export const GARBAGE_ANSWER_BYTES = 300n;

/** Requests that an hour of a flood can get through to the function. */
export const floodRequests = (): bigint =>
  STACK.reservedConcurrency * REQUESTS_A_SECOND_EACH * SECONDS_AN_HOUR;

/**
 * The most that an hour of requests without a valid key can cost: every instance busy in every
 * millisecond, at the rate that Lambda takes at most, each by a key of another made-up id.
 */
export function floodLines(): readonly CostLine[] {
  const requests = floodRequests();
  const logged = BigInt(COST_FIGURES.logBytes['a key that does not exist']);
  const lines = logged + ASSUMED.platformLogBytes;
  const seconds = STACK.reservedConcurrency * SECONDS_AN_HOUR;
  return [
    {
      what: 'gateway, its time',
      price: 'lambdaTime',
      units: seconds * MS_A_SECOND * STACK.gatewayMemoryMb,
      how: `${STACK.reservedConcurrency} instances × 3,600 s × ${count(STACK.gatewayMemoryMb)} MB`,
    },
    {
      what: 'gateway, its requests',
      price: 'lambdaRequests',
      units: requests,
      how: `${STACK.reservedConcurrency} × ${REQUESTS_A_SECOND_EACH} a second`,
    },
    {
      what: 'settings, their reads',
      price: 'dynamodbReads',
      units:
        requests *
        BigInt(COST_FIGURES.requests['a key of the right form that does not exist'].readUnits),
      how: 'keys of the right form, each of another id; other garbage reads nothing',
    },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: requests * lines,
      how: `${lines} bytes a request`,
    },
    {
      what: 'log lines, kept',
      price: 'logStorage',
      units: requests * lines * keptMonths(STACK.logRetentionDays),
      how: `for ${STACK.logRetentionDays} days`,
    },
    {
      what: 'answers, sent',
      price: 'transferOut',
      units: requests * GARBAGE_ANSWER_BYTES,
      how: `${GARBAGE_ANSWER_BYTES} bytes each`,
    },
  ];
}

export const lineCost = ({ price, units }: CostLine): NanoUsd => costOf(price, units);

export const totalCost = (lines: readonly CostLine[]): NanoUsd => sumUsd(lines.map(lineCost));

/**
 * What each line costs where the account uses its free amounts for nothing else: lines of one
 * price share what is free of it, in their order.
 */
export function costsBeyondFree(lines: readonly CostLine[]): readonly NanoUsd[] {
  const left = new Map<PriceName, bigint>();
  return lines.map(({ price, units }) => {
    const free = left.get(price) ?? (PRICES[price] as AwsPrice).free ?? 0n;
    left.set(price, free > units ? free - units : 0n);
    return costOf(price, units > free ? units - free : 0n);
  });
}

/** GB-seconds of a line of Lambda's time. */
export const gbSeconds = ({ units }: CostLine): bigint => units / MB_MS_A_GB_SECOND;
