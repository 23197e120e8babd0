/**
 * What Bedrock bills by something else than tokens, and how it is counted.
 *
 * Source: the Bedrock price list's usage types; docs/prices.md tells each unit's rule.
 */
import { type NanoUsd, nanoUsd } from './money.ts';

/** One billed thing. Those of guardrails are one policy's or check's look at up to
 * 1,000 characters. */
export const UNITS = [
  'made-image',
  'read-image',
  'search-unit',
  'text-request',
  'web-search',
  'guardrail-content',
  'guardrail-topic',
  'guardrail-sensitive-information',
  'guardrail-grounding',
  'guardrail-automated-reasoning',
  'content-filter-check',
  'prompt-attack-check',
  'sensitive-information-check',
] as const;

export type Unit = (typeof UNITS)[number];

/** Whole, not negative; absent is none. */
export type UnitCounts = Readonly<Partial<Record<Unit, number>>>;

/** Nano-dollars for one; absent has no price and cannot be used. */
export type UnitPrices = Readonly<Partial<Record<Unit, NanoUsd>>>;

export const NO_UNITS: UnitCounts = {};

/** The first unit that is counted here and has no price; undefined where there is none. */
export const unpricedUnit = (
  counts: UnitCounts,
  prices: UnitPrices | undefined,
): Unit | undefined =>
  UNITS.find((unit) => (counts[unit] ?? 0) > 0 && prices?.[unit] === undefined);

/** Those of the units that have a price: of a free model, what is billed beside the model. */
export const pricedUnits = (counts: UnitCounts, prices: UnitPrices | undefined): UnitCounts =>
  Object.fromEntries(
    UNITS.flatMap((unit) =>
      prices?.[unit] === undefined || counts[unit] === undefined ? [] : [[unit, counts[unit]]],
    ),
  );

/**
 * The cost of these units, in nano-dollars.
 *
 * @throws RangeError where a unit has no price, or a count is negative or no whole number
 */
export function costOfUnits(counts: UnitCounts, prices: UnitPrices | undefined): NanoUsd {
  let total = 0n;
  for (const unit of UNITS) {
    const count = counts[unit] ?? 0;
    if (count === 0) continue;
    const price = prices?.[unit];
    if (price === undefined) throw new RangeError(`the unit "${unit}" has no price`);
    if (count < 0) throw new RangeError(`the count of "${unit}" is negative`);
    total += BigInt(count) * price;
  }
  return nanoUsd(total);
}
