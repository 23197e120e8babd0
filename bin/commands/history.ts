/**
 * The history that a setting keeps of itself: who changed what, from what, to what, and why.
 *
 * Invariant: it is written by the same update as the change, on the condition that nobody changed
 *            the item meanwhile. It never holds a key's secret, nor its hash.
 * Not here:  edits in the DynamoDB console, which only CloudTrail knows.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import {
  SECRET_ATTRIBUTES,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import type { Session } from './session.ts';

/** Of more entries the oldest go. */
export const MAX_HISTORY = 20;

const VALUES = z.record(z.string(), z.string());

const ENTRY = z.object({
  at: z.string(),
  by: z.string(),
  why: z.exactOptional(z.string()),
  before: VALUES,
  after: VALUES,
});

/** One change: attributes as people write them; one that was absent is not among them. */
export type HistoryEntry = z.output<typeof ENTRY>;

/**
 * The item's history with this change at its end.
 *
 * @param change the attributes as they are afterwards, undefined for one that is removed; a member
 *               of a map is named `map.member`
 */
export async function historyAfter(
  { author, reason, nowMs }: Session,
  item: SettingItem | undefined,
  change: SettingItem,
): Promise<unknown[]> {
  const names = Object.keys(change);
  const entry = {
    at: new Date(nowMs).toISOString(),
    by: await author(),
    ...(reason === undefined ? {} : { why: reason }),
    before: shown(names, (name) => valueAt(item, name)),
    after: shown(names, (name) => change[name]),
  };
  return [...itemHistory(item), entry].slice(-MAX_HISTORY);
}

/** What stands in the item's history, as it stands there. */
const itemHistory = (item: SettingItem | undefined): readonly unknown[] =>
  Array.isArray(item?.history) ? item.history : [];

/** The entries that can be read, the oldest first; others were written by hand. */
export const readHistory = (item: SettingItem): HistoryEntry[] =>
  itemHistory(item).flatMap((entry) => {
    const parsed = ENTRY.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });

const shown = (names: readonly string[], at: (name: string) => unknown): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = at(name);
      if (value === undefined) return [];
      return [[name, SECRET_ATTRIBUTES.has(name) ? '(hidden)' : valueText(value)]];
    }),
  );

function valueAt(item: SettingItem | undefined, name: string): unknown {
  if (item === undefined || name in item) return item?.[name];
  const [map = '', ...rest] = name.split('.');
  const members = item[map];
  if (rest.length === 0 || typeof members !== 'object' || members === null) return undefined;
  return Object.entries(members).find(([member]) => member === rest.join('.'))?.[1];
}

/** A setting's value as people write it. */
export function valueText(value: unknown): string {
  if (value instanceof NumberValue) return value.toString();
  if (Array.isArray(value)) return value.map(valueText).join(',');
  if (value instanceof Set) return [...value].map(valueText).join(',');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, member]) => `${name}=${valueText(member)}`)
    .join('; ');
}
