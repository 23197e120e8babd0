/**
 * What the histories of settings tell: changes, newest first, and what they cannot tell.
 *
 * Owns:      how it is noticed that an item was changed by something else than this command line:
 *            an attribute is not what its last recorded change left.
 * Not here:  who did that, and what was deleted; only CloudTrail knows.
 */
import {
  PARTITION,
  type SettingItem,
  sortKeyOf,
} from '../../lambda/adapters/settings/setting-items.ts';
import { type HistoryEntry, MAX_HISTORY, readHistory, valueText } from './history.ts';
import { isMadeByPeople } from './settings-sections.ts';

/** The kinds of settings that have a history, as commands name them. */
export const AUDITED = ['cap', 'key', 'price', 'alias'] as const;
export type AuditedKind = (typeof AUDITED)[number];

/** One recorded change of one item. */
export interface AuditEntry extends HistoryEntry {
  readonly kind: AuditedKind;
  readonly id: string;
}

/** An attribute that is not what its last recorded change left. */
export interface Unrecorded {
  readonly kind: AuditedKind;
  readonly id: string;
  readonly attribute: string;
  /** As the last recorded change left it; absent where it was removed then. */
  readonly recorded?: string;
  /** As it is; absent where it is not there. */
  readonly now?: string;
  /** When that change was recorded. */
  readonly recordedAt: string;
}

/** All that is known of some items. */
export interface AuditTrail {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  readonly unrecorded: readonly Unrecorded[];
  /** Items whose history is full, so that older changes are gone: `cap team`. */
  readonly full: readonly string[];
  /** Items without a readable history. */
  readonly silent: readonly string[];
}

/** An item and which kind of setting it is. */
export interface KindItem {
  readonly kind: AuditedKind;
  readonly item: SettingItem;
}

/** @param sinceMs leaves out older entries; undefined: all that are kept */
export function auditTrail(items: readonly KindItem[], sinceMs?: number): AuditTrail {
  const histories = items.map(({ kind, item }) => ({
    kind,
    id: sortKeyOf(item),
    item,
    history: readHistory(item),
  }));
  const entries = histories
    .flatMap(({ kind, id, history }) => history.map((entry) => ({ kind, id, ...entry })))
    .filter(({ at }) => sinceMs === undefined || !(Date.parse(at) < sinceMs))
    // Reversed first, so that of two changes in one millisecond the later one comes first.
    .reverse()
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const named = (kept: typeof histories) => kept.map(({ kind, id }) => `${kind} ${id}`);
  return {
    entries,
    unrecorded: histories.flatMap(unrecordedOf),
    full: named(histories.filter(({ history }) => history.length >= MAX_HISTORY)),
    silent: named(histories.filter(({ history }) => history.length === 0)),
  };
}

/** Whether it is somebody's setting, and not what the refresh or the sync wrote. */
export const isAudited = (kind: AuditedKind, item: SettingItem): boolean =>
  isMadeByPeople(SECTION_OF[kind], sortKeyOf(item));

const SECTION_OF = { cap: 'caps', key: 'keys', price: 'prices', alias: 'aliases' } as const;

/** Where the items of a kind are. */
export const partitionOf = (kind: AuditedKind) => PARTITION[kind];

interface Recorded {
  readonly value: string | undefined;
  readonly at: string;
}

function unrecordedOf({
  kind,
  id,
  item,
  history,
}: {
  readonly kind: AuditedKind;
  readonly id: string;
  readonly item: SettingItem;
  readonly history: readonly HistoryEntry[];
}): Unrecorded[] {
  return [...lastRecorded(history)].flatMap(([attribute, { value, at }]) => {
    const now = valueNow(item, attribute);
    if (isSame(value, now)) return [];
    return [
      {
        kind,
        id,
        attribute,
        ...(value === undefined ? {} : { recorded: value }),
        ...(now === undefined ? {} : { now }),
        recordedAt: at,
      },
    ];
  });
}

const HIDDEN = '(hidden)';

/** What the last change of each attribute left of it. */
function lastRecorded(history: readonly HistoryEntry[]): Map<string, Recorded> {
  const last = new Map<string, Recorded>();
  for (const { at, before, after } of history) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      // A map that is set whole says more than what its members were before, and the reverse.
      for (const other of [...last.keys()]) {
        if (other.startsWith(`${name}.`) || name.startsWith(`${other}.`)) last.delete(other);
      }
      last.set(name, { value: after[name], at });
    }
  }
  for (const [name, { value }] of [...last]) if (value === HIDDEN) last.delete(name);
  return last;
}

function valueNow(item: SettingItem, name: string): string | undefined {
  const [map = '', ...rest] = name.split('.');
  if (name in item || rest.length === 0) return shownOf(item[name]);
  const members = item[map];
  if (typeof members !== 'object' || members === null) return undefined;
  return shownOf(Object.entries(members).find(([member]) => member === rest.join('.'))?.[1]);
}

const shownOf = (value: unknown): string | undefined =>
  value === undefined ? undefined : valueText(value);

/** The table keeps no zeros at the end of a number, and no order of a map or a set. */
function isSame(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return plain(a) === plain(b);
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

const plain = (text: string): string =>
  text
    .split('; ')
    .map((part) => part.split(',').map(plainNumber).sort().join(','))
    .sort()
    .join('; ');

const plainNumber = (text: string): string =>
  DECIMAL.test(text) && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
