/**
 * Costs for every price and usage: never below the exact price, and no cheaper for more tokens.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  costOf,
  dearestInputRate,
  lineCost,
  type Price,
  type TokenPrices,
  type TokenUsage,
} from '../../lambda/domain/price.ts';
import { price } from '../helpers/builders.ts';

const LINES = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
] as const;
const INPUT_LINES = LINES.filter((line) => line !== 'outputTokens');

const rate = fc.bigInt({ min: 0n, max: 100_000_000_000n });
const tokenPrices: fc.Arbitrary<TokenPrices> = fc.record(
  {
    inputNanoUsdPerMillion: rate,
    outputNanoUsdPerMillion: rate,
    cacheReadNanoUsdPerMillion: rate,
    cacheWrite5mNanoUsdPerMillion: rate,
    cacheWrite1hNanoUsdPerMillion: rate,
  },
  { requiredKeys: ['inputNanoUsdPerMillion', 'outputNanoUsdPerMillion'] },
);
const count = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 2_000_000 }));
const usages: fc.Arbitrary<TokenUsage> = fc.record({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWrite5mTokens: count,
  cacheWrite1hTokens: count,
});

/** The same prices, every line that is there times `factor`. */
const dearer = (prices: TokenPrices, factor: bigint): TokenPrices => ({
  ...prices,
  ...Object.fromEntries(Object.entries(prices).map(([line, value]) => [line, value * factor])),
});

/** With and without a tier for long context that is dearer in every line. */
const prices: fc.Arbitrary<Price> = fc
  .tuple(tokenPrices, fc.boolean(), fc.nat({ max: 1_000_000 }), fc.bigInt({ min: 1n, max: 3n }))
  .map(([tokens, isTiered, thresholdTokens, factor]) =>
    price({
      tokens,
      ...(isTiered ? { longContext: { thresholdTokens, tokens: dearer(tokens, factor) } } : {}),
    }),
  );

describe('lineCost', () => {
  it('is the exact price rounded up by less than one nano-dollar', () => {
    fc.assert(
      fc.property(count, rate, (tokens, nanoUsdPerMillion) => {
        const exact = BigInt(tokens) * nanoUsdPerMillion;
        const charged = lineCost(tokens, nanoUsdPerMillion) * 1_000_000n;

        expect(charged >= exact && charged - exact < 1_000_000n).toBe(true);
      }),
    );
  });
});

describe('costOf', () => {
  it('is no lower for one more token on any line, where long context is no cheaper', () => {
    fc.assert(
      fc.property(prices, usages, fc.constantFrom(...LINES), count, (of, used, line, more) => {
        const greater = { ...used, [line]: used[line] + more };

        expect(costOf(of, greater) >= costOf(of, used)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is never below the base price of its input and output, less what caching saves', () => {
    fc.assert(
      fc.property(tokenPrices, usages, (tokens, used) => {
        const cost = costOf(price({ tokens }), used);
        const least =
          lineCost(used.inputTokens, tokens.inputNanoUsdPerMillion) +
          lineCost(used.outputTokens, tokens.outputNanoUsdPerMillion);

        expect(cost >= least).toBe(true);
      }),
    );
  });

  it('is at most all input at the dearest rate, one rounding more for each other line', () => {
    fc.assert(
      fc.property(tokenPrices, usages, (tokens, used) => {
        const input = INPUT_LINES.reduce((sum, line) => sum + used[line], 0);
        const bound =
          lineCost(input, dearestInputRate(tokens, true)) +
          lineCost(used.outputTokens, tokens.outputNanoUsdPerMillion) +
          BigInt(INPUT_LINES.length - 1);

        expect(costOf(price({ tokens }), used) <= bound).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('stays in the dearest rate without hour writes where the request makes none', () => {
    fc.assert(
      fc.property(tokenPrices, usages, (tokens, used) => {
        const without = { ...used, cacheWrite1hTokens: 0 };
        const input = INPUT_LINES.reduce((sum, line) => sum + without[line], 0);
        const bound =
          lineCost(input, dearestInputRate(tokens, false)) +
          lineCost(used.outputTokens, tokens.outputNanoUsdPerMillion) +
          BigInt(INPUT_LINES.length - 1);

        expect(costOf(price({ tokens }), without) <= bound).toBe(true);
      }),
    );
  });
});
