/**
 * The lines of a bound are the bound: whatever is asked for, they add up to the nano-dollar.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundLines } from '../../lambda/domain/bound-lines.ts';
import { boundCost } from '../../lambda/domain/estimate.ts';
import { nanoUsd, sumUsd } from '../../lambda/domain/money.ts';
import { price } from '../helpers/builders.ts';

const rate = fc.bigInt({ min: 0n, max: 10n ** 11n });
const count = fc.integer({ min: 0, max: 2_000_000 });

test('lines of a bound add up to it', () => {
  fc.assert(
    fc.property(
      fc.record({ input: rate, output: rate, long: rate, unit: rate, isFree: fc.boolean() }),
      fc.record({ inputTokens: count, outputTokens: count, oneHourCacheWrites: fc.boolean() }),
      fc.integer({ min: 0, max: 5 }),
      (rates, tokens, images) => {
        const lines = (inputNanoUsdPerMillion: bigint) => ({
          inputNanoUsdPerMillion,
          outputNanoUsdPerMillion: rates.output,
        });
        const priced = price({
          tokens: lines(rates.input),
          longContext: { thresholdTokens: 1_000, tokens: lines(rates.long) },
          units: { 'made-image': nanoUsd(rates.unit) },
          ...(rates.isFree && { free: true }),
        });
        const bounds = { ...tokens, units: { 'made-image': images } };
        const drawn = boundLines(priced, bounds);
        const each = drawn.map(({ boundNanoUsd }) => boundNanoUsd);
        expect(sumUsd(each)).toBe(boundCost(priced, bounds));
      },
    ),
  );
});
