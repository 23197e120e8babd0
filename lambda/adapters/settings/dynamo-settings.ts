/**
 * The Settings port on DynamoDB: caps and prices once for all keys, each key by itself.
 *
 * Invariant: a view is as old as its oldest part. Nothing is kept of a reading that failed.
 * Not here:  what an item means (setting-items.ts), and what a stale view allows (application).
 */
import type { CallerKey, Cap, MalformedCap } from '../../domain/cap.ts';
import type { Aliases } from '../../domain/model-alias.ts';
import type { MalformedPrice, Price } from '../../domain/price.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MalformedKey, Settings, SettingsView } from '../../ports/settings.ts';
import { readCaps } from './cap-items.ts';
import { createFreshReading, type Dated, type FreshReading } from './fresh-reading.ts';
import { AUTO_PRICE_PREFIX, parsePrice } from './price-item.ts';
import { PARTITION, parseAlias, parseKey, type SettingItem } from './setting-items.ts';
import { getItem, queryPartition, type SettingsTable } from './settings-table.ts';

export interface DynamoSettingsOptions extends SettingsTable {
  readonly clock: Clock;
}

/** How many keys are remembered, and beside them how many ids that were no keys. */
const MAX_REMEMBERED = 1_000;

type KeySetting = CallerKey | MalformedKey | undefined;

/** What all keys share. */
interface SharedSettings {
  readonly caps: readonly Cap[];
  readonly malformedCaps: readonly MalformedCap[];
  readonly prices: ReadonlyMap<string, Price | MalformedPrice>;
  readonly aliases: Aliases;
}

/** Settings as the table holds them, at most as old as each reader allows. */
export function createDynamoSettings(options: DynamoSettingsOptions): Settings {
  const shared = createFreshReading(options.clock, () => loadShared(options));
  // Two memories, so that a flood of made-up key ids cannot push out the keys that exist.
  const keys = new Map<string, FreshReading<KeySetting>>();
  const strangers = new Map<string, FreshReading<KeySetting>>();

  const readKey = async (keyId: string, maxAgeMs: number): Promise<Dated<KeySetting>> => {
    const reading =
      keys.get(keyId) ??
      strangers.get(keyId) ??
      createFreshReading(options.clock, () => loadKey(options, keyId));
    if (!keys.has(keyId)) remember(strangers, keyId, reading);
    const read = await reading.read(maxAgeMs);
    const [home, other] = read.value === undefined ? [strangers, keys] : [keys, strangers];
    other.delete(keyId);
    remember(home, keyId, reading);
    return read;
  };

  return {
    peek: (keyId) => {
      const key = keys.get(keyId)?.peek();
      const common = shared.peek();
      return key === undefined || common === undefined ? undefined : viewOf(key, common);
    },
    read: async (keyId, maxAgeMs) => {
      const [key, common] = await Promise.all([readKey(keyId, maxAgeMs), shared.read(maxAgeMs)]);
      return viewOf(key, common);
    },
  };
}

const viewOf = (key: Dated<KeySetting>, common: Dated<SharedSettings>): SettingsView => ({
  readAtMs: Math.min(key.readAtMs, common.readAtMs),
  key: key.value,
  ...common.value,
});

/** Moves an entry to the young end of the map and drops the oldest beyond the bound. */
function remember<Value>(map: Map<string, Value>, id: string, value: Value): void {
  map.delete(id);
  map.set(id, value);
  if (map.size <= MAX_REMEMBERED) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

async function loadKey(table: SettingsTable, keyId: string): Promise<KeySetting> {
  const item = await getItem(table, PARTITION.key, keyId);
  return item === undefined ? undefined : parseKey(item);
}

async function loadShared(table: SettingsTable): Promise<SharedSettings> {
  const [capItems, priceItems, aliasItems] = await Promise.all([
    queryPartition(table, PARTITION.cap),
    queryPartition(table, PARTITION.price),
    queryPartition(table, PARTITION.alias),
  ]);
  const aliases = new Map(aliasItems.map(parseAlias).map((alias) => [alias.name, alias]));
  return { ...readCaps(capItems), prices: readPrices(priceItems), aliases };
}

/** The operator's row wins over a refreshed one, even where it is malformed: it was meant. */
export function readPrices(items: readonly SettingItem[]): Map<string, Price | MalformedPrice> {
  const isAuto = (item: SettingItem) => String(item.sk).startsWith(AUTO_PRICE_PREFIX);
  const autoFirst = [...items.filter(isAuto), ...items.filter((item) => !isAuto(item))];
  return new Map(
    autoFirst.map((item) => {
      const price = parsePrice(item);
      return [price.modelId, price];
    }),
  );
}
