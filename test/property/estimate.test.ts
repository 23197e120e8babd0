/**
 * The promise of the estimate: nothing that Bedrock can meter costs more than the bound.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import { costOf, type Price, type TokenPrices } from '../../lambda/domain/price.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';

const rate = fc.bigInt({ min: 0n, max: 200_000_000_000n });

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

const price: fc.Arbitrary<Price> = fc.record(
  {
    modelId: fc.constant('m'),
    version: fc.constant('test'),
    tokens: tokenPrices,
    longContext: fc.record({
      thresholdTokens: fc.integer({ min: 0, max: 3_000 }),
      tokens: tokenPrices,
    }),
  },
  { requiredKeys: ['modelId', 'version', 'tokens'] },
);

const modelAt = (at: Price, family: Model['family'] = 'anthropic'): Model => ({
  modelId: 'm',
  baseModelId: 'm',
  profileId: 'm',
  vendor: 'v',
  family,
  price: at,
  contextWindowTokens: 1_000_000,
  maxOutputTokens: 8_000,
});

const anyText = fc.string({ unit: 'grapheme', maxLength: 400 });

const bodyOf = (text: string, maxTokens: number, oneHour: boolean): JsonObject => ({
  max_tokens: maxTokens,
  messages: [{ role: 'user', content: text }],
  ...(oneHour ? { cache_control: { type: 'ephemeral', ttl: '1h' } } : {}),
});

const prepare = (model: Model, body: JsonObject) =>
  prepareRequest({ operation: 'invoke', model, body, headers: {}, allowFields: new Set() });

/** Cuts a count into parts by fractions of 0 to 1,000; what is left is the last part. */
function split(count: number, fractions: readonly number[]): number[] {
  let left = count;
  const parts = fractions.map((fraction) => {
    const part = Math.floor((left * fraction) / 1_000);
    left -= part;
    return part;
  });
  return [...parts, left];
}

const fractions = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 4, maxLength: 4 });

describe('the bound of the cost', () => {
  it('is not passed by any split of the bounded tokens over the price lines', () => {
    fc.assert(
      fc.property(
        price,
        anyText,
        fc.integer({ min: 1, max: 9_000 }),
        fc.boolean(),
        fractions,
        fc.integer({ min: 0, max: 1_000 }),
        (at, text, maxTokens, oneHour, cuts, outputPart) => {
          const prepared = prepare(modelAt(at), bodyOf(text, maxTokens, oneHour));
          const [unused = 0, input = 0, read = 0, write5m = 0, rest = 0] = split(
            prepared.inputTokens,
            cuts,
          );
          const usage = {
            inputTokens: input + (oneHour ? 0 : rest),
            outputTokens: Math.ceil((prepared.outputTokens * outputPart) / 1_000),
            cacheReadTokens: read,
            cacheWrite5mTokens: write5m,
            cacheWrite1hTokens: oneHour ? rest : 0,
          };

          expect(unused).toBeGreaterThanOrEqual(0);
          expect(costOf(at, usage) <= prepared.boundNanoUsd).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is reached but for the rounding, where every token is billed at the dearest rate', () => {
    fc.assert(
      fc.property(price, anyText, (at, text) => {
        const flat: Price = { modelId: 'm', version: 'test', tokens: at.tokens };
        const prepared = prepare(modelAt(flat), bodyOf(text, 10, true));
        const count = prepared.inputTokens;
        const usages = [
          { inputTokens: count, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 },
          { inputTokens: 0, cacheReadTokens: count, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 },
          { inputTokens: 0, cacheReadTokens: 0, cacheWrite5mTokens: count, cacheWrite1hTokens: 0 },
          { inputTokens: 0, cacheReadTokens: 0, cacheWrite5mTokens: 0, cacheWrite1hTokens: count },
        ];
        const dearest = usages
          .map((usage) => costOf(flat, { ...usage, outputTokens: 10 }))
          .reduce((a, b) => (a > b ? a : b));

        expect(prepared.boundNanoUsd - dearest <= 3n).toBe(true);
      }),
    );
  });

  it('is at least one nano-dollar', () => {
    fc.assert(
      fc.property(price, fc.boolean(), (at, free) => {
        expect(prepare(modelAt({ ...at, free }), bodyOf('', 1, false)).boundNanoUsd >= 1n).toBe(
          true,
        );
      }),
    );
  });
});

describe('the bound of the input', () => {
  it('is at least the bytes of all text, as sent and as normalised', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 20 }),
        (texts) => {
          const content = texts.map((text) => ({ type: 'text', text }));
          const at: Price = {
            modelId: 'm',
            version: 'test',
            tokens: { inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 1n },
          };
          const body = { max_tokens: 1, messages: [{ role: 'user', content }] };
          const bytesOf = (read: (text: string) => string) =>
            texts.reduce((total, text) => total + Buffer.byteLength(read(text)), 0);

          const { inputTokens } = prepare(modelAt(at), body);

          expect(inputTokens).toBeGreaterThanOrEqual(bytesOf((text) => text));
          expect(inputTokens).toBeGreaterThanOrEqual(bytesOf((text) => text.normalize('NFKC')));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
