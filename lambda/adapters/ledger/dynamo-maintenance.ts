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

async function* openCounters(table: CounterTable): AsyncGenerator<OpenCounter> {
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        IndexName: TABLE.openIndex,
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': TABLE.openKey },
        ExpressionAttributeValues: { ':open': OPEN },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      }),
    );
    for (const { pk, sk } of page.Items ?? []) {
      const counter: CounterKey = { pk: String(pk), sk: String(sk) };
      // The index lags; the item itself is read strongly before anything is decided on it.
      const item = await readItem(table, counter);
      if (item !== undefined) yield openCounter(counter, item, table.clock.nowMs());
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
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
