/**
 * Price items and what they mean: all lines of a price, or what is wrong with the item.
 *
 * Owns:      the attribute names of `PRICE` items (docs/settings.md explains each).
 * Invariant: an item is read whole or it is malformed. A figure that can only be a slip of the
 *            unit (a price per token for one per million, or the reverse) is malformed too.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { FamilyName } from '../../domain/catalogue/catalogue-row.ts';
import { FAMILIES } from '../../domain/families/registry.ts';
import { GUARDRAIL_PRICES } from '../../domain/guardrail.ts';
import {
  formatUsd,
  NANO_USD_PER_USD,
  type NanoUsd,
  nanoUsd,
  ZERO_USD,
} from '../../domain/money.ts';
import type { MalformedPrice, ModelBounds, Price, Ratio, TokenPrices } from '../../domain/price.ts';
import { UNITS, type Unit, type UnitPrices } from '../../domain/unit.ts';
import {
  type Fault,
  FIELD,
  type Form,
  firstFault,
  MAX_TOKENS,
  oneOf,
  readAs,
  readEnteredUsd,
  readWhole,
} from './setting-fields.ts';
import { plainAttributes, type SettingItem, sortKeyOf } from './setting-items.ts';

/** Sort keys of prices that a refresh wrote begin with it; the operator's own price wins. */
export const AUTO_PRICE_PREFIX = 'auto:';

/** A model id, a profile id, or an ARN of either. */
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,511}$/;

/**
 * Bounds that no price list comes near, and that every slip of a million passes: the cheapest
 * input of a list is 0.02 dollars for a million tokens, the dearest output some 140.
 */
const LEAST_TOKEN_PRICE = '0.001';
const LEAST_CACHE_PRICE = '0.0001';
const MOST_TOKEN_PRICE = '10000';
const MOST_UNIT_PRICE = '1000';
const MOST_FACTOR = 10n;

const within = (least: string, most: string, unit: string) => {
  const problem = `must be US dollars ${unit} as a decimal number, ${least} to ${most}`;
  const [from, to] = [readEnteredUsd(least) ?? ZERO_USD, readEnteredUsd(most) ?? ZERO_USD];
  const read = (text: string): NanoUsd | undefined => {
    const amount = readEnteredUsd(text);
    return amount === undefined || amount < from || amount > to ? undefined : amount;
  };
  return { problem, field: readAs(read, problem) };
};

const TOKEN_LINE = within(
  LEAST_TOKEN_PRICE,
  MOST_TOKEN_PRICE,
  'for a million tokens (not for one; a model that costs nothing has free = true)',
);
const CACHE_LINE = within(
  LEAST_CACHE_PRICE,
  MOST_TOKEN_PRICE,
  'for a million tokens (not for one)',
);
const UNIT_LINE = within('0.000001', MOST_UNIT_PRICE, 'for one (not for a thousand)');

const FACTOR_PROBLEM = `must be a factor as a decimal number, 1 to ${MOST_FACTOR}, such as 1.75`;
const FACTOR = readAs((text): Ratio | undefined => {
  const numerator = readEnteredUsd(text);
  if (numerator === undefined || numerator < NANO_USD_PER_USD) return undefined;
  if (numerator > MOST_FACTOR * NANO_USD_PER_USD) return undefined;
  return { numerator, denominator: NANO_USD_PER_USD };
}, FACTOR_PROBLEM);

const CACHE_LINES = {
  cacheReadUsdPerMillion: z.exactOptional(CACHE_LINE.field),
  cacheWrite5mUsdPerMillion: z.exactOptional(CACHE_LINE.field),
  cacheWrite1hUsdPerMillion: z.exactOptional(CACHE_LINE.field),
};
const TOKEN_LINES = {
  inputUsdPerMillion: TOKEN_LINE.field,
  outputUsdPerMillion: TOKEN_LINE.field,
  ...CACHE_LINES,
};
const LONG_CONTEXT_MEMBERS = { thresholdTokens: FIELD.tokens, ...TOKEN_LINES };
const UNIT_MEMBERS = Object.fromEntries(
  UNITS.map((unit) => [unit, z.exactOptional(UNIT_LINE.field)]),
);

