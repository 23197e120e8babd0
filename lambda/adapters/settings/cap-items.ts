/**
 * All caps of the settings: those of the table, and what parameters say of them or beside them.
 *
 * Invariant: a parameter never lets through what was refused for want of room: a limit can only
 *            lower a cap of the table, and a cap of its own is one more that must have room.
 */
import { isKeyId } from '../../domain/caller-key.ts';
import { type Cap, type MalformedCap, type Selectors, underParameter } from '../../domain/cap.ts';
import { formatUsd } from '../../domain/money.ts';
import { isSynced, type ParameterReading, parseSynced, SYNCED_PREFIX } from './parameter-item.ts';
import {
  isMalformed,
  PARTITION,
  parseCap,
  type SettingItem,
  settingItem,
} from './setting-items.ts';

/** The caps that hold, and the items that refuse what they could cover. */
export interface CapSettings {
  readonly caps: readonly Cap[];
  readonly malformedCaps: readonly MalformedCap[];
}

/** What all `CAP` items say together: each cap once, by its id. Never throws. */
export function readCaps(items: readonly SettingItem[]): CapSettings {
  const table = new Map(
    items
      .filter((item) => !isSynced(item))
      .map(parseCap)
      .map((cap) => [cap.capId, cap] as const),
  );
  const byId = new Map(table);
  for (const reading of items.filter(isSynced).map(parseSynced)) {
    const resolved = resolve(reading, table);
    if (resolved !== undefined) byId.set(resolved.capId, resolved);
  }
  const all = [...byId.values()];
  return {
    caps: all.filter((cap): cap is Cap => !isMalformed(cap)),
    malformedCaps: all.filter((cap): cap is MalformedCap => isMalformed(cap)),
  };
}

type TableCaps = ReadonlyMap<string, Cap | MalformedCap>;
type Limit = Extract<ParameterReading, { kind: 'limit' }>;

/** Undefined: the cap that it limits cannot be read, and refuses by itself what it could cover. */
function resolve(reading: ParameterReading, table: TableCaps): Cap | MalformedCap | undefined {
  if (reading.kind === 'cap') return reading.cap;
  if (reading.kind === 'malformed') {
    const { cap, limitOf } = reading;
    if (limitOf === undefined) return cap;
    const selectors = selectorsOf(limitOf, table);
    return { ...cap, ...(selectors === undefined ? {} : { selectors }) };
  }
  const cap = table.get(reading.name);
  if (cap === undefined) return capOfKey(reading);
  if (isMalformed(cap)) return undefined;
  const { source, limitNanoUsd } = reading;
  return underParameter(cap, { source, limitNanoUsd });
}

/** What the limit of this name would cover; undefined where that cannot be told: all. */
function selectorsOf(name: string, table: TableCaps): Selectors | undefined {
  const cap = table.get(name);
  return cap === undefined ? { keys: [name] } : cap.selectors;
}

/**
 * A limit without a cap in the table is a daily one of the key of that name. It goes by that cap's
 * id, and so counts where a daily cap counts that is made in the table later, or was there before.
 */
function capOfKey({ name, source, limitNanoUsd }: Limit): Cap | MalformedCap {
  if (!isKeyId(name)) {
    // No key can have this name, so it refuses nobody; but it is told wherever caps are shown.
    return {
      capId: SYNCED_PREFIX + name,
      field: 'name',
      problem:
        `is that of no cap in the table, and can be no key's: it holds for nothing; make the cap ` +
        `"${name}", or correct the ${source}`,
      selectors: { keys: [name] },
    };
  }
  const cap = parseCap(
    settingItem(PARTITION.cap, name, {
      limitUsd: formatUsd(limitNanoUsd),
      window: 'daily',
      keys: [name],
    }),
  );
  return isMalformed(cap) ? cap : { ...cap, parameter: { source, limitNanoUsd } };
}
