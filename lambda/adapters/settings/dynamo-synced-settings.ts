/**
 * The SyncedSettings port on the settings table.
 *
 * Owns:      the only writes of items named `ssm:`.
 * Invariant: no other item is ever touched. A role can be held to a partition and not to a sort
 *            key, so it is this code that is: every key is made by `keyOf`, a new item is written
 *            only where there is none, and an item is changed or removed only where its stored key
 *            begins with `ssm:` and it is as it was read.
 */

import { TABLE } from '../../contract.ts';
import type { Parameter, SyncedItem, SyncedSettings } from '../../ports/parameters.ts';
import { isConditionFailure } from '../dynamodb/dynamo-calls.ts';
import { attributesOf, readParameter, SYNCED_PREFIX } from './parameter-item.ts';
import { plainValue, SETTINGS_VERSION } from './setting-fields.ts';
import { PARTITION, type SettingItem, sortKeyOf } from './setting-items.ts';
import { queryPartition, type SettingsTable } from './settings-table.ts';

const keyOf = (name: string) => ({
  [TABLE.partitionKey]: PARTITION.cap,
  [TABLE.sortKey]: SYNCED_PREFIX + name,
});

/** The synced items of this settings table. */
export function createDynamoSyncedSettings(table: SettingsTable): SyncedSettings {
  const { dynamo, tableName: TableName } = table;
  return {
    readAll: async () => {
      // However many: what is above the gateway's bound must still be seen to be removed.
      const items = await queryPartition(table, PARTITION.cap, Number.POSITIVE_INFINITY);
      return new Map(items.flatMap((item) => syncedItem(item) ?? []).map((it) => [it.name, it]));
    },
    write: (parameter, seen, run) =>
      unlessRefused(() =>
        dynamo.put({
          TableName,
          Item: {
            ...attributesOf(parameter),
            ...keyOf(parameter.name),
            v: SETTINGS_VERSION,
            run,
          },
          ...(seen === undefined ? ABSENT : asSeen(seen)),
        }),
      ),
    remove: (seen) =>
      unlessRefused(() => dynamo.delete({ TableName, Key: keyOf(seen.name), ...asSeen(seen) })),
    problemOf: (parameter) => {
      const reading = readParameter(parameter);
      return reading.kind === 'malformed'
        ? `${reading.cap.field} ${reading.cap.problem}`
        : undefined;
    },
  };
}

/** Undefined for an item of people's. */
function syncedItem(item: SettingItem): SyncedItem | undefined {
  const sortKey = sortKeyOf(item);
  if (!sortKey.startsWith(SYNCED_PREFIX)) return undefined;
  const { [TABLE.partitionKey]: _pk, [TABLE.sortKey]: _sk, run, ...attributes } = item;
  const held = canonical(attributes);
  return {
    name: sortKey.slice(SYNCED_PREFIX.length),
    ...(typeof run === 'string' ? { run } : {}),
    says: (parameter: Parameter) =>
      held === canonical({ ...attributesOf(parameter), v: SETTINGS_VERSION }),
  };
}

const canonical = (attributes: SettingItem): string =>
  JSON.stringify(
    Object.entries(attributes)
      .map(([name, value]) => [name, plainValue(value)])
      .sort(),
  );

const ABSENT = {
  ConditionExpression: 'attribute_not_exists(#pk)',
  ExpressionAttributeNames: { '#pk': TABLE.partitionKey },
};

/** Still the item that was seen: written by that run, or by hand. */
const asSeen = ({ run }: SyncedItem) => ({
  ConditionExpression: `begins_with(#sk, :ssm) AND ${run === undefined ? 'attribute_not_exists(#run)' : '#run = :run'}`,
  ExpressionAttributeNames: { '#sk': TABLE.sortKey, '#run': 'run' },
  ExpressionAttributeValues: {
    ':ssm': SYNCED_PREFIX,
    ...(run === undefined ? {} : { ':run': run }),
  },
});

async function unlessRefused(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}
