/**
 * The open counters: found by the sparse index, read strongly, from a random one on.
 *
 * Invariant: a run that has no time for all of them does not always leave out the same ones, and
 *            one spoilt item does not keep the crashed reservations of the others from being found.
 */
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import { ZERO_USD } from '../../domain/money.ts';
import { type CounterKey, expiresAtMs } from '../../domain/reservation.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OpenCounter } from '../../ports/ledger.ts';
import {
  type CounterItem,
  countOf,
  expiredAttribute,
  expiredOf,
  journalledAttribute,
  journalledOf,
  OPEN,
  reservationsOf,
  stateOf,
  TOLD,
  usdOf,
} from './counter-item.ts';
import { marksOf } from './telling-mark.ts';
import { type CounterTable, readItem } from './write-attempts.ts';

/**
 * How long the note of an expired charge waits for a late settle, from the reservation's expiry.
 * That is long after its function's deadline, and a settle by hand has the day to correct it.
 */
const LATE_SETTLE_MS = 86_400_000;

const RANDOM_CHARACTERS = 6;
const BASE = 36;

/** What could not be read, and why. */
interface Failure {
  readonly name: string;
  readonly cause: unknown;
}

/** Yields every open counter that can be read, and only then fails for those that cannot. */
export async function* openCounters(table: CounterTable): AsyncGenerator<OpenCounter> {
  const failures: Failure[] = [];
  const keys = await openKeys(table, failures);
  const start = randomIndex(table.clock, keys.length);
  for (const counter of [...keys.slice(start), ...keys.slice(0, start)]) {
    let open: OpenCounter | undefined;
    try {
      // The index lags; the item itself is read strongly before anything is decided on it.
      open = await readCounter(table, counter);
    } catch (cause) {
      failures.push({ name: `${counter.pk} / ${counter.sk}`, cause });
    }
    if (open !== undefined) yield open;
  }
  throwFirst(failures);
}

/**
 * The keys of all open counters, none of which is read.
 *
 * @throws HardcapError ledger_unavailable
 */
export async function openCounterKeys(table: CounterTable): Promise<CounterKey[]> {
  const failures: Failure[] = [];
  const keys = await openKeys(table, failures);
  throwFirst(failures);
  return keys;
}

/** The counter as it is now. @throws HardcapError ledger_unavailable, invariant_broken */
export async function readCounter(
  table: CounterTable,
  counter: CounterKey,
): Promise<OpenCounter | undefined> {
  const item = await readItem(table, counter);
  return item === undefined ? undefined : openCounter(counter, item, table.clock.nowMs());
}

/** The keys alone, of all pages: some hundred bytes each, so all can be held. */
async function openKeys(table: CounterTable, failures: Failure[]): Promise<CounterKey[]> {
  const keys: CounterKey[] = [];
  let startKey: Record<string, unknown> | undefined;
  do {
    try {
      const page = await openPage(table, startKey);
      for (const { pk, sk } of page.Items ?? []) keys.push({ pk: String(pk), sk: String(sk) });
      startKey = page.LastEvaluatedKey;
    } catch (cause) {
      failures.push({ name: 'the rest of the index of open counters', cause });
      return keys;
    }
  } while (startKey !== undefined);
  return keys;
}

const openPage = (table: CounterTable, startKey: Record<string, unknown> | undefined) =>
  table.dynamo.query({
    TableName: table.tableName,
    IndexName: TABLE.openIndex,
    KeyConditionExpression: '#open = :open',
    ExpressionAttributeNames: { '#open': TABLE.openKey },
    ExpressionAttributeValues: { ':open': OPEN },
    ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
  });

/** Any index below `length`; 0 where there is none. */
function randomIndex(clock: Clock, length: number): number {
  const drawn = Number.parseInt(clock.randomCharacters(RANDOM_CHARACTERS), BASE);
  return Math.floor((drawn / BASE ** RANDOM_CHARACTERS) * length);
}

function throwFirst(failures: readonly Failure[]): void {
  const isSpoilt = ({ cause }: Failure) =>
    cause instanceof HardcapError && cause.code === 'invariant_broken';
  const spoilt = failures.find(isSpoilt);
  const first = spoilt ?? failures[0];
  if (first === undefined) return;
  const advice = spoilt === undefined ? 'the next run tries again' : 'mend that item';
  throw new HardcapError(
    spoilt === undefined ? 'ledger_unavailable' : 'invariant_broken',
    `${failures.length} open counter(s) could not be read, such as ${first.name}: ` +
      `${String(first.cause)}; ${advice}`,
    { cause: first.cause },
  );
}

function openCounter(counter: CounterKey, item: CounterItem, nowMs: number): OpenCounter {
  const all = reservationsOf(item);
  const tombstones = all.filter(({ amountNanoUsd }) => amountNanoUsd === ZERO_USD);
  const expired = expiredOf(item);
  const unsettled = expired.filter(
    ({ id }) => (expiresAtMs(id) ?? nowMs) + LATE_SETTLE_MS <= nowMs,
  );
  const journalled = journalledOf(item);
  const limitNanoUsd = usdOf(item, 'limitUsd');
  const peakReservedNanoUsd = usdOf(item, 'peakReservedUsd');
  return {
    counter,
    state: stateOf(item),
    reservations: all.filter(({ amountNanoUsd }) => amountNanoUsd !== ZERO_USD),
    tombstones: [...tombstones, ...unsettled].map(({ id }) => id),
    unjournalled: expired.filter(({ id }) => countOf(item, journalledAttribute(id)) !== TOLD),
    settledLate: journalled.filter((id) => item[expiredAttribute(id)] === undefined),
    isClean: all.length === 0 && expired.length === 0 && journalled.length === 0,
    tally: {
      requests: countOf(item, 'requests'),
      ends: countOf(item, 'ends'),
      expired: countOf(item, 'expired'),
      overruns: countOf(item, 'overruns'),
    },
    ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }),
    ...(peakReservedNanoUsd === undefined ? {} : { peakReservedNanoUsd }),
    marks: marksOf(item),
  };
}
