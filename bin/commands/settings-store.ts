/**
 * Writes of the settings table, as the command line makes them: each one conditional item.
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import {
  type SettingItem,
  settingItem,
  type TablePartition,
} from '../../lambda/adapters/settings/setting-items.ts';
import { getItem, queryPartition } from '../../lambda/adapters/settings/settings-table.ts';
import { TABLE } from '../../lambda/contract.ts';
import type { Connection } from './connection.ts';

/** People wait for a sign-in or a far region; a request of the gateway does not. */
const TIMEOUT_MS = 20_000;

/** Which attributes an update writes and which it takes away. */
export interface ItemChange {
  readonly set: SettingItem;
  readonly remove: readonly string[];
}

const tableOf = (connection: Connection) => ({
  client: connection.client,
  tableName: connection.settingsTable,
  timeoutMs: TIMEOUT_MS,
});

const keyOf = (partition: TablePartition, id: string) => ({
  [TABLE.partitionKey]: partition,
  [TABLE.sortKey]: id,
});

/** All items of a partition, however many: too many must still be listed to be removed. */
export const listItems = (
  connection: Connection,
  partition: TablePartition,
): Promise<SettingItem[]> =>
  queryPartition(tableOf(connection), partition, Number.POSITIVE_INFINITY);

/** The ids of a partition. */
export const listIds = async (
  connection: Connection,
  partition: TablePartition,
): Promise<string[]> =>
  (await listItems(connection, partition)).map((item) => String(item[TABLE.sortKey]));

/** One item; undefined where there is none. */
export const findItem = (
  connection: Connection,
  partition: TablePartition,
  id: string,
): Promise<SettingItem | undefined> => getItem(tableOf(connection), partition, id);

/** Writes a new item; false, and nothing written, where there is one already. */
export const putNew = (
  connection: Connection,
  partition: TablePartition,
  id: string,
  attributes: SettingItem,
): Promise<boolean> =>
  unlessRefused(() =>
    connection.client.send(
      new PutCommand({
        TableName: connection.settingsTable,
        Item: settingItem(partition, id, attributes),
        ConditionExpression: 'attribute_not_exists(#pk)',
        ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
      }),
    ),
  );

/** Changes only the named attributes; false where the item's being there is not as expected. */
export function update(
  connection: Connection,
  partition: TablePartition,
  id: string,
  change: ItemChange,
  expected: 'present' | 'absent',
): Promise<boolean> {
  const sets = Object.entries(change.set);
  const setClause = sets.map((_, index) => `#s${index} = :s${index}`).join(', ');
  const removeClause = change.remove.map((_, index) => `#r${index}`).join(', ');
  const names = [
    ['#pk', TABLE.partitionKey],
    ...sets.map(([name], index) => [`#s${index}`, name]),
    ...change.remove.map((name, index) => [`#r${index}`, name]),
  ];
  return unlessRefused(() =>
    connection.client.send(
      new UpdateCommand({
        TableName: connection.settingsTable,
        Key: keyOf(partition, id),
        UpdateExpression: `SET ${setClause}${removeClause === '' ? '' : ` REMOVE ${removeClause}`}`,
        ConditionExpression:
          expected === 'present' ? 'attribute_exists(#pk)' : 'attribute_not_exists(#pk)',
        ExpressionAttributeNames: Object.fromEntries(names),
        ExpressionAttributeValues: Object.fromEntries(
          sets.map(([, value], index) => [`:s${index}`, value]),
        ),
      }),
    ),
  );
}

/** Removes an item; false where there was none, or one with other values than `expected`. */
export function remove(
  connection: Connection,
  partition: TablePartition,
  id: string,
  expected: SettingItem = {},
): Promise<boolean> {
  const values = Object.entries(expected);
  const conditions = [
    'attribute_exists(#pk)',
    ...values.map((_, index) => `#e${index} = :e${index}`),
  ];
  return unlessRefused(() =>
    connection.client.send(
      new DeleteCommand({
        TableName: connection.settingsTable,
        Key: keyOf(partition, id),
        ConditionExpression: conditions.join(' and '),
        ExpressionAttributeNames: Object.fromEntries([
          ['#pk', TABLE.partitionKey],
          ...values.map(([name], index) => [`#e${index}`, name]),
        ]),
        ...(values.length > 0 && {
          ExpressionAttributeValues: Object.fromEntries(
            values.map(([, value], index) => [`:e${index}`, value]),
          ),
        }),
      }),
    ),
  );
}

async function unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

const MAX_HISTORY = 20;

/** The item's history with this change at its end; of more than twenty the oldest go. */
export function historyAfter(
  item: SettingItem | undefined,
  change: Readonly<Record<string, string>>,
  nowMs: number,
): unknown[] {
  const before = Array.isArray(item?.history) ? item.history : [];
  const by = process.env.USER ?? process.env.USERNAME ?? 'unknown';
  const entry = { at: new Date(nowMs).toISOString(), by, change };
  return [...before, entry].slice(-MAX_HISTORY);
}
