/**
 * Writes of the settings table, as the command line makes them: each one conditional item.
 */
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, NumberValue, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
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
  dynamo: documentCalls(connection.client),
  tableName: connection.settingsTable,
  timeoutMs: TIMEOUT_MS,
});

const KEY_NAMES = new Set<string>([TABLE.partitionKey, TABLE.sortKey]);

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

/**
 * Changes only the named attributes; false where the item is not there as it was read: `before` is
 * undefined for one that was not there. An item's history tells whether it was changed, and what
 * is written over is compared with what was read.
 */
export function update(
  connection: Connection,
  partition: TablePartition,
  id: string,
  change: ItemChange,
  before: SettingItem | undefined,
): Promise<boolean> {
  const sets = Object.entries(change.set);
  const setClause = sets.map((_, index) => `#s${index} = :s${index}`).join(', ');
  const removeClause = change.remove.map((_, index) => `#r${index}`).join(', ');
  const names = [
    ['#pk', TABLE.partitionKey],
    ...sets.map(([name], index) => [`#s${index}`, name]),
    ...change.remove.map((name, index) => [`#r${index}`, name]),
  ];
  const condition = asRead(before);
  const still = valuesAsRead(change, before);
  return unlessRefused(() =>
    connection.client.send(
      new UpdateCommand({
        TableName: connection.settingsTable,
        Key: keyOf(partition, id),
        UpdateExpression: `SET ${setClause}${removeClause === '' ? '' : ` REMOVE ${removeClause}`}`,
        ConditionExpression: [condition.expression, ...still.expressions].join(' AND '),
        ExpressionAttributeNames: Object.fromEntries([...names, ...condition.names]),
        ExpressionAttributeValues: {
          ...Object.fromEntries(sets.map(([, value], index) => [`:s${index}`, value])),
          ...condition.values,
          ...still.values,
        },
      }),
    ),
  );
}

interface Condition {
  readonly expression: string;
  readonly names: readonly (readonly [string, string])[];
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * An edit in the console leaves the history as it was: so what is written over is compared too,
 * but for lists and maps, which the store of local mode never finds equal.
 */
function valuesAsRead({ set, remove }: ItemChange, before: SettingItem | undefined) {
  const written = [
    ...Object.keys(set).map((name, index) => ({ name, at: `s${index}` })),
    ...remove.map((name, index) => ({ name, at: `r${index}` })),
  ].filter(({ name }) => name !== 'history' && name !== 'v');
  const standing = (before === undefined ? [] : written).filter(
    ({ name }) => !isListOrMap(before?.[name]),
  );
  const isThere = ({ name }: { readonly name: string }) => before?.[name] !== undefined;
  return {
    expressions: standing.map((one) =>
      isThere(one) ? `#${one.at} = :was_${one.at}` : `attribute_not_exists(#${one.at})`,
    ),
    values: Object.fromEntries(
      standing.filter(isThere).map(({ name, at }) => [`:was_${at}`, before?.[name]]),
    ),
  };
}

const isListOrMap = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !(value instanceof NumberValue) &&
  !(value instanceof Set);

/** Every change ends the history by an entry of its own, so its time tells one from the next. */
function asRead(before: SettingItem | undefined): Condition {
  if (before === undefined) {
    return { expression: 'attribute_not_exists(#pk)', names: [], values: {} };
  }
  const names = [['#history', 'history']] as const;
  const history: readonly unknown[] = Array.isArray(before.history) ? before.history : [];
  const last = history.at(-1);
  const at = typeof last === 'object' && last !== null && 'at' in last ? last.at : undefined;
  if (typeof at !== 'string') {
    const expression = 'attribute_exists(#pk) AND attribute_not_exists(#history)';
    return before.history === undefined
      ? { expression, names, values: {} }
      : { expression: 'attribute_exists(#pk)', names: [], values: {} };
  }
  return {
    expression: `attribute_exists(#pk) AND #history[${history.length - 1}].#at = :historyAt`,
    names: [...names, ['#at', 'at']],
    values: { ':historyAt': at },
  };
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

/** Removes an item; false where it is not as it was read, or not there. */
export function removeAsRead(
  connection: Connection,
  partition: TablePartition,
  id: string,
  before: SettingItem,
): Promise<boolean> {
  const history = asRead(before);
  const attributes = Object.entries(before).filter(
    ([name, value]) => !KEY_NAMES.has(name) && !isListOrMap(value),
  );
  const conditions = attributes.map((_, index) => `#e${index} = :e${index}`);
  const values = {
    ...history.values,
    ...Object.fromEntries(attributes.map(([, value], index) => [`:e${index}`, value])),
  };
  return unlessRefused(() =>
    connection.client.send(
      new DeleteCommand({
        TableName: connection.settingsTable,
        Key: keyOf(partition, id),
        ConditionExpression: [history.expression, ...conditions].join(' AND '),
        ExpressionAttributeNames: Object.fromEntries([
          ['#pk', TABLE.partitionKey],
          ...history.names,
          ...attributes.map(([name], index) => [`#e${index}`, name]),
        ]),
        ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
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
