/**
 * How much output an amount buys: the arithmetic of action `clamp`.
 *
 * Invariant: the bound at the limit that is given is within the amount, and one token more is not.
 *            It is the bound by which the request is reserved, to the nano-dollar.
 */
import { type Bounds, boundCost, type Prepared, unitsAt } from './estimate.ts';
import type { NanoUsd } from './money.ts';
import type { Price } from './price.ts';

/**
 * The least output that is of use, in tokens beside what thinking may take: about a paragraph. Who
 * gets less pays for the input, gets half a sentence, and asks again.
 */
export const USEFUL_OUTPUT_TOKENS = 256;

/** What of a prepared request decides how far its output can be lowered. */
export type Lowerable = Bounds & Pick<Prepared, 'limit' | 'guardedText'>;

/**
 * The greatest output limit for each answer, not above the request's own, that this much buys;
 * undefined where none can be written, or none of use.
 *
 * @param price as it is served (`priceServedAs`)
 */
export function affordableOutputLimit(
  price: Price,
  request: Lowerable,
  remainingNanoUsd: NanoUsd,
): number | undefined {
  const { limit } = request;
  if (limit === undefined) return undefined;
  const fits = (tokens: number): boolean => {
    const outputTokens = tokens * limit.choices;
    const units = unitsAt(outputTokens, request);
    return boundCost(price, { ...request, outputTokens, units }) <= remainingNanoUsd;
  };
  const leastTokens = limit.thinkingBudgetTokens + USEFUL_OUTPUT_TOKENS;
  if (leastTokens > limit.tokens || !fits(leastTokens)) return undefined;
  // The bound does not fall as the limit grows, so halving finds the last limit that fits.
  let fitting = leastTokens;
  let beyond = limit.tokens + 1;
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2);
    if (fits(middle)) fitting = middle;
    else beyond = middle;
  }
  return fitting;
}
