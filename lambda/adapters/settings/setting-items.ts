/**
 * Setting items and what they mean: a cap or a key, or what is wrong with the item.
 *
 * Owns:      the attribute names of settings items (docs/settings.md explains each).
 * Invariant: an item is read whole or it is malformed; an attribute that is not known, or not
 *            understood, is never skipped.
 * Not here:  prices (price-item.ts).
 */
import * as z from 'zod/mini';
import { isKeyId } from '../../domain/caller-key.ts';
import type { CallerKey, Cap, MalformedCap, Selectors } from '../../domain/cap.ts';
import {
  ALIAS_NAME_PROBLEM,
  isAliasName,
  type MalformedAlias,
  type ModelAlias,
} from '../../domain/model-alias.ts';
import type { MalformedPrice } from '../../domain/price.ts';
import { WEEKDAYS, WINDOW_KINDS } from '../../domain/window.ts';
import type { MalformedKey } from '../../ports/settings.ts';
import {
  type Fault,
  FIELD,
  type Form,
  firstFault,
  oneOf,
  plainValue,
  SETTINGS_VERSION,
  tagMap,
} from './setting-fields.ts';

/** An item as the document client gives it, or attributes as they stand in a JSON file. */
export type SettingItem = Readonly<Record<string, unknown>>;

/** The partition keys of the settings table. */
export const PARTITION = { cap: 'CAP', key: 'KEY', price: 'PRICE', alias: 'ALIAS' } as const;
export type SettingPartition = (typeof PARTITION)[keyof typeof PARTITION];

/** Partitions of what the refresh of prices keeps for itself; the gateway never reads them. */
export const REFRESH_PARTITION = { proposal: 'PRICE-PROPOSAL', state: 'PRICE-REFRESH' } as const;
export type RefreshPartition = (typeof REFRESH_PARTITION)[keyof typeof REFRESH_PARTITION];

/** Any partition of the settings table. */
export type TablePartition = SettingPartition | RefreshPartition;

/** Alerts of a cap that names none, in percent of its limit. */
export const DEFAULT_ALERT_PERCENTS: readonly number[] = [50, 80, 100];
const DEFAULT_TIME_ZONE = 'UTC';
const DEFAULT_WEEK_START = 'monday';

const CAP_ID = /^(ssm:)?[A-Za-z0-9._:-]{1,64}$/;
/** What people and the console keep for themselves; nothing is decided by it. */
const FREE_ATTRIBUTES = new Set(['pk', 'sk', 'note', 'history']);

const SELECTORS = {
  keys: z.exactOptional(FIELD.globs),
  teams: z.exactOptional(FIELD.globs),
  vendors: z.exactOptional(FIELD.globs),
  models: z.exactOptional(FIELD.globs),
  tags: z.exactOptional(tagMap(FIELD.globs)),
  requestTags: z.exactOptional(tagMap(FIELD.globs)),
};

const CAP = {
  v: FIELD.version,
  limitUsd: FIELD.usd,
  window: oneOf(WINDOW_KINDS),
  timeZone: z.exactOptional(FIELD.timeZone),
  weekStart: z.exactOptional(oneOf(WEEKDAYS)),
  ...SELECTORS,
  splitBy: z.exactOptional(FIELD.splitBy),
  action: z.exactOptional(oneOf(['block', 'clamp', 'warn'])),
  streaming: z.exactOptional(oneOf(['full', 'progressive'])),
  raisedLimitUsd: z.exactOptional(FIELD.usd),
  raisedUntil: z.exactOptional(FIELD.instant),
  alertPercents: z.exactOptional(FIELD.percents),
  defaultMaxTokens: z.exactOptional(FIELD.tokens),
  enabled: z.exactOptional(FIELD.flag),
  expiresAt: z.exactOptional(FIELD.instant),
};

