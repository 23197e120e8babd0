/**
 * All items of one small partition of the ledger table, strongly read.
 */
import { TABLE } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
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
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const items: Record<string, unknown>[] = [];
  let startKey: Record<string, unknown> | undefined;
  try {
    do {
      const page = await table.dynamo.query({
        TableName: table.tableName,
        KeyConditionExpression: '#pk = :partition',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
        ExpressionAttributeValues: { ':partition': partition },
        ConsistentRead: true,
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      });
      items.push(...(page.Items ?? []));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined && items.length < most);
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', `${partition} could not be read`, { cause });
  }
  return items.slice(0, most);
}
