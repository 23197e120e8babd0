/**
 * What a price source lists, in exact figures: lines of models by region, and what is not known.
 *
 * Invariant: a figure is read with its unit or not at all; what is not known exactly is told as
 *            unmapped, never guessed.
 * Source:    usage types, dimensions and units as docs/prices.md tells them.
 */

import { PROFILE_PREFIXES } from './model-id.ts';
import { divCeil } from './money.ts';
import type { Unit } from './unit.ts';

export const TOKEN_LINES = [
  'input',
  'output',
  'cache-read',
  'cache-write-5m',
  'cache-write-1h',
] as const;
export type TokenLine = (typeof TOKEN_LINES)[number];

/** One line of a price; `long-` holds above the long-context threshold. */
export type LineName =
  | TokenLine
  | `long-${TokenLine}`
  | 'priority-input'
  | 'priority-output'
  | Unit;

/** For which ids a listed line holds: the bare one, those of its geography, or the global one. */
export type ListedAs = 'bare' | 'geo' | 'global';

export interface ListedLine {
  readonly baseModelId: string;
  readonly listedAs: readonly ListedAs[];
  /** Absent: it holds for every region. */
  readonly region?: string;
  readonly line: LineName;
  /** For a million tokens, or for one unit. */
  readonly nanoUsd: bigint;
}

/** A row that the tables do not know, or whose figure cannot be read. */
export interface UnmappedRow {
  /** The source's own name of it; no token and no address. */
  readonly name: string;
  readonly why: string;
}

/** What one part of a source gave. */
export interface PriceListing {
  readonly lines: readonly ListedLine[];
  readonly unmapped: readonly UnmappedRow[];
}

const DECIMAL = /^(\d{1,12})(?:\.(\d{1,18}))?$/;
const NANO_DIGITS = 9;

/**
 * Nano-dollars of a decimal text times `factor`, rounded up: lists have more decimals than a
 * nano-dollar. Undefined where it is no plain number.
 */
export function nanoUsdTimes(text: string, factor: bigint): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, whole = '0', fraction = ''] = match;
  const scaled = BigInt(whole + fraction) * factor * 10n ** BigInt(NANO_DIGITS);
  return divCeil(scaled, 10n ** BigInt(fraction.length));
}

/** How many million tokens one of these is a part of: price x factor is the price of a million. */
const FACTOR_BY_TOKEN_UNIT: Readonly<Record<string, bigint>> = {
  '1k tokens': 1_000n,
  '1m tokens': 1n,
  'million tokens': 1n,
};
/** Units that say nothing: the size is in the description. */
const SIZE_IN_DESCRIPTION = new Set(['units', 'unit']);
/** Words that may stand between the size and the tokens: no other kind of token is meant by them. */
const TOKEN_WORDS = [
  ...['input', 'output', 'cache', 'cached', 'read', 'write', 'response', '1h', '5m', 'hour'],
  ...['minute', 'global', 'regional', 'batch', 'standard', 'flex', 'priority', 'long', 'context'],
];
const MILLION_TOKENS = new RegExp(`\\bmillion (?:(?:${TOKEN_WORDS.join('|')}) )*tokens?\\b`, 'i');
const OTHER_SIZE = /\b(?:thousand|1k|1,?000|billion|hundred)\b/i;

/**
 * Nano-dollars for a million tokens of a listed figure; undefined where the unit, with the
 * description that some lists keep the size in, is not exactly one that is known.
 */
export function perMillionTokens(
  price: string,
  unit: string,
  description: string,
): bigint | undefined {
  const name = unit.trim().toLowerCase();
  const factor = Object.hasOwn(FACTOR_BY_TOKEN_UNIT, name) ? FACTOR_BY_TOKEN_UNIT[name] : undefined;
  if (factor !== undefined) return nanoUsdTimes(price, factor);
  const isMillion = MILLION_TOKENS.test(description) && !OTHER_SIZE.test(description);
  return SIZE_IN_DESCRIPTION.has(name) && isMillion ? nanoUsdTimes(price, 1n) : undefined;
}

/** How a usage type or dimension names a line, without region and model. */
export interface DimensionName {
  readonly regionCode?: string;
  readonly line: TokenLine;
  readonly isGlobal: boolean;
  readonly isLong: boolean;
  /** `batch` and `flex` are never dearer than the standard tier, and not served by the gateway. */
  readonly tier: 'standard' | 'priority' | 'flex' | 'batch';
}

const CAMEL =
  /^(?:([A-Z]{2,3}[A-Z0-9]{0,3})_)?(\w*?TokenCount)((?:_(?:Global|Batch|LCtx|Flex|Priority))*)$/;
const CAMEL_LINES: Readonly<Record<string, TokenLine>> = {
  InputTokenCount: 'input',
  OutputTokenCount: 'output',
  CacheReadInputTokenCount: 'cache-read',
  CacheWriteInputTokenCount: 'cache-write-5m',
  CacheWrite1hInputTokenCount: 'cache-write-1h',
};
const SNAKE = new RegExp(
  '^(?:([A-Z]{2,3}[A-Z0-9]{0,3})_)?([a-z0-9_]+?_tokens(?:_5m|_1h)?)(_global)?(_lctx)?' +
    '_(standard|priority|flex|batch)$',
);
const SNAKE_LINES: Readonly<Record<string, TokenLine>> = {
  input_tokens: 'input',
  output_tokens: 'output',
  cache_read_tokens: 'cache-read',
  cache_write_tokens: 'cache-write-5m',
  cache_write_tokens_5m: 'cache-write-5m',
  cache_write_tokens_1h: 'cache-write-1h',
};

