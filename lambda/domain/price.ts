/**
 * What a model costs: price lines per million tokens and per unit, and the cost of a usage.
 *
 * Invariant: cost is rounded up once per price line and is never negative.
 */
import type { FamilyName } from './catalogue/catalogue-row.ts';
import { divCeil, type NanoUsd, nanoUsd, sumUsd } from './money.ts';
import { costOfUnits, pricedUnits, type UnitCounts, type UnitPrices } from './unit.ts';

/** Integer nano-dollars per million tokens; absent lines have no price and cannot be used. */
export interface TokenPrices {
  readonly inputNanoUsdPerMillion: bigint;
  readonly outputNanoUsdPerMillion: bigint;
  readonly cacheReadNanoUsdPerMillion?: bigint;
  readonly cacheWrite5mNanoUsdPerMillion?: bigint;
  readonly cacheWrite1hNanoUsdPerMillion?: bigint;
}

/** One model id's price, as of one version; reserve and settle use the same one. */
export interface Price {
  readonly modelId: string;
  /** Which table it came from and when, such as `catalogue-2026-11-23` or `operator`. */
  readonly version: string;
  readonly tokens: TokenPrices;
  /** Above `thresholdTokens` of input (cached included) the whole request has these prices. */
  readonly longContext?: { readonly thresholdTokens: number; readonly tokens: TokenPrices };
  /** What the priority tier multiplies every token line by; absent: it has no price. */
  readonly priority?: Ratio;
  /** The token lines of latency-optimised serving; absent: it has no price. */
  readonly optimized?: TokenPrices;
  /** What is billed by other units than tokens. */
  readonly units?: UnitPrices;
  /** How to read and bound a model that the catalogue does not know; only an operator tells. */
  readonly model?: ModelBounds;
  /**
   * The model is marked free by the operator: its tokens cost nothing, nor do units without a
   * price. A guardrail has one, as Bedrock bills it beside the model.
   */
  readonly free?: boolean;
  /**
   * Of a price that the refresh wrote: `taken` at once, as it is dearer, or `approved` by an
   * operator. It holds for exactly its id; one that was taken never makes the catalogue's cheaper.
   */
  readonly refreshed?: 'taken' | 'approved';
}

/** What must be known of a model beside its price. */
export interface ModelBounds {
  readonly family: FamilyName;
  /** An upper bound on the input that the model takes, in tokens. */
  readonly contextWindowTokens: number;
  readonly maxOutputTokens: number;
}

/** An exact factor, such as 175/100; not below 1. */
export interface Ratio {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** How a request is served, as far as the price goes by it. */
export interface Serving {
  /** `flex` and `reserved` cost no more than `default`, and count as it. */
  readonly tier: 'default' | 'priority';
  readonly latency: 'standard' | 'optimized';
}

export const STANDARD_SERVING: Serving = { tier: 'default', latency: 'standard' };

/** A price item that cannot be read. It refuses the requests that it would price. */
export interface MalformedPrice {
  readonly modelId: string;
  /** The first attribute at fault and what it should be. */
  readonly field: string;
  readonly problem: string;
}

/** What one request used. All token counts are disjoint: input excludes cached tokens. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  /** What was billed by other units than tokens; absent: nothing. */
  readonly units?: UnitCounts;
}

export const TOKENS_PER_MILLION = 1_000_000n;

/** The price of `count` tokens at one line, rounded up. */
export const lineCost = (count: number, nanoUsdPerMillion: bigint): NanoUsd =>
  nanoUsd(divCeil(BigInt(count) * nanoUsdPerMillion, TOKENS_PER_MILLION));

/**
 * The price lines of input tokens. A cached token without a price of its own is billed as input,
 * and a cache write never below it: price lists disagree about writes that look cheaper. A write
 * that lives an hour costs twice the input on every list that prices both lifetimes, and so counts
 * as that where only the other one has a price.
 */
export function tokenRates(prices: TokenPrices) {
  const input = prices.inputNanoUsdPerMillion;
  const priced5m = prices.cacheWrite5mNanoUsdPerMillion;
  const write5m = priced5m ?? input;
  const twice = priced5m === undefined ? input : input * 2n;
  return {
    input,
    cacheRead: prices.cacheReadNanoUsdPerMillion ?? input,
    cacheWrite5m: write5m > input ? write5m : input,
    cacheWrite1h: prices.cacheWrite1hNanoUsdPerMillion ?? (write5m > twice ? write5m : twice),
  };
}

/** The dearest rate at which an input token can be billed, nano-dollars per million. */
export function dearestInputRate(prices: TokenPrices, oneHourCacheWrites: boolean): bigint {
  const rates = tokenRates(prices);
  const candidates = [rates.input, rates.cacheRead, rates.cacheWrite5m];
  if (oneHourCacheWrites) candidates.push(rates.cacheWrite1h);
  return candidates.reduce((a, b) => (a > b ? a : b));
}

/**
 * The price as it is for requests served like this: its token lines hold as they stand. Undefined
 * where the price has no such line, so that it cannot be told.
 */