/** Families that this version has rules for; a type cannot tell them at run time. */
const FAMILY_NAMES = Object.keys(FAMILIES) as [FamilyName, ...FamilyName[]];

const BOUNDS = {
  family: z.exactOptional(oneOf(FAMILY_NAMES)),
  contextWindowTokens: z.exactOptional(FIELD.tokens),
  maxOutputTokens: z.exactOptional(
    readAs(readWhole(0, MAX_TOKENS), `must be a whole number of tokens from 0 to ${MAX_TOKENS}`),
  ),
};

const PRICE = {
  v: FIELD.version,
  inputUsdPerMillion: z.exactOptional(TOKEN_LINE.field),
  outputUsdPerMillion: z.exactOptional(TOKEN_LINE.field),
  ...CACHE_LINES,
  longContext: z.exactOptional(
    z.strictObject(LONG_CONTEXT_MEMBERS, 'must be a map of thresholdTokens and prices'),
  ),
  priorityFactor: z.exactOptional(FACTOR),
  optimized: z.exactOptional(z.strictObject(TOKEN_LINES, 'must be a map of prices')),
  units: z.exactOptional(z.strictObject(UNIT_MEMBERS, 'must be a map of unit names to prices')),
  ...BOUNDS,
};

/** A model that costs nothing has no price lines that could contradict it. */
const FREE_PRICE = { v: FIELD.version, free: FIELD.flag, ...BOUNDS };

const OPERATOR_ONLY = { free: z.exactOptional(FIELD.flag) };
/** Only a refreshed price can be approved: what an operator writes is meant. */
const AUTO_ONLY = { approved: z.exactOptional(FIELD.flag) };

/** The attributes of price items and their forms, for the page that lists them. */
export const PRICE_SHAPE = { ...PRICE, ...OPERATOR_ONLY, ...AUTO_ONLY };

const PRICE_SCHEMA = z.strictObject({ ...PRICE, ...OPERATOR_ONLY });
const AUTO_SCHEMA = z.strictObject({ ...PRICE, ...AUTO_ONLY });
const FREE_PRICE_SCHEMA = z.strictObject(FREE_PRICE);
type PriceFields = z.output<typeof PRICE_SCHEMA> & { readonly approved?: boolean };

const formOf = (schema: object, ...more: string[]): Form => ({
  attributes: [...Object.keys(schema), ...more, 'note', 'history'],
  members: {
    longContext: Object.keys(LONG_CONTEXT_MEMBERS),
    optimized: Object.keys(TOKEN_LINES),
    units: UNITS,
  },
});
const PRICE_FORM = formOf(PRICE, 'free');
const AUTO_FORM = formOf(PRICE, 'approved');
const FREE_PRICE_FORM = formOf(FREE_PRICE);

/** What an operator's price may hold beside `v`, for what is said of other names. */
export const PRICE_ATTRIBUTES: readonly string[] = PRICE_FORM.attributes.filter(
  (name) => name !== 'v' && name !== 'history',
);

/** The model id of a `PRICE` item, and who wrote the item. */
export function priceIdOf(item: SettingItem): { modelId: string; isAuto: boolean } {
  const sortKey = sortKeyOf(item);
  const isAuto = sortKey.startsWith(AUTO_PRICE_PREFIX);
  return { modelId: isAuto ? sortKey.slice(AUTO_PRICE_PREFIX.length) : sortKey, isAuto };
}

