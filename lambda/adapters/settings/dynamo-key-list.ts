/**
 * The KeyList port on the settings table: the ids of keys, and never a hash.
 */
import { TABLE } from '../../contract.ts';
import type { KeyList } from '../../ports/key-list.ts';
import { PARTITION } from './setting-items.ts';
import { type SettingsTable, withRetry } from './settings-table.ts';

/** What is spent by keys beyond so many is told as unattributed. */
const MAX_KEYS = 10_000;

/**
 * The key ids of this settings table, read anew each time.
 *
 * The role of the rollover function allows no attributes but these two.
 */
export const createDynamoKeyList = (table: SettingsTable): KeyList => ({
  readIds: async () => {
    const keyIds: string[] = [];
    let startKey: Record<string, unknown> | undefined;
    do {
      const page = await keyPage(table, startKey);
      for (const { sk } of page.Items ?? []) keyIds.push(String(sk));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined && keyIds.length < MAX_KEYS);
    const isWhole = startKey === undefined && keyIds.length <= MAX_KEYS;
    return { keyIds: keyIds.slice(0, MAX_KEYS), isWhole };
  },
});

/** @throws HardcapError settings_unavailable */
const keyPage = (table: SettingsTable, startKey: Record<string, unknown> | undefined) =>
  withRetry(table, 'the ids of the keys', (abortSignal) =>
    table.dynamo.query(
      {
        TableName: table.tableName,
        KeyConditionExpression: '#pk = :partition',
        ProjectionExpression: '#pk, #sk',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey, '#sk': TABLE.sortKey },
        ExpressionAttributeValues: { ':partition': PARTITION.key },
        Select: 'SPECIFIC_ATTRIBUTES',
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      },
      { abortSignal },
    ),
  );
