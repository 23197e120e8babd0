/**
 * The ledger as the rollover function works on it: open counters by the sparse index.
 *
 * Invariant: what an ended reservation leaves behind is removed in the end, so that a counter
 *            which lives for years does not fill up with the traces of crashes.
 */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import { ZERO_USD } from '../../domain/money.ts';
import { type CounterKey, expiresAtMs } from '../../domain/reservation.ts';
import type { LedgerMaintenance, OpenCounter } from '../../ports/ledger.ts';
import { type CounterItem, expiredOf, OPEN, reservationsOf, stateOf } from './counter-item.ts';
import { expireWrite, removeTombstoneWrite } from './counter-writes.ts';
import { attemptWrite, type CounterTable, readItem } from './write-attempts.ts';

/**
 * How long the note of an expired charge waits for a late settle, from the reservation's expiry.
 * That is long after its function's deadline, and a settle by hand has the day to correct it.
 */
const LATE_SETTLE_MS = 86_400_000;

/** The rollover function's side of the ledger table. */
export function createDynamoMaintenance(table: CounterTable): LedgerMaintenance {
  return {
    openCounters: () => openCounters(table),
    expire: async (counter, id, amountNanoUsd) => {
      const result = await attemptWrite(table, counter, expireWrite(id, amountNanoUsd));
      if (result.kind === 'written') return true;
      // Refused after an attempt without an answer: that attempt may be what expired it.
      if (result.kind === 'refused') {
        return result.ambiguous && expiredOf(result.item ?? {}).some((found) => found.id === id);
      }
      throw new HardcapError('ledger_unavailable', 'a stale reservation was not expired', {
        cause: result.kind === 'failed' ? result.cause : new Error(result.kind),
      });
    },
    removeTombstone: async (counter, id) => {
      await attemptWrite(table, counter, removeTombstoneWrite(id));
    },
  };
}

/**
 * Yields every open counter that can be read, and only then fails for those that cannot: one
 * spoilt item must not keep the crashed reservations of all others from being found.
 */
async function* openCounters(table: CounterTable): AsyncGenerator<OpenCounter> {
  const failures: { readonly counter: CounterKey; readonly cause: unknown }[] = [];
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await openPage(table, startKey);
    for (const { pk, sk } of page.Items ?? []) {
      const counter: CounterKey = { pk: String(pk), sk: String(sk) };
      let open: OpenCounter | undefined;
      try {
        // The index lags; the item itself is read strongly before anything is decided on it.
        const item = await readItem(table, counter);
        if (item !== undefined) open = openCounter(counter, item, table.clock.nowMs());
      } catch (cause) {
        failures.push({ counter, cause });
      }
      if (open !== undefined) yield open;
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  const [first] = failures;
  if (first === undefined) return;
  const named = `${first.counter.pk} / ${first.counter.sk}`;
  throw new HardcapError(
    'invariant_broken',
    `${failures.length} open counter(s) could not be read, the first is ${named}: ` +
      `${String(first.cause)}; mend that item in the ledger table`,
    { cause: first.cause },
  );
}

async function openPage(table: CounterTable, startKey: Record<string, unknown> | undefined) {
  try {
    return await table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        IndexName: TABLE.openIndex,
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': TABLE.openKey },
        ExpressionAttributeValues: { ':open': OPEN },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      }),
    );
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', 'the open counters could not be listed', {
      cause,
    });
  }
}

function openCounter(counter: CounterKey, item: CounterItem, nowMs: number): OpenCounter {
  const all = reservationsOf(item);
  const tombstones = all.filter(({ amountNanoUsd }) => amountNanoUsd === ZERO_USD);
  const unsettled = expiredOf(item).filter(
    ({ id }) => (expiresAtMs(id) ?? nowMs) + LATE_SETTLE_MS <= nowMs,
  );
  return {
    counter,
    state: stateOf(item),
    reservations: all.filter(({ amountNanoUsd }) => amountNanoUsd !== ZERO_USD),
    tombstones: [...tombstones, ...unsettled].map(({ id }) => id),
  };
}