/** The price of a `PRICE` item, or what is wrong with it. Never throws. */
export function parsePrice(item: SettingItem): Price | MalformedPrice {
  const { modelId, isAuto } = priceIdOf(item);
  if (!MODEL_ID.test(modelId)) {
    return { modelId, field: 'sk', problem: 'must be a model id of Bedrock' };
  }
  const attributes = plainAttributes(item);
  if (!isAuto && attributes.free === true) return freePrice(modelId, attributes);
  const parsed = (isAuto ? AUTO_SCHEMA : PRICE_SCHEMA).safeParse(attributes);
  if (!parsed.success) {
    const form = isAuto ? AUTO_FORM : PRICE_FORM;
    return { modelId, ...firstFault(parsed.error, attributes, form) };
  }
  const fields: PriceFields = parsed.data;
  const fault = boundsFault(fields) ?? missingLine(fields, isAuto);
  if (fault !== undefined) return { modelId, ...fault };
  return {
    modelId,
    version: priceVersion(isAuto ? 'auto' : 'operator', attributes),
    ...priceLines(fields),
    ...(isAuto && { refreshed: fields.approved === true ? 'approved' : 'taken' }),
  };
}

function freePrice(modelId: string, attributes: SettingItem): Price | MalformedPrice {
  const parsed = FREE_PRICE_SCHEMA.safeParse(attributes);
  if (!parsed.success) {
    return { modelId, ...firstFault(parsed.error, attributes, FREE_PRICE_FORM) };
  }
  const fault = boundsFault(parsed.data);
  if (fault !== undefined) return { modelId, ...fault };
  return {
    modelId,
    version: priceVersion('operator', attributes),
    tokens: NO_TOKEN_PRICES,
    // Bedrock bills a guardrail beside the model, whatever that costs.
    units: GUARDRAIL_PRICES,
    ...boundsOf(parsed.data),
    free: true,
  };
}

const NO_TOKEN_PRICES: TokenPrices = { inputNanoUsdPerMillion: 0n, outputNanoUsdPerMillion: 0n };

interface BoundFields {
  readonly family?: FamilyName;
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
}

const BOUND_NAMES = ['family', 'contextWindowTokens', 'maxOutputTokens'] as const;

function boundsFault(fields: BoundFields): Fault | undefined {
  const missing = BOUND_NAMES.filter((name) => fields[name] === undefined);
  const [field] = missing;
  if (missing.length === BOUND_NAMES.length) return undefined;
  if (field === undefined) return outputFault(fields);
  return { field, problem: `is missing; ${BOUND_NAMES.join(', ')} go together` };
}

/** Without an output maximum a family that writes would have no output price. */
function outputFault({ family, maxOutputTokens }: BoundFields): Fault | undefined {
  const writes = family !== undefined && FAMILIES[family].hasNoOutputTokens !== true;
  if (!writes || maxOutputTokens !== 0) return undefined;
  return { field: 'maxOutputTokens', problem: `must be above 0, as the family ${family} writes` };
}

/**
 * A line that is left out is free, so it may be only where the item says that there is nothing to
 * bill by it: no output tokens at all. A refreshed item has the lines of the catalogue's price.
 */
function missingLine(fields: PriceFields, isAuto: boolean): Fault | undefined {
  const { inputUsdPerMillion: input, outputUsdPerMillion: output, units = {} } = fields;
  const problem = `is missing; it ${TOKEN_LINE.problem}`;
  const writesNone = isAuto || fields.maxOutputTokens === 0;
  const family = fields.family && FAMILIES[fields.family];
  // What has an operation of its own is a guardrail, and counts text units alone.
  const isGuardrail = family?.operation !== undefined;
  // Of an embedding that bills its text by tokens a unit alone would make the text free.
  const mayBeByUnits = isAuto || isGuardrail || family?.isBilledByRequest === true;
  const counts = (unit: string) => isGuardrail || !(unit in GUARDRAIL_PRICES);
  const isByUnits = writesNone && mayBeByUnits && Object.keys(units).some(counts);
  if (input === undefined) {
    const isMissing = !(isByUnits && output === undefined);
    return isMissing ? { field: 'inputUsdPerMillion', problem } : undefined;
  }
  if (output !== undefined || writesNone) return undefined;
  return { field: 'outputUsdPerMillion', problem };
}

function boundsOf(fields: BoundFields): { readonly model?: ModelBounds } {
  const { family, contextWindowTokens, maxOutputTokens } = fields;
  if (family === undefined) return {};
  if (contextWindowTokens === undefined || maxOutputTokens === undefined) return {};
  return { model: { family, contextWindowTokens, maxOutputTokens } };
}

