/**
 * Reads of the settings table: strongly consistent, all pages, within a bounded time.
 */
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { DynamoCalls } from '../dynamodb/dynamo-calls.ts';
import { pagesOf } from '../dynamodb/partition-pages.ts';
import type { SettingItem, TablePartition } from './setting-items.ts';

/** The most caps, the most prices, and the most aliases that the settings may hold. */
export const MAX_ITEMS = 1_000;

const DEFAULT_TIMEOUT_MS = 2_000;
const MAX_ATTEMPTS = 2;

export interface SettingsTable {
  readonly dynamo: DynamoCalls;
  readonly tableName: string;
  /**
   * Milliseconds that a read may take with all its attempts and pages.
   *
   * @default 2000, of which one attempt may take half
   */
  readonly timeoutMs?: number;
}

/**
 * Every item of one partition, if there are at most `maxItems`.
 *
 * @throws HardcapError settings_unavailable
 */
export function queryPartition(
  table: SettingsTable,
  partition: TablePartition,
  maxItems: number = MAX_ITEMS,
): Promise<SettingItem[]> {
  return withRetry(table, `the ${partition} items`, async (signal) => {
    const items: SettingItem[] = [];
    const options = { abortSignal: signal };
    for await (const page of pagesOf(table.dynamo, table.tableName, partition, options)) {
      items.push(...page);
      if (items.length > maxItems) throw tooMany(partition, maxItems);
    }
    return items;
  });
}

/**
 * One item, or undefined where there is none.
 *
 * @throws HardcapError settings_unavailable
 */
export function getItem(
  table: SettingsTable,
  partition: TablePartition,
  id: string,
): Promise<SettingItem | undefined> {
  return withRetry(table, `the ${partition} item "${id}"`, async (signal) => {
    const answer = await table.dynamo.get(
      {
        TableName: table.tableName,
        Key: { [TABLE.partitionKey]: partition, [TABLE.sortKey]: id },
        ConsistentRead: true,
      },
      { abortSignal: signal },
    );
    return answer.Item;
  });
}

const tooMany = (partition: TablePartition, maxItems: number): HardcapError =>
  new HardcapError(
    'settings_unavailable',
    `settings_unavailable: there are more than ${maxItems} ${partition} items, the most that ` +
      'hardcap reads; remove some, or use splitBy in place of many caps',
    { details: { partition, maxItems: String(maxItems) } },
  );

/** Reading changes nothing, so any failure may be tried again, within the total time. */
export async function withRetry<T>(
  { timeoutMs = DEFAULT_TIMEOUT_MS }: SettingsTable,
  what: string,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const total = AbortSignal.timeout(timeoutMs);
  let cause: unknown;
  for (let count = 1; count <= MAX_ATTEMPTS && !total.aborted; count += 1) {
    try {
      return await attempt(AbortSignal.any([total, AbortSignal.timeout(timeoutMs / MAX_ATTEMPTS)]));
    } catch (error) {
      if (error instanceof HardcapError) throw error;
      cause = error;
    }
  }
  throw new HardcapError(
    'settings_unavailable',
    `settings_unavailable: ${what} of the settings could not be read, so nothing was decided; ` +
      'try again',
    { cause },
  );
}
