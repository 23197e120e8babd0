/**
 * What an import would change: each item of the file against the one of the table.
 *
 * Invariant: what is equal to the gateway is no change, so that an export that is imported changes
 *            nothing. Pure: it reads and writes nothing.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import {
  isMalformed,
  parseCap,
  ROTATION_ATTRIBUTES,
  SECRET_ATTRIBUTES,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { formatUsd, parseUsd } from '../../lambda/domain/money.ts';
import { windowText } from './cap-view.ts';
import { valueText } from './history.ts';
import type { FileSettings } from './settings-file.ts';
import { isMadeByPeople, SECTIONS, type Section } from './settings-sections.ts';

/** One attribute's change, in words; absent where it is not there. */
export interface AttributeChange {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

/** What is done to one item. */
export interface PlannedChange {
  readonly action: 'make' | 'change' | 'remove';
  readonly section: Section;
  readonly id: string;
  /** The item as it was read; undefined for one that is made. */
  readonly item: SettingItem | undefined;
  readonly set: SettingItem;
  readonly remove: readonly string[];
  readonly attributes: readonly AttributeChange[];
  /** A cap whose counters get other names: it counts from zero. */
  readonly startsAtZero: boolean;
}

export interface ImportPlan {
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  /** Items of the table that the file does not name, in sections that it has; they are kept. */
  readonly notInFile: readonly string[];
  /** Keys of the file that are not in the table, and cannot be made without a hash. */
  readonly cannotBeMade: readonly string[];
  /** How many items each section would have. */
  readonly counts: ReadonlyMap<Section, number>;
}

/** The items of the table by section, all of them. */
export type TableSettings = ReadonlyMap<Section, readonly SettingItem[]>;

const HASH = 'secretSha256';
const KEPT = new Set(['pk', 'sk', 'v', 'history']);
/** A cap is there before the key that it bounds, and goes after it. */
const WRITTEN: readonly Section[] = ['caps', 'prices', 'aliases', 'keys'];

/** @param prune whether what the file does not name is removed, in the sections that it has */
export function planImport(file: FileSettings, table: TableSettings, prune: boolean): ImportPlan {
  const plans = WRITTEN.map((section) =>
    planSection(section, file.get(section), table.get(section) ?? [], prune),
  );
  const all = plans.flatMap(({ changes }) => changes);
  return {
    changes: [
      ...all.filter(({ action }) => action !== 'remove'),
      ...all.filter(({ action }) => action === 'remove').reverse(),
    ],
    unchanged: plans.reduce((sum, { unchanged }) => sum + unchanged, 0),
    notInFile: plans.flatMap(({ notInFile }) => notInFile),
    cannotBeMade: plans.flatMap(({ cannotBeMade }) => cannotBeMade),
    counts: new Map(plans.map(({ section, count }) => [section, count])),
  };
}

function planSection(
  section: Section,
  file: ReadonlyMap<string, SettingItem> | undefined,
  items: readonly SettingItem[],
  prune: boolean,
) {
  const { word } = SECTIONS[section];
  const standing = new Map(items.map((item) => [String(item.sk), item]));
  const wanted = [...(file ?? [])].map(([id, attributes]) =>
    planItem(section, id, attributes, standing.get(id)),
  );
  const missing =
    file === undefined
      ? []
      : [...standing.keys()].filter((id) => isMadeByPeople(section, id) && !file.has(id));
  const removed = prune ? missing.map((id) => removal(section, id, standing.get(id))) : [];
  const changes = wanted.filter((plan) => typeof plan === 'object');
  const made = changes.filter(({ action }) => action === 'make').length;
  return {
    section,
    changes: [...changes, ...removed],
    unchanged: wanted.filter((plan) => plan === 'same').length,
    notInFile: prune ? [] : missing.map((id) => `${word} ${id}`),
    cannotBeMade: [...(file?.keys() ?? [])].filter((_, index) => wanted[index] === 'no-hash'),
    count: items.length + made - removed.length,
  };
}

function planItem(
  section: Section,
  id: string,
  attributes: SettingItem,
  item: SettingItem | undefined,
): PlannedChange | 'same' | 'no-hash' {
  if (section === 'keys' && item === undefined && attributes[HASH] === undefined) return 'no-hash';
  const before = item ?? {};
  const set = Object.fromEntries(
    Object.entries(attributes).filter(([name, value]) => !isSame(before[name], value)),
  );
  // A file without hashes says nothing of them.
  const kept = (name: string) =>
    KEPT.has(name) || name in attributes || ROTATION_ATTRIBUTES.has(name);
  const remove = Object.keys(before).filter((name) => !kept(name));
  if (item !== undefined && Object.keys(set).length + remove.length === 0) return 'same';
  return {
    action: item === undefined ? 'make' : 'change',
    section,
    id,
    item,
    set,
    remove,
    attributes: [...Object.keys(set), ...remove].map((name) =>
      attributeChange(name, before[name], attributes[name]),
    ),
    startsAtZero: section === 'caps' && item !== undefined && countsAnew(id, item, attributes),
  };
}

const removal = (section: Section, id: string, item: SettingItem | undefined): PlannedChange => ({
  action: 'remove',
  section,
  id,
  item,
  set: {},
  remove: [],
  attributes: Object.entries(item ?? {})
    .filter(([name]) => !KEPT.has(name) && !ROTATION_ATTRIBUTES.has(name))
    .map(([name, value]) => attributeChange(name, value, undefined)),
  startsAtZero: false,
});

const attributeChange = (name: string, before: unknown, after: unknown): AttributeChange => ({
  name,
  ...(before === undefined ? {} : { before: shown(name, before) }),
  ...(after === undefined ? {} : { after: shown(name, after) }),
});

const shown = (name: string, value: unknown): string =>
  SECRET_ATTRIBUTES.has(name) ? '(hidden)' : valueText(value);

/** The attributes that name a cap's counters; of a cap that could not be read nothing is known. */
function countsAnew(id: string, item: SettingItem, attributes: SettingItem): boolean {
  const before = parseCap(item);
  const after = parseCap(settingItem('CAP', id, attributes));
  if (isMalformed(before) || isMalformed(after)) return false;
  return before.splitBy !== after.splitBy || windowText(before) !== windowText(after);
}

/** Whether both say the same: numbers by their value, sets without an order, all else exactly. */
export function isSame(a: unknown, b: unknown): boolean {
  const isNumber = isNumberLike(a) || isNumberLike(b);
  if (isNumber) return isLeaf(a) && isLeaf(b) && numberText(a) === numberText(b);
  if (a instanceof Set || b instanceof Set) return isSameSet(a, b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [first, second] = [Object.entries(a), new Map(Object.entries(b))];
  return (
    first.length === second.size &&
    first.every(([name, value]) => second.has(name) && isSame(value, second.get(name)))
  );
}

const isNumberLike = (value: unknown): boolean =>
  value instanceof NumberValue || typeof value === 'number' || typeof value === 'bigint';

const isLeaf = (value: unknown): boolean => isNumberLike(value) || typeof value === 'string';

const FRACTION_END = /(\.\d*?)0+$/;

/** The table keeps no zeros at a number's end, and may answer 1E-9 for what was 0.000000001. */
function numberText(value: unknown): string {
  const text = String(value);
  const amount = parseUsd(text);
  if (amount !== undefined) return formatUsd(amount);
  return text.includes('.') ? text.replace(FRACTION_END, '$1').replace(/\.$/, '') : text;
}

function isSameSet(a: unknown, b: unknown): boolean {
  const [first, second] = [a, b].map((value) =>
    value instanceof Set || Array.isArray(value) ? [...value].map(String).sort() : undefined,
  );
  return first !== undefined && second !== undefined && isSame(first, second);
}
