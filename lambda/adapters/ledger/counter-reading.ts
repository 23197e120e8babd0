/**
 * The CounterReading port on the ledger table: queries and gets, and never a write.
 */
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { CounterReading, PastWindow } from '../../ports/board.ts';
import { type CounterItem, stateOf, usdOf } from './counter-item.ts';
import { openCounterKeys } from './open-counters.ts';
import { type CounterTable, readItem } from './write-attempts.ts';

const COUNTER_PREFIX = 'COUNTER#';
const SUMMARY_PREFIX = 'SUMMARY#';

/** Reads of this ledger table. */
export const createCounterReading = (table: CounterTable): CounterReading => ({
  openKeys: () => openCounterKeys(table),
  read: async (counter) => {
    const item = await readItem(table, counter);
    return item === undefined ? undefined : stateOf(item);
  },
  latestWindows: (counterPk, kind, most) => latestWindows(table, counterPk, kind, most),
});

/** A counter tells of its window until it is pruned; the summary tells of it after that. */
async function latestWindows(
  table: CounterTable,
  counterPk: string,
  kind: string,
  most: number,
): Promise<PastWindow[]> {
  const summaryPk = `${SUMMARY_PREFIX}${counterPk.slice(COUNTER_PREFIX.length)}`;
  const [summaries, counters] = await Promise.all([
    newestOf(table, summaryPk, kind, most),
    newestOf(table, counterPk, kind, most),
  ]);
  const windows = new Map(
    [...summaries, ...counters].map((item) => [String(item[TABLE.sortKey]), pastWindow(item)]),
  );
  return [...windows.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most);
}

async function newestOf(
  { client, tableName }: CounterTable,
  pk: string,
  kind: string,
  most: number,
): Promise<CounterItem[]> {
  try {
    const page = await client.send(
      new QueryCommand({
        TableName: tableName,
        KeyConditionExpression: '#pk = :pk and begins_with(#sk, :kind)',
        ProjectionExpression: '#sk, settledUsd, limitUsd',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
        ExpressionAttributeValues: { ':pk': pk, ':kind': `${kind}:` },
        ScanIndexForward: false,
        Limit: most,
      }),
    );
    return page.Items ?? [];
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', `the past windows of ${pk} could not be read`, {
      cause,
    });
  }
}

function pastWindow(item: CounterItem): PastWindow {
  const limitNanoUsd = usdOf(item, 'limitUsd');
  return {
    id: String(item[TABLE.sortKey]),
    settledNanoUsd: stateOf(item).settledNanoUsd,
    ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }),
  };
}
