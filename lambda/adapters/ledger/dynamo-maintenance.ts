/**
 * The ledger as the rollover function works on it: open counters by the sparse index.
 */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import { ZERO_USD } from '../../domain/money.ts';
import type { CounterKey } from '../../domain/reservation.ts';
import type { LedgerMaintenance, OpenCounter } from '../../ports/ledger.ts';
import { type CounterItem, OPEN, reservationsOf, stateOf } from './counter-item.ts';
import { expireWrite, removeTombstoneWrite } from './counter-writes.ts';
import { attemptWrite, type CounterTable, readItem } from './write-attempts.ts';

export function createDynamoMaintenance(table: CounterTable): LedgerMaintenance {
  return {
    openCounters: () => openCounters(table),
    expire: async (counter, id, amountNanoUsd) => {
      const result = await attemptWrite(table, counter, expireWrite(id, amountNanoUsd));
      if (result.kind === 'failed') {
        throw new HardcapError('ledger_unavailable', 'a stale reservation was not expired', {
          cause: result.cause,
        });
      }
      return result.kind === 'written';
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
      if (item !== undefined) yield openCounter(counter, item);
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
}

function openCounter(counter: CounterKey, item: CounterItem): OpenCounter {
  const all = reservationsOf(item);
  return {
    counter,
    state: stateOf(item),
    reservations: all.filter(({ amountNanoUsd }) => amountNanoUsd !== ZERO_USD),
    tombstones: all.filter(({ amountNanoUsd }) => amountNanoUsd === ZERO_USD).map(({ id }) => id),
  };
}
