/**
 * Setting items and what they mean: a cap, a key or a price, or what is wrong with the item.
 *
 * Owns:      the attribute names of settings items (docs/settings.md explains each).
 * Invariant: an item is read whole or it is malformed; an attribute that is not known, or not
 *            understood, is never skipped.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { isKeyId } from '../../domain/caller-key.ts';
import type { CallerKey, Cap, MalformedCap, Selectors } from '../../domain/cap.ts';
import { ZERO_USD } from '../../domain/money.ts';
import type { MalformedPrice, Price, TokenPrices } from '../../domain/price.ts';
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
export const PARTITION = { cap: 'CAP', key: 'KEY', price: 'PRICE' } as const;
export type SettingPartition = (typeof PARTITION)[keyof typeof PARTITION];

/** Sort keys of prices that a refresh wrote begin with it; the operator's own price wins. */
export const AUTO_PRICE_PREFIX = 'auto:';

/** Alerts of a cap that names none, in percent of its limit. */
export const DEFAULT_ALERT_PERCENTS: readonly number[] = [50, 80, 100];
const DEFAULT_TIME_ZONE = 'UTC';
const DEFAULT_WEEK_START = 'monday';

const CAP_ID = /^(ssm:)?[A-Za-z0-9._:-]{1,64}$/;
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,511}$/;
/** What people and the console keep for themselves; nothing is decided by it. */
const FREE_ATTRIBUTES = new Set(['pk', 'sk', 'note', 'history']);

const SELECTORS = {
  keys: z.exactOptional(FIELD.globs),
  teams: z.exactOptional(FIELD.globs),
  vendors: z.exactOptional(FIELD.globs),
  models: z.exactOptional(FIELD.globs),
  tags: z.exactOptional(tagMap(FIELD.globs)),
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
  enabled: z.exactOptional(FIELD.flag),
  team: z.exactOptional(FIELD.name),
  tags: z.exactOptional(tagMap(FIELD.name)),
  models: z.exactOptional(FIELD.globs),
  maxRequestUsd: z.exactOptional(FIELD.usd),
  defaultMaxTokens: z.exactOptional(FIELD.tokens),
  expiresAt: z.exactOptional(FIELD.instant),
};

const TOKEN_PRICES = {
  inputUsdPerMillion: FIELD.positiveUsd,
  outputUsdPerMillion: FIELD.positiveUsd,
  cacheReadUsdPerMillion: z.exactOptional(FIELD.usd),
  cacheWrite5mUsdPerMillion: z.exactOptional(FIELD.usd),
  cacheWrite1hUsdPerMillion: z.exactOptional(FIELD.usd),
};

const LONG_CONTEXT_MEMBERS = { thresholdTokens: FIELD.tokens, ...TOKEN_PRICES };
const LONG_CONTEXT = z.strictObject(
  LONG_CONTEXT_MEMBERS,
  'must be a map of thresholdTokens and prices',
);

const PRICE = {
  v: FIELD.version,
  ...TOKEN_PRICES,
  longContext: z.exactOptional(LONG_CONTEXT),
};

/** A model that costs nothing has no price lines that could contradict it. */
const FREE_PRICE = { v: FIELD.version, free: FIELD.flag };

const SELECTORS_SCHEMA = z.object(SELECTORS);
const CAP_SCHEMA = z.strictObject(CAP);
const KEY_SCHEMA = z.strictObject(KEY);
const PRICE_SCHEMA = z.strictObject({ ...PRICE, free: z.exactOptional(FIELD.flag) });
const FREE_PRICE_SCHEMA = z.strictObject(FREE_PRICE);

const CAP_FORM: Form = { attributes: [...Object.keys(CAP), 'note', 'history'] };
const KEY_FORM: Form = {
  attributes: [...Object.keys(KEY), 'note', 'history'],
  secret: new Set(['secretSha256']),
};
const PRICE_FORM: Form = {
  attributes: [...Object.keys(PRICE), 'free', 'note', 'history'],
  members: { longContext: Object.keys(LONG_CONTEXT_MEMBERS) },
};
const FREE_PRICE_FORM: Form = { attributes: [...Object.keys(FREE_PRICE), 'note', 'history'] };

/** What a cap may do without: it holds its default where the attribute is absent. */
export const OPTIONAL_CAP_ATTRIBUTES: readonly string[] = [
  ...Object.keys(CAP).filter((name) => !['v', 'limitUsd', 'window'].includes(name)),
  'note',
];