export function priceServedAs(price: Price, serving: Serving): Price | undefined {
  if (price.free === true) return price;
  const atLatency = serving.latency === 'standard' ? price : optimizedPrice(price);
  if (serving.tier === 'default' || atLatency === undefined) return atLatency;
  const { priority, longContext } = atLatency;
  if (priority === undefined) return undefined;
  return {
    ...atLatency,
    tokens: timesRatio(atLatency.tokens, priority),
    ...(longContext && {
      longContext: { ...longContext, tokens: timesRatio(longContext.tokens, priority) },
    }),
  };
}

/** No source prices optimised latency for long contexts, so a price with both has neither. */
const optimizedPrice = (price: Price): Price | undefined =>
  price.optimized === undefined || price.longContext !== undefined
    ? undefined
    : { ...price, tokens: price.optimized };

function timesRatio(prices: TokenPrices, ratio: Ratio): TokenPrices {
  const times = (rate: bigint) => divCeil(rate * ratio.numerator, ratio.denominator);
  const { cacheReadNanoUsdPerMillion: read } = prices;
  const { cacheWrite5mNanoUsdPerMillion: write5m, cacheWrite1hNanoUsdPerMillion: write1h } = prices;
  return {
    inputNanoUsdPerMillion: times(prices.inputNanoUsdPerMillion),
    outputNanoUsdPerMillion: times(prices.outputNanoUsdPerMillion),
    ...(read !== undefined && { cacheReadNanoUsdPerMillion: times(read) }),
    ...(write5m !== undefined && { cacheWrite5mNanoUsdPerMillion: times(write5m) }),
    ...(write1h !== undefined && { cacheWrite1hNanoUsdPerMillion: times(write1h) }),
  };
}

/**
 * The dearer of two prices in each line, by the version and for the id of `listed`. A line that
 * only one of them has is kept, as a line without price could only refuse.
 */
export function dearerPrice(catalogue: Omit<Price, 'modelId'>, listed: Price): Price {
  const longContext = dearerLongContext(catalogue, listed);
  const priority = dearerRatio(catalogue.priority, listed.priority);
  const optimized = dearerLines(catalogue.optimized, listed.optimized);
  return {
    ...listed,
    tokens: dearerLines(catalogue.tokens, listed.tokens) ?? listed.tokens,
    ...(longContext !== undefined && { longContext }),
    ...(priority !== undefined && { priority }),
    ...(optimized !== undefined && { optimized }),
    units: dearerEntries(catalogue.units ?? {}, listed.units ?? {}),
  };
}

function dearerLongContext(a: Omit<Price, 'modelId'>, b: Price): Price['longContext'] | undefined {
  if (a.longContext === undefined || b.longContext === undefined) {
    return a.longContext ?? b.longContext;
  }
  return {
    thresholdTokens: Math.min(a.longContext.thresholdTokens, b.longContext.thresholdTokens),
    tokens: dearerLines(a.longContext.tokens, b.longContext.tokens) ?? b.longContext.tokens,
  };
}

/** Lines that only one of them has may be absent in the other because they follow the input. */
function dearerLines(a: TokenPrices | undefined, b: TokenPrices | undefined) {
  if (a === undefined || b === undefined) return a ?? b;
  return dearerEntries(a, b);
}

function dearerRatio(a: Ratio | undefined, b: Ratio | undefined): Ratio | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.numerator * b.denominator > b.numerator * a.denominator ? a : b;
}

function dearerEntries<Lines extends object>(a: Lines, b: Lines): Lines {
  const [first, second] = [a, b] as readonly Readonly<Record<string, bigint>>[];
  const lines: Record<string, bigint> = { ...first, ...second };
  for (const [name, amount] of Object.entries(first ?? {})) {
    if (amount > (lines[name] ?? amount)) lines[name] = amount;
  }
  return lines as Lines;
}

/** Which price lines hold for a request with this many input tokens, cached ones included. */
export const pricesForInput = (price: Price, totalInputTokens: number): TokenPrices =>
  price.longContext !== undefined && totalInputTokens > price.longContext.thresholdTokens
    ? price.longContext.tokens
    : price.tokens;

/** What a request of a free model costs all the same. */
export const costBesideFree = (price: Pick<Price, 'units'>, units: UnitCounts): NanoUsd =>
  costOfUnits(pricedUnits(units, price.units), price.units);

/**
 * The cost of what a request used, by a price as it was served (`priceServedAs`); no lower for
 * more tokens, unless long context is priced below the base price.
 *
 * @throws RangeError where a count is negative or no whole number, or a unit has no price
 */
export function costOf(price: Price, usage: TokenUsage): NanoUsd {
  if (price.free === true) return costBesideFree(price, usage.units ?? {});
  const totalInput =
    usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
  const prices = pricesForInput(price, totalInput);
  const rates = tokenRates(prices);
  return sumUsd([
    lineCost(usage.inputTokens, rates.input),
    lineCost(usage.outputTokens, prices.outputNanoUsdPerMillion),
    lineCost(usage.cacheReadTokens, rates.cacheRead),
    lineCost(usage.cacheWrite5mTokens, rates.cacheWrite5m),
    lineCost(usage.cacheWrite1hTokens, rates.cacheWrite1h),
    costOfUnits(usage.units ?? {}, price.units),
  ]);
}
