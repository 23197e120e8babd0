/**
 * The catalogue's rows as prices: decimal dollars become whole nano-dollars, when a model is asked for.
 *
 * Invariant: an amount that is no positive number of dollars is an error; it never reads as 0.
 */
import { GUARDRAIL_PRICES } from '../guardrail.ts';
import { NANO_USD_PER_USD, nanoUsd, parseUsd } from '../money.ts';
import type { Price, Ratio, TokenPrices } from '../price.ts';
import type { Unit, UnitPrices } from '../unit.ts';
import type { CatalogueRow, Offer, UsdPerMillion } from './catalogue-row.ts';

/** A price before it is known by which of its ids it is asked for. */
export interface PricedOffer {
  readonly offer: Offer;
  readonly price: Omit<Price, 'modelId'>;
}

/** A row and its offers' prices, in the row's order. */
export interface PricedRow {
  readonly row: CatalogueRow;
  readonly offers: readonly PricedOffer[];
}

/**
 * A row with the prices of its offers, which carry this version.
 *
 * @throws RangeError where an amount cannot be read, or an offer has no price at all
 */
export const priceRow = (row: CatalogueRow, version: string): PricedRow => ({
  row,
  offers: row.offers.map((offer) => ({ offer, price: priceOf(offer, version) })),
});

function priceOf(offer: Offer, version: string): PricedOffer['price'] {
  const { usd, longContext, priority, optimizedUsd, unitUsd } = offer;
  if (usd === undefined && unitUsd === undefined) throw new RangeError('an offer without a price');
  return {
    version,
    tokens: usd === undefined ? NO_TOKEN_PRICES : tokenPrices(usd),
    ...(longContext && {
      longContext: {
        thresholdTokens: longContext.thresholdTokens,
        tokens: tokenPrices(longContext.usd),
      },
    }),
    ...(priority !== undefined && { priority: exactRatio(priority) }),
    ...(optimizedUsd !== undefined && { optimized: tokenPrices(optimizedUsd) }),
    units: { ...GUARDRAIL_PRICES, ...unitPrices(unitUsd ?? {}) },
  };
}

/** Of a model that is billed by other units alone. */
const NO_TOKEN_PRICES: TokenPrices = { inputNanoUsdPerMillion: 0n, outputNanoUsdPerMillion: 0n };

function tokenPrices(usd: UsdPerMillion): TokenPrices {
  const [input, output, cacheRead, cacheWrite5m, cacheWrite1h] = usd;
  return {
    inputNanoUsdPerMillion: exactUsd(input),
    // An embedding has no output to be billed.
    outputNanoUsdPerMillion: output === '0' ? 0n : exactUsd(output),
    ...(cacheRead !== undefined && { cacheReadNanoUsdPerMillion: exactUsd(cacheRead) }),
    ...(cacheWrite5m !== undefined && { cacheWrite5mNanoUsdPerMillion: exactUsd(cacheWrite5m) }),
    ...(cacheWrite1h !== undefined && { cacheWrite1hNanoUsdPerMillion: exactUsd(cacheWrite1h) }),
  };
}

function unitPrices(usd: Readonly<Partial<Record<Unit, string>>>): UnitPrices {
  return Object.fromEntries(
    Object.entries(usd).map(([unit, amount]) => [unit, nanoUsd(exactUsd(amount))]),
  );
}

/** `1.75` is 175/100: nine decimals of it are whole billionths. */
const exactRatio = (text: string): Ratio => ({
  numerator: exactUsd(text),
  denominator: NANO_USD_PER_USD,
});

function exactUsd(text: string): bigint {
  const amount = parseUsd(text);
  if (amount === undefined || amount <= 0n) throw new RangeError(`not a price: "${text}"`);
  return amount;
}
