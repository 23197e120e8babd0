/**
 * What a model costs: price lines per million tokens, and the cost of metered tokens.
 *
 * Invariant: cost is rounded up once per price line and is never negative.
 */
import { divCeil, type NanoUsd, nanoUsd, sumUsd } from './money.ts';

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
  /** Marked free by the operator: reserves 1 nano-dollar and settles at zero. */
  readonly free?: boolean;
}

/** A price item that cannot be read. It refuses the requests that it would price. */
export interface MalformedPrice {
  readonly modelId: string;
  /** The first attribute at fault and what it should be. */
  readonly field: string;
  readonly problem: string;
}

/** Metered tokens of one request. All counts are disjoint: input excludes cached tokens. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
}

export const TOKENS_PER_MILLION = 1_000_000n;

/** The price of `count` tokens at one line, rounded up. */
export const lineCost = (count: number, nanoUsdPerMillion: bigint): NanoUsd =>
  nanoUsd(divCeil(BigInt(count) * nanoUsdPerMillion, TOKENS_PER_MILLION));

/**
 * The price lines of input tokens. A cached token without a price of its own is billed as input,
 * and a cache write never below it: price lists disagree about writes that look cheaper.
 */
function inputSideRates(prices: TokenPrices) {
  const input = prices.inputNanoUsdPerMillion;
  const write5m = prices.cacheWrite5mNanoUsdPerMillion ?? input;
  return {
    input,
    cacheRead: prices.cacheReadNanoUsdPerMillion ?? input,
    cacheWrite5m: write5m > input ? write5m : input,
    cacheWrite1h: prices.cacheWrite1hNanoUsdPerMillion ?? (write5m > input ? write5m : input),
  };
}

/** The dearest rate at which an input token can be billed, nano-dollars per million. */
export function dearestInputRate(prices: TokenPrices, oneHourCacheWrites: boolean): bigint {
  const rates = inputSideRates(prices);
  const candidates = [rates.input, rates.cacheRead, rates.cacheWrite5m];
  if (oneHourCacheWrites) candidates.push(rates.cacheWrite1h);
  return candidates.reduce((a, b) => (a > b ? a : b));
}

/** Which price lines hold for a request with this many input tokens, cached ones included. */
export const pricesForInput = (price: Price, totalInputTokens: number): TokenPrices =>
  price.longContext !== undefined && totalInputTokens > price.longContext.thresholdTokens
    ? price.longContext.tokens
    : price.tokens;

/**
 * The cost of a request's metered tokens; no lower for more tokens, unless long context is priced
 * below the base price.
 *
 * @throws RangeError where a count is negative or no whole number
 */
export function costOf(price: Price, usage: TokenUsage): NanoUsd {
  if (price.free === true) return nanoUsd(0n);
  const totalInput =
    usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
  const prices = pricesForInput(price, totalInput);
  const rates = inputSideRates(prices);
  return sumUsd([
    lineCost(usage.inputTokens, rates.input),
    lineCost(usage.outputTokens, prices.outputNanoUsdPerMillion),
    lineCost(usage.cacheReadTokens, rates.cacheRead),
    lineCost(usage.cacheWrite5mTokens, rates.cacheWrite5m),
    lineCost(usage.cacheWrite1hTokens, rates.cacheWrite1h),
  ]);
}
