/**
 * The MalformedList port on the settings table: caps, prices and aliases that cannot be read.
 */
import { createHash } from 'node:crypto';
import type { MalformedList, MalformedSetting } from '../../ports/malformed-list.ts';
import { readCaps } from './cap-items.ts';
import { parsePrice } from './price-item.ts';
import type { Fault } from './setting-fields.ts';
import {
  isMalformed,
  PARTITION,
  parseAlias,
  plainAttributes,
  type SettingItem,
  sortKeyOf,
} from './setting-items.ts';
import { queryPartition, type SettingsTable } from './settings-table.ts';

/** What is malformed in this settings table, read anew each time. */
export const createDynamoMalformedList = (table: SettingsTable): MalformedList => ({
  readAll: async () => {
    const [caps, prices, aliases] = await Promise.all([
      queryPartition(table, PARTITION.cap),
      queryPartition(table, PARTITION.price),
      queryPartition(table, PARTITION.alias),
    ]);
    return [
      ...malformed('cap', caps, faultsOfCaps(caps)),
      ...malformed('price', prices, (item) => faultOf(parsePrice(item))),
      ...malformed('alias', aliases, (item) => faultOf(parseAlias(item))),
    ];
  },
});

/** Caps are read together, as a parameter's item is understood by the cap of its name. */
function faultsOfCaps(items: readonly SettingItem[]) {
  const faults = new Map(readCaps(items).malformedCaps.map((cap) => [cap.capId, cap]));
  return (item: SettingItem): Fault | undefined => faults.get(sortKeyOf(item));
}

const faultOf = (setting: Parameters<typeof isMalformed>[0]): Fault | undefined =>
  isMalformed(setting) ? setting : undefined;

const malformed = (
  kind: MalformedSetting['kind'],
  items: readonly SettingItem[],
  read: (item: SettingItem) => Fault | undefined,
): MalformedSetting[] =>
  items.flatMap((item) => {
    const fault = read(item);
    if (fault === undefined) return [];
    const { field, problem } = fault;
    return [{ kind, id: sortKeyOf(item), field, problem, fingerprint: fingerprintOf(kind, item) }];
  });

const HASH_CHARACTERS = 32;

/** Of what decides: a note or the history may change, and it is told no second time. */
function fingerprintOf(kind: string, item: SettingItem): string {
  const attributes = Object.entries(plainAttributes(item)).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([kind, sortKeyOf(item), attributes]);
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS);
}
