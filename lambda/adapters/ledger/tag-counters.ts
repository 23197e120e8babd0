/**
 * How many counters a key has opened today by tags of its requests: the caller's own word names
 * them, so that without a bound one key could write ever new items.
 *
 * Owns:      the items `TAG-COUNTERS#<keyId>` / <UTC date>: a set of hashes of counters.
 * Invariant: a counter is in its set before it is written for the first time. The bound is part of
 *            the write's condition; a set without an answer opens nothing.
 */
import { createHash } from 'node:crypto';
import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { CounterKey } from '../../domain/reservation.ts';
import type { CounterOpening } from '../../ports/ledger.ts';
import { isConditionFailure } from '../dynamodb/dynamo-calls.ts';
import { type CounterTable, readItem } from './write-attempts.ts';

const PREFIX = 'TAG-COUNTERS#';
const KEPT_DAYS = 3;
const MS_PER_DAY = 86_400_000;
const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 30;
/** 96 bits: nobody finds two counters of one hash, and a thousand of them are 16 KB. */
const HASH_CHARACTERS = 16;

const hashOf = ({ pk, sk }: CounterKey): string =>
  createHash('sha256').update(`${pk}/${sk}`).digest('base64url').slice(0, HASH_CHARACTERS);

const setKey = (keyId: string, nowMs: number) => ({
  [TABLE.partitionKey]: `${PREFIX}${keyId}`,
  [TABLE.sortKey]: new Date(nowMs).toISOString().slice(0, 'YYYY-MM-DD'.length),
});

/**
 * Whether `enterNewCounter` would enter it now. Writes nothing.
 *
 * @throws HardcapError ledger_unavailable
 */
export async function mayEnterNewCounter(
  table: CounterTable,
  counter: CounterKey,
  { keyId, mostADay }: CounterOpening,
): Promise<boolean> {
  const key = setKey(keyId, table.clock.nowMs());
  const item = await readItem(table, { pk: String(key.pk), sk: String(key.sk) });
  const entered = item?.counters instanceof Set ? item.counters : new Set();
  return mostADay >= 1 && (entered.has(hashOf(counter)) || entered.size < mostADay);
}

/**
 * Enters the counter among those that the key opened today; false where there is no place for it.
 * It may be entered any number of times, and counts once.
 *
 * @throws HardcapError ledger_unavailable
 */
export async function enterNewCounter(
  table: CounterTable,
  counter: CounterKey,
  { keyId, mostADay }: CounterOpening,
): Promise<boolean> {
  const nowMs = table.clock.nowMs();
  const hash = hashOf(counter);
  const input: UpdateCommandInput = {
    TableName: table.tableName,
    Key: setKey(keyId, nowMs),
    UpdateExpression: 'ADD counters :added SET #ttl = :ttl',
    ConditionExpression:
      'attribute_not_exists(counters) or contains(counters, :hash) or size(counters) < :most',
    ExpressionAttributeNames: { '#ttl': TABLE.ttl },
    ExpressionAttributeValues: {
      ':added': new Set([hash]),
      ':hash': hash,
      ':most': NumberValue.from(String(mostADay)),
      ':ttl': Math.floor(nowMs / 1_000) + (KEPT_DAYS * MS_PER_DAY) / 1_000,
    },
  };
  // An absent set would let one in.
  if (mostADay < 1) return false;
  let cause: unknown;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 1) await table.clock.sleep(BACKOFF_MS * attempt);
    try {
      await table.dynamo.update(input);
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      cause = error;
    }
  }
  throw new HardcapError(
    'ledger_unavailable',
    'ledger_unavailable: a new counter was not opened, so nothing was sent to Bedrock',
    { cause },
  );
}
