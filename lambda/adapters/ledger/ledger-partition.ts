/**
 * All items of one small partition of the ledger table, strongly read.
 */
import { HardcapError } from '../../domain/errors.ts';
import { type PlainItem, pagesOf } from '../dynamodb/partition-pages.ts';
import type { CounterTable } from './write-attempts.ts';

/**
 * At most `most` items, in the order of their sort keys.
 *
 * @throws HardcapError `ledger_unavailable`
 */
export async function readPartition(
  table: CounterTable,
  partition: string,
  most: number,
): Promise<readonly PlainItem[]> {
  const items: PlainItem[] = [];
  try {
    for await (const page of pagesOf(table.dynamo, table.tableName, partition)) {
      items.push(...page);
      if (items.length >= most) break;
    }
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', `${partition} could not be read`, { cause });
  }
  return items.slice(0, most);
}
