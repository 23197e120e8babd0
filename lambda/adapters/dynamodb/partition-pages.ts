/**
 * One partition of a table, page by page, strongly read.
 */
import { TABLE } from '../../contract.ts';
import type { CallOptions, DynamoCalls } from './dynamo-calls.ts';

export type PlainItem = Readonly<Record<string, unknown>>;

/**
 * The items in the order of their sort keys, as many at a time as an answer holds. Who has enough
 * stops, and no further page is asked for.
 *
 * @throws what the call throws
 */
export async function* pagesOf(
  dynamo: DynamoCalls,
  tableName: string,
  partition: string,
  options?: CallOptions,
): AsyncGenerator<readonly PlainItem[]> {
  let startKey: Record<string, unknown> | undefined;
  do {
    const page = await dynamo.query(
      {
        TableName: tableName,
        KeyConditionExpression: '#pk = :partition',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
        ExpressionAttributeValues: { ':partition': partition },
        ConsistentRead: true,
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      },
      options,
    );
    yield page.Items ?? [];
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
}
