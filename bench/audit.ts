/**
 * The books of a target after a run: figures of a gateway that lost count are worth nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { stateOf } from '../lambda/adapters/ledger/counter-item.ts';
import { formatUsd, type NanoUsd } from '../lambda/domain/money.ts';
import { capIdOf } from './books.ts';
import { ledgerTableOf } from './table-names.ts';

export interface TargetBooks {
  readonly capCount: number;
  /** Dollars that each of its caps has settled. */
  readonly settledUsd: string;
  /** Writes to the ledger for each answer, journal included. */
  readonly writesPerRequest: number;
}

export interface AuditedTarget {
  readonly client: DynamoDBDocumentClient;
  /** Where the DynamoDB says what it was asked. */
  readonly dynamodb: string;
  readonly target: string;
  readonly capCount: number;
  /** Answers that the target has given; each cost the same. */
  readonly answers: number;
}

/** @throws Error where a cap holds a reservation, or has not settled every answer alike */
export async function auditBooks(audited: AuditedTarget): Promise<TargetBooks> {
  const { target, capCount, answers } = audited;
  const settled = new Set<NanoUsd>();
  for (let at = 0; at < capCount; at += 1) settled.add(await settledBy(audited, capIdOf(at)));
  const [amount, ...others] = settled;
  const isEven = amount !== undefined && amount > 0n && amount % BigInt(answers) === 0n;
  if (!isEven || others.length > 0) {
    const amounts = [...settled].map(formatUsd).join(', ');
    throw new Error(`${target}: ${answers} answers of one cost were settled as ${amounts}`);
  }
  const writesPerRequest = (await writesOf(audited)) / answers;
  return { capCount, settledUsd: formatUsd(amount), writesPerRequest };
}

/** What runs on after the last answer has ended may take its time on a busy machine. */
const MOST_LOOKS = 60;
const LOOK_MS = 50;

async function settledBy(audited: AuditedTarget, capId: string): Promise<NanoUsd> {
  for (let look = 1; ; look += 1) {
    const state = await readCounter(audited, capId);
    if (state.inFlight === 0 && state.committedNanoUsd === state.settledNanoUsd) {
      return state.settledNanoUsd;
    }
    if (look === MOST_LOOKS) {
      throw new Error(`${audited.target}: ${capId} still holds ${state.inFlight} reservation(s)`);
    }
    await sleep(LOOK_MS);
  }
}

async function readCounter({ client, target }: AuditedTarget, capId: string) {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: ledgerTableOf(target),
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `COUNTER#${capId}` },
    }),
  );
  return stateOf(Items[0] ?? {});
}

async function writesOf({ dynamodb, target }: AuditedTarget): Promise<number> {
  const counts = (await (await fetch(dynamodb)).json()) as Record<string, number>;
  const table = ledgerTableOf(target);
  return (counts[`${table} UpdateItem`] ?? 0) + (counts[`${table} PutItem`] ?? 0);
}
