/**
 * What clamp buys: the last output limit whose bound the amount covers, to the nano-dollar.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  affordableOutputLimit,
  USEFUL_OUTPUT_TOKENS,
} from '../../lambda/domain/affordable-output.ts';
import { boundCost } from '../../lambda/domain/estimate.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { Price } from '../../lambda/domain/price.ts';

const rate = fc.bigInt({ min: 0n, max: 200_000_000_000n });
const tokens = fc.record(
  {
    inputNanoUsdPerMillion: rate,
    outputNanoUsdPerMillion: rate,
    cacheWrite1hNanoUsdPerMillion: rate,
  },
  { requiredKeys: ['inputNanoUsdPerMillion', 'outputNanoUsdPerMillion'] },
);
const price: fc.Arbitrary<Price> = fc.record(
  {
    modelId: fc.constant('m'),
    version: fc.constant('test'),
    tokens,
    longContext: fc.record({ thresholdTokens: fc.integer({ min: 0, max: 3_000 }), tokens }),
    units: fc.constant({ 'guardrail-topic': nanoUsd(150_000n) }),
  },
  { requiredKeys: ['modelId', 'version', 'tokens', 'units'] },
);
const request = fc.record({
  inputTokens: fc.integer({ min: 0, max: 5_000 }),
  outputTokens: fc.constant(0),
  oneHourCacheWrites: fc.boolean(),
  units: fc.constantFrom({}, { 'guardrail-topic': 3 }),
  limit: fc.record({
    tokens: fc.integer({ min: 1, max: 200_000 }),
    choices: fc.integer({ min: 1, max: 8 }),
    thinkingBudgetTokens: fc.constantFrom(0, 1_024, 16_000),
    isLowered: fc.constant(false),
  }),
});

type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

const boundAt = (at: Price, asked: Request, limitTokens: number) =>
  boundCost(at, { ...asked, outputTokens: limitTokens * asked.limit.choices });

describe('the output limit that an amount buys', () => {
  it('is covered by the amount, and one token more is not', () => {
    let lowered = 0;
    fc.assert(
      fc.property(price, request, fc.bigInt({ min: 0n, max: 10n ** 12n }), (at, asked, amount) => {
        // Up to somewhat more than the whole request costs, so that the edges are met often.
        const remaining = nanoUsd(amount % (boundAt(at, asked, asked.limit.tokens) + 10n));

        const limit = affordableOutputLimit(at, asked, remaining);

        const least = asked.limit.thinkingBudgetTokens + USEFUL_OUTPUT_TOKENS;
        if (limit === undefined) {
          const isOfNoUse = asked.limit.tokens < least;
          expect(isOfNoUse || boundAt(at, asked, least) > remaining).toBe(true);
          return;
        }
        expect(limit).toBeGreaterThanOrEqual(least);
        expect(limit).toBeLessThanOrEqual(asked.limit.tokens);
        expect(boundAt(at, asked, limit) <= remaining).toBe(true);
        if (limit === asked.limit.tokens) return;
        lowered += 1;
        expect(boundAt(at, asked, limit + 1) > remaining).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    expect(lowered).toBeGreaterThan(300);
  });

  it('is exact at an amount that buys it to the nano-dollar', () => {
    fc.assert(
      fc.property(price, request, fc.integer({ min: 0, max: 1_000 }), (at, asked, part) => {
        const least = asked.limit.thinkingBudgetTokens + USEFUL_OUTPUT_TOKENS;
        fc.pre(asked.limit.tokens > least && at.tokens.outputNanoUsdPerMillion >= 1_000_000n);
        fc.pre(at.longContext === undefined);
        const wanted = least + Math.floor(((asked.limit.tokens - least) * part) / 1_000);
        const exact = boundAt(at, asked, wanted);

        expect(affordableOutputLimit(at, asked, exact)).toBe(wanted);
        const oneLess = affordableOutputLimit(at, asked, nanoUsd(exact - 1n));
        expect(oneLess).toBe(wanted === least ? undefined : wanted - 1);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is none where the request has no limit that could be written', () => {
    const asked = { inputTokens: 1, outputTokens: 0, oneHourCacheWrites: false, units: {} };
    const at: Price = {
      modelId: 'm',
      version: 'test',
      tokens: { inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 1n },
    };

    expect(affordableOutputLimit(at, asked, nanoUsd(10n ** 18n))).toBeUndefined();
  });
});