function priceLines(fields: PriceFields): Omit<Price, 'modelId' | 'version'> {
  const { longContext, optimized, priorityFactor } = fields;
  return {
    tokens: tokenPrices(fields),
    ...(longContext && {
      longContext: {
        thresholdTokens: longContext.thresholdTokens,
        tokens: tokenPrices(longContext),
      },
    }),
    ...(priorityFactor && { priority: priorityFactor }),
    ...(optimized && { optimized: tokenPrices(optimized) }),
    // What a guardrail costs does not go by the model, so it need not be entered with each.
    units: { ...GUARDRAIL_PRICES, ...fields.units },
    ...boundsOf(fields),
  };
}

type TokenLineFields = Partial<z.output<typeof PRICE_SCHEMA>>;

/** Dollars per million tokens are whole nano-dollars per million, as both have nine decimals. */
const tokenPrices = (fields: TokenLineFields): TokenPrices => ({
  inputNanoUsdPerMillion: fields.inputUsdPerMillion ?? 0n,
  outputNanoUsdPerMillion: fields.outputUsdPerMillion ?? 0n,
  ...(fields.cacheReadUsdPerMillion !== undefined && {
    cacheReadNanoUsdPerMillion: fields.cacheReadUsdPerMillion,
  }),
  ...(fields.cacheWrite5mUsdPerMillion !== undefined && {
    cacheWrite5mNanoUsdPerMillion: fields.cacheWrite5mUsdPerMillion,
  }),
  ...(fields.cacheWrite1hUsdPerMillion !== undefined && {
    cacheWrite1hNanoUsdPerMillion: fields.cacheWrite1hUsdPerMillion,
  }),
});

/** The attributes of a price, as `parsePrice` reads them. */
export function priceAttributes(price: Omit<Price, 'modelId'>): Record<string, unknown> {
  const { tokens, longContext, priority, optimized, units = {} } = price;
  const byUnits = tokens.inputNanoUsdPerMillion === 0n;
  const unitLines = Object.entries(units).map(([unit, amount]) => [unit, formatUsd(amount)]);
  return {
    ...(byUnits ? {} : tokenAttributes(tokens)),
    ...(longContext && {
      longContext: {
        thresholdTokens: longContext.thresholdTokens,
        ...tokenAttributes(longContext.tokens),
      },
    }),
    ...(priority && { priorityFactor: factorText(priority) }),
    ...(optimized && { optimized: tokenAttributes(optimized) }),
    ...(unitLines.length > 0 && { units: Object.fromEntries(unitLines) }),
    ...price.model,
  };
}

function tokenAttributes(tokens: TokenPrices): Record<string, string> {
  const lines = {
    inputUsdPerMillion: tokens.inputNanoUsdPerMillion,
    outputUsdPerMillion: tokens.outputNanoUsdPerMillion || undefined,
    cacheReadUsdPerMillion: tokens.cacheReadNanoUsdPerMillion,
    cacheWrite5mUsdPerMillion: tokens.cacheWrite5mNanoUsdPerMillion,
    cacheWrite1hUsdPerMillion: tokens.cacheWrite1hNanoUsdPerMillion,
  };
  return Object.fromEntries(
    Object.entries(lines).flatMap(([name, amount]) =>
      amount === undefined ? [] : [[name, formatUsd(nanoUsd(amount))]],
    ),
  );
}

/** A factor in decimals, rounded up where it has more than nine. */
export function factorText({ numerator, denominator }: Ratio): string {
  const billionths = (numerator * NANO_USD_PER_USD + denominator - 1n) / denominator;
  return formatUsd(nanoUsd(billionths));
}

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

/** Units and their prices, in the order of `UNITS`. */
export const unitEntries = (units: UnitPrices | undefined): (readonly [Unit, NanoUsd])[] =>
  UNITS.flatMap((unit) => {
    const amount = units?.[unit];
    return amount === undefined ? [] : [[unit, amount] as const];
  });
