/**
 * A cost shown line by line is the cost.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costLines } from '../../lambda/domain/cost-lines.ts';
import { costOf } from '../../lambda/domain/price.ts';
import { price, usage, usd } from '../helpers/builders.ts';

test('the lines of a cost add up to it, to the nano-dollar', () => {
  const count = fc.nat({ max: 400_000 });
  const whole = price({
    longContext: {
      thresholdTokens: 200_000,
      tokens: { inputNanoUsdPerMillion: 7n, outputNanoUsdPerMillion: 13n },
    },
    units: { 'made-image': usd('0.04') },
  });
  fc.assert(
    fc.property(count, count, count, count, count, fc.nat({ max: 9 }), (a, b, c, d, e, images) => {
      const used = usage({
        inputTokens: a,
        outputTokens: b,
        cacheReadTokens: c,
        cacheWrite5mTokens: d,
        cacheWrite1hTokens: e,
        units: { 'made-image': images },
      });
      const sum = costLines(whole, used).reduce((total, line) => total + line.costNanoUsd, 0n);

      expect(sum).toBe(costOf(whole, used));
    }),
  );
});
