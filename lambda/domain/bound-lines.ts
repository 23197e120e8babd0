/**
 * A bound line by line, for people to follow: how many of what at most, at which rate, and the sum.
 *
 * Invariant: the lines add up to `boundCost` of the same bounds, to the nano-dollar.
 */
import { type Bounds, boundCost, boundRates, ROUNDING_NANO_USD } from './estimate.ts';
import { type NanoUsd, nanoUsd, sumUsd } from './money.ts';
import { lineCost, type Price } from './price.ts';
import { UNITS, type Unit } from './unit.ts';

/** `rounding` is what rounding each price line up may add to the sum, or the least reservation. */
export interface BoundLine {
  readonly line: 'input' | 'output' | 'rounding' | Unit;
  /** The most that there may be. */
  readonly count: number;
  /** For a million tokens, or for one unit. */
  readonly rateNanoUsd: NanoUsd;
  readonly boundNanoUsd: NanoUsd;
}

/** The lines of a request's bound, by a price as it is served; lines of none are left out. */
export function boundLines(price: Price, bounds: Bounds): readonly BoundLine[] {
  const lines = [...tokenLines(price, bounds), ...unitLines(price, bounds)];
  const rest = boundCost(price, bounds) - sumUsd(lines.map(({ boundNanoUsd }) => boundNanoUsd));
  if (rest === 0n) return lines;
  const rateNanoUsd = nanoUsd(rest === ROUNDING_NANO_USD ? 1n : rest);
  const count = Number(rest / rateNanoUsd);
  return [...lines, { line: 'rounding', count, rateNanoUsd, boundNanoUsd: nanoUsd(rest) }];
}

function tokenLines(price: Price, bounds: Bounds): BoundLine[] {
  if (price.free === true) return [];
  const { inputTokens, outputTokens } = bounds;
  const { inputRate, outputRate } = boundRates(price, bounds);
  const lines = [
    ['input', inputTokens, inputRate],
    ['output', outputTokens, outputRate],
  ] as const;
  return lines
    .filter(([, count]) => count > 0)
    .map(([line, count, rate]) => ({
      line,
      count,
      rateNanoUsd: nanoUsd(rate),
      boundNanoUsd: lineCost(count, rate),
    }));
}

const unitLines = (price: Price, { units }: Bounds): BoundLine[] =>
  UNITS.flatMap((unit) => {
    const count = units[unit] ?? 0;
    const rateNanoUsd = price.units?.[unit];
    if (count === 0 || rateNanoUsd === undefined) return [];
    return [{ line: unit, count, rateNanoUsd, boundNanoUsd: nanoUsd(BigInt(count) * rateNanoUsd) }];
  });