const KEY = {
  v: FIELD.version,
  secretSha256: FIELD.secretSha256,
  previousSha256: z.exactOptional(FIELD.secretSha256),
  previousUntil: z.exactOptional(FIELD.instant),
  enabled: z.exactOptional(FIELD.flag),
  team: z.exactOptional(FIELD.name),
  tags: z.exactOptional(tagMap(FIELD.name)),
  models: z.exactOptional(FIELD.globs),
  maxRequestUsd: z.exactOptional(FIELD.usd),
  defaultMaxTokens: z.exactOptional(FIELD.tokens),
  expiresAt: z.exactOptional(FIELD.instant),
};

const ALIAS = { v: FIELD.version, model: FIELD.modelId };

/** The attributes of each kind of item and their forms, for the page that lists them. */
export const ITEM_SHAPES = { cap: CAP, key: KEY, alias: ALIAS } as const;

const SELECTORS_SCHEMA = z.object(SELECTORS);
const CAP_SCHEMA = z.strictObject(CAP);
const KEY_SCHEMA = z.strictObject(KEY);
const ALIAS_SCHEMA = z.strictObject(ALIAS);

const CAP_FORM: Form = { attributes: [...Object.keys(CAP), 'note', 'history'] };
/** What a key's item holds of its secrets: hashes, which are shown to nobody all the same. */
export const SECRET_ATTRIBUTES: ReadonlySet<string> = new Set(['secretSha256', 'previousSha256']);
/** What only a rotation writes, hashes and their end: no file of settings holds it. */
export const ROTATION_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...SECRET_ATTRIBUTES,
  'previousUntil',
]);
const KEY_FORM: Form = {
  attributes: [...Object.keys(KEY), 'note', 'history'],
  secret: SECRET_ATTRIBUTES,
};
const ALIAS_FORM: Form = { attributes: [...Object.keys(ALIAS), 'note', 'history'] };
/** What a key may do without, apart from the secret of before, which only a rotation writes. */
export const OPTIONAL_KEY_ATTRIBUTES: readonly string[] = [
  ...Object.keys(KEY).filter((name) => !['v', 'secretSha256'].includes(name)),
  'note',
].filter((name) => !name.startsWith('previous'));
/** What a cap may do without: it holds its default where the attribute is absent. */
export const OPTIONAL_CAP_ATTRIBUTES: readonly string[] = [
  ...Object.keys(CAP).filter((name) => !['v', 'limitUsd', 'window'].includes(name)),
  'note',
];

/** The item to store for a setting: its attributes with its key and the schema's version. */
export const settingItem = (
  partition: TablePartition,
  id: string,
  attributes: SettingItem,
): Record<string, unknown> => ({ ...attributes, pk: partition, sk: id, v: SETTINGS_VERSION });

/** Whether a setting was malformed. */
export const isMalformed = <T extends object>(
  setting: T | MalformedCap | MalformedKey | MalformedPrice | MalformedAlias,
): setting is Extract<typeof setting, Fault> => 'problem' in setting;

/** The attributes that decide, in one plain form. */
export function plainAttributes(item: SettingItem): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item)
      .filter(
        ([name, value]) =>
          value !== undefined && !FREE_ATTRIBUTES.has(name) && !name.startsWith('x-'),
      )
      .map(([name, value]) => [name, plainValue(value)]),
  );
}

/** The id of a setting; empty where it has none. */
export const sortKeyOf = (item: SettingItem): string =>
  typeof item.sk === 'string' ? item.sk : '';

