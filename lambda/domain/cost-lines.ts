/**
 * A cost line by line, for people to follow: how many of what, at which price, and the sum.
 *
 * Invariant: the lines add up to `costOf` of the same usage, to the nano-dollar.
 */
import { type NanoUsd, nanoUsd } from './money.ts';
import { lineCost, type Price, pricesForInput, type TokenUsage, tokenRates } from './price.ts';
import type { TokenLine } from './price-listing.ts';
import { pricedUnits, UNITS, type Unit } from './unit.ts';

export interface CostLine {
  readonly line: TokenLine | Unit;
  readonly count: number;
  /** For a million tokens, or for one unit. */
  readonly rateNanoUsd: NanoUsd;
  readonly costNanoUsd: NanoUsd;
}

/**
 * The lines of what a request used, by a price as it was served; lines of none are left out.
 *
 * @throws RangeError where a unit has no price
 */
export function costLines(price: Price, usage: TokenUsage): readonly CostLine[] {
  if (price.free === true) {
    const billed = pricedUnits(usage.units ?? {}, price.units);
    return UNITS.flatMap((unit) => unitLine(price, unit, billed[unit] ?? 0));
  }
  const { inputTokens, outputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } =
    usage;
  const totalInput = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
  const prices = pricesForInput(price, totalInput);
  const rates = tokenRates(prices);
  const lines: readonly (readonly [TokenLine, number, bigint])[] = [
    ['input', inputTokens, rates.input],
    ['output', outputTokens, prices.outputNanoUsdPerMillion],
    ['cache-read', cacheReadTokens, rates.cacheRead],
    ['cache-write-5m', cacheWrite5mTokens, rates.cacheWrite5m],
    ['cache-write-1h', cacheWrite1hTokens, rates.cacheWrite1h],
  ];
  return [
    ...lines
      .filter(([, count]) => count > 0)
      .map(([line, count, rate]) => ({
        line,
        count,
        rateNanoUsd: nanoUsd(rate),
        costNanoUsd: lineCost(count, rate),
      })),
    ...UNITS.flatMap((unit) => unitLine(price, unit, usage.units?.[unit] ?? 0)),
  ];
}

function unitLine(price: Price, unit: Unit, count: number): CostLine[] {
  if (count === 0) return [];
  const rate = price.units?.[unit];
  if (rate === undefined) throw new RangeError(`the unit "${unit}" has no price`);
  return [{ line: unit, count, rateNanoUsd: rate, costNanoUsd: nanoUsd(BigInt(count) * rate) }];
}