/** The item to store for a setting: its attributes with its key and the schema's version. */
export const settingItem = (
  partition: SettingPartition,
  id: string,
  attributes: SettingItem,
): Record<string, unknown> => ({ ...attributes, pk: partition, sk: id, v: SETTINGS_VERSION });

/** Whether a setting was malformed. */
export const isMalformed = <T extends object>(
  setting: T | MalformedCap | MalformedKey | MalformedPrice,
): setting is Extract<typeof setting, Fault> => 'problem' in setting;

/** The attributes that decide, in one plain form. */
function plainAttributes(item: SettingItem): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item)
      .filter(
        ([name, value]) =>
          value !== undefined && !FREE_ATTRIBUTES.has(name) && !name.startsWith('x-'),
      )
      .map(([name, value]) => [name, plainValue(value)]),
  );
}

const sortKeyOf = (item: SettingItem): string => (typeof item.sk === 'string' ? item.sk : '');

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
  return {
    keyId,
    secretSha256: fields.secretSha256,
    enabled: fields.enabled ?? true,
    ...(fields.team === undefined ? {} : { team: fields.team }),
    tags: fields.tags ?? {},
    ...(fields.models === undefined ? {} : { models: fields.models }),
    ...(fields.maxRequestUsd === undefined ? {} : { maxRequestNanoUsd: fields.maxRequestUsd }),
    ...defaultMaxTokensOf(fields),
    ...expiresAtOf(fields),
  };
}

/** The price of a `PRICE` item, or what is wrong with it. Never throws. */
export function parsePrice(item: SettingItem): Price | MalformedPrice {
  const sortKey = sortKeyOf(item);
  const isAuto = sortKey.startsWith(AUTO_PRICE_PREFIX);
  const modelId = isAuto ? sortKey.slice(AUTO_PRICE_PREFIX.length) : sortKey;
  if (!MODEL_ID.test(modelId)) {
    return { modelId, field: 'sk', problem: 'must be a model id of Bedrock' };
  }
  const attributes = plainAttributes(item);
  const source = isAuto ? 'auto' : 'operator';
  if (attributes.free === true) {
    const parsed = FREE_PRICE_SCHEMA.safeParse(attributes);
    if (!parsed.success) {
      return { modelId, ...firstFault(parsed.error, attributes, FREE_PRICE_FORM) };
    }
    const tokens = { inputNanoUsdPerMillion: ZERO_USD, outputNanoUsdPerMillion: ZERO_USD };
    return { modelId, version: priceVersion(source, attributes), tokens, free: true };
  }
  const parsed = PRICE_SCHEMA.safeParse(attributes);
  if (!parsed.success) {
    return { modelId, ...firstFault(parsed.error, attributes, PRICE_FORM) };
  }
  const { longContext } = parsed.data;
  return {
    modelId,
    version: priceVersion(source, attributes),
    tokens: tokenPrices(parsed.data),
    ...(longContext === undefined
      ? {}
      : {
          longContext: {
            thresholdTokens: longContext.thresholdTokens,
            tokens: tokenPrices(longContext),
          },
        }),
  };
}

type TokenPriceFields = Omit<z.output<typeof LONG_CONTEXT>, 'thresholdTokens'>;

/** Dollars per million tokens are whole nano-dollars per million, as both have nine decimals. */
const tokenPrices = (fields: TokenPriceFields): TokenPrices => ({
  inputNanoUsdPerMillion: fields.inputUsdPerMillion,
  outputNanoUsdPerMillion: fields.outputUsdPerMillion,
  ...(fields.cacheReadUsdPerMillion === undefined
    ? {}
    : { cacheReadNanoUsdPerMillion: fields.cacheReadUsdPerMillion }),
  ...(fields.cacheWrite5mUsdPerMillion === undefined
    ? {}
    : { cacheWrite5mNanoUsdPerMillion: fields.cacheWrite5mUsdPerMillion }),
  ...(fields.cacheWrite1hUsdPerMillion === undefined
    ? {}
    : { cacheWrite1hNanoUsdPerMillion: fields.cacheWrite1hUsdPerMillion }),
});

const VERSION_CHARACTERS = 12;

/** Changes with every change of a price line, so that the journal tells by which it was settled. */
function priceVersion(source: 'operator' | 'auto', attributes: SettingItem): string {
  const hash = createHash('sha256').update(canonicalText(attributes)).digest('hex');
  return `${source}-${hash.slice(0, VERSION_CHARACTERS)}`;
}

/** JSON with sorted names: DynamoDB promises no order of attributes. */
const canonicalText = (value: unknown): string =>
  JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