/** The cap of a `CAP` item, or what is wrong with it. Never throws. */
export function parseCap(item: SettingItem): Cap | MalformedCap {
  const capId = sortKeyOf(item);
  const attributes = plainAttributes(item);
  const malformed = (fault: Fault): MalformedCap => {
    const selectors = readSelectors(attributes);
    return { capId, ...fault, ...(selectors === undefined ? {} : { selectors }) };
  };
  if (!CAP_ID.test(capId)) {
    const problem = 'must be the cap id, 1 to 64 of A-Z a-z 0-9 . _ : -';
    return malformed({ field: 'sk', problem });
  }
  const parsed = CAP_SCHEMA.safeParse(attributes);
  if (!parsed.success) return malformed(firstFault(parsed.error, attributes, CAP_FORM));
  const fields = parsed.data;
  const { raisedLimitUsd, raisedUntil } = fields;
  if ((raisedLimitUsd === undefined) !== (raisedUntil === undefined)) {
    const field = raisedLimitUsd === undefined ? 'raisedLimitUsd' : 'raisedUntil';
    return malformed({ field, problem: 'is missing; raisedLimitUsd and raisedUntil go together' });
  }
  return {
    capId,
    limitNanoUsd: fields.limitUsd,
    window: {
      kind: fields.window,
      timeZone: fields.timeZone ?? DEFAULT_TIME_ZONE,
      weekStart: fields.weekStart ?? DEFAULT_WEEK_START,
    },
    selectors: readSelectors(attributes) ?? {},
    ...(fields.splitBy === undefined ? {} : { splitBy: fields.splitBy }),
    action: fields.action ?? 'block',
    streaming: fields.streaming ?? 'full',
    ...(raisedLimitUsd === undefined || raisedUntil === undefined
      ? {}
      : { raised: { limitNanoUsd: raisedLimitUsd, untilMs: raisedUntil } }),
    alertPercents: fields.alertPercents ?? DEFAULT_ALERT_PERCENTS,
    ...defaultMaxTokensOf(fields),
    enabled: fields.enabled ?? true,
    ...expiresAtOf(fields),
    ...(typeof item.note === 'string' ? { note: item.note } : {}),
  };
}

/** The selectors alone; undefined where one of them cannot be read. */
function readSelectors(attributes: SettingItem): Selectors | undefined {
  const parsed = SELECTORS_SCHEMA.safeParse(attributes);
  return parsed.success ? parsed.data : undefined;
}

const defaultMaxTokensOf = (fields: { readonly defaultMaxTokens?: number }) =>
  fields.defaultMaxTokens === undefined ? {} : { defaultMaxTokens: fields.defaultMaxTokens };

const expiresAtOf = (fields: { readonly expiresAt?: number }) =>
  fields.expiresAt === undefined ? {} : { expiresAtMs: fields.expiresAt };

/** The key of a `KEY` item, or what is wrong with it. Never throws, never shows the hash. */
export function parseKey(item: SettingItem): CallerKey | MalformedKey {
  const keyId = sortKeyOf(item);
  if (!isKeyId(keyId)) {
    return { keyId, field: 'sk', problem: 'must be the key id, 1 to 40 of a-z 0-9 -' };
  }
  const attributes = plainAttributes(item);
  const parsed = KEY_SCHEMA.safeParse(attributes);
  if (!parsed.success) {
    return { keyId, ...firstFault(parsed.error, attributes, KEY_FORM) };
  }
  const fields = parsed.data;
  const { previousSha256, previousUntil } = fields;
  if ((previousSha256 === undefined) !== (previousUntil === undefined)) {
    const field = previousSha256 === undefined ? 'previousSha256' : 'previousUntil';
    return { keyId, field, problem: 'is missing; previousSha256 and previousUntil go together' };
  }
  return {
    keyId,
    secretSha256: fields.secretSha256,
    ...(previousSha256 === undefined || previousUntil === undefined
      ? {}
      : { previous: { secretSha256: previousSha256, untilMs: previousUntil } }),
    enabled: fields.enabled ?? true,
    ...(fields.team === undefined ? {} : { team: fields.team }),
    tags: fields.tags ?? {},
    ...(fields.models === undefined ? {} : { models: fields.models }),
    ...(fields.maxRequestUsd === undefined ? {} : { maxRequestNanoUsd: fields.maxRequestUsd }),
    ...defaultMaxTokensOf(fields),
    ...expiresAtOf(fields),
  };
}

/** The alias of an `ALIAS` item, or what is wrong with it. Never throws. */
export function parseAlias(item: SettingItem): ModelAlias | MalformedAlias {
  const name = sortKeyOf(item);
  if (!isAliasName(name)) return { name, field: 'sk', problem: ALIAS_NAME_PROBLEM };
  const attributes = plainAttributes(item);
  const parsed = ALIAS_SCHEMA.safeParse(attributes);
  return parsed.success
    ? { name, modelId: parsed.data.model }
    : { name, ...firstFault(parsed.error, attributes, ALIAS_FORM) };
}