/**
 * A dimension of an agreement's rate card, in either of its two grammars; undefined for any other.
 *
 * `USE1_InputTokenCount_Global`, `USW2_input_tokens_global_standard`, `input_tokens_standard`.
 */
export function parseDimension(text: string): DimensionName | undefined {
  return parseCamel(text) ?? parseSnake(text);
}

function parseCamel(text: string): DimensionName | undefined {
  const [, regionCode, name = '', suffixes = ''] = CAMEL.exec(text) ?? [];
  const line = Object.hasOwn(CAMEL_LINES, name) ? CAMEL_LINES[name] : undefined;
  if (line === undefined) return undefined;
  const marks = suffixes.split('_').filter((mark) => mark !== '');
  if (new Set(marks).size < marks.length) return undefined;
  const tiers = marks.filter((mark) => mark !== 'Global' && mark !== 'LCtx');
  if (tiers.length > 1) return undefined;
  return {
    ...(regionCode !== undefined && { regionCode }),
    line,
    isGlobal: marks.includes('Global'),
    isLong: marks.includes('LCtx'),
    tier: tierOf(tiers[0]),
  };
}

function parseSnake(text: string): DimensionName | undefined {
  const [, regionCode, name = '', global, long, tier] = SNAKE.exec(text) ?? [];
  const line = Object.hasOwn(SNAKE_LINES, name) ? SNAKE_LINES[name] : undefined;
  if (line === undefined) return undefined;
  return {
    ...(regionCode !== undefined && { regionCode }),
    line,
    isGlobal: global !== undefined,
    isLong: long !== undefined,
    tier: tierOf(tier),
  };
}

function tierOf(text: string | undefined): DimensionName['tier'] {
  const tier = text?.toLowerCase();
  return tier === 'priority' || tier === 'flex' || tier === 'batch' ? tier : 'standard';
}

/** The price line of a dimension; undefined for tiers that are no line of ours. */
export function lineOf({ line, isLong, tier }: DimensionName): LineName | undefined {
  if (tier === 'standard') return isLong ? `long-${line}` : line;
  if (tier !== 'priority' || isLong) return undefined;
  return line === 'input' || line === 'output' ? `priority-${line}` : undefined;
}

/** AWS's billing codes of regions that Bedrock serves; one that is not here is unmapped. */
const REGION_BY_CODE: Readonly<Record<string, string>> = {
  USE1: 'us-east-1',
  USE2: 'us-east-2',
  USW1: 'us-west-1',
  USW2: 'us-west-2',
  CAN1: 'ca-central-1',
  SAE1: 'sa-east-1',
  EU: 'eu-west-1',
  EUW2: 'eu-west-2',
  EUW3: 'eu-west-3',
  EUC1: 'eu-central-1',
  EUN1: 'eu-north-1',
  APN1: 'ap-northeast-1',
  APN2: 'ap-northeast-2',
  APN3: 'ap-northeast-3',
  APS1: 'ap-southeast-1',
  APS2: 'ap-southeast-2',
  APS3: 'ap-south-1',
  UGE1: 'us-gov-east-1',
  UGW1: 'us-gov-west-1',
};

/** The region of a billing code; undefined where it is not known. */
export const regionOfCode = (code: string): string | undefined =>
  Object.hasOwn(REGION_BY_CODE, code) ? REGION_BY_CODE[code] : undefined;

/** Which regions each geographic profile can be called in, by how their names begin. */
const REGIONS_BY_PREFIX: Readonly<Record<string, RegExp>> = {
  us: /^us-(?!gov-)/,
  eu: /^eu-/,
  apac: /^ap-/,
  jp: /^ap-northeast-[13]$/,
  au: /^ap-southeast-[24]$/,
  ca: /^ca-/,
  in: /^ap-south-/,
};

/** Whether this id can be called in this region, as far as its profile prefix tells. */
export function isCalledIn(modelId: string, region: string): boolean {
  const prefix = modelId.slice(0, modelId.indexOf('.'));
  if (prefix === 'us-gov') return region.startsWith('us-gov-');
  return Object.hasOwn(REGIONS_BY_PREFIX, prefix)
    ? (REGIONS_BY_PREFIX[prefix]?.test(region) ?? false)
    : true;
}

/** The ids that a listed line may hold for; `undefined` as region stands for every one. */
export function idsListed({ baseModelId, listedAs, region }: ListedLine): readonly string[] {
  if (region?.startsWith('us-gov-') === true) return [`us-gov.${baseModelId}`];
  return listedAs.flatMap((as) => {
    if (as === 'bare') return [baseModelId];
    if (as === 'global') return [`global.${baseModelId}`];
    return PROFILE_PREFIXES.filter((prefix) => {
      const regions = REGIONS_BY_PREFIX[prefix];
      return regions !== undefined && (region === undefined || regions.test(region));
    }).map((prefix) => `${prefix}.${baseModelId}`);
  });
}
