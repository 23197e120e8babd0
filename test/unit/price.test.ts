/**
 * Prices by example: each line rounded up, cached tokens, long context, free models.
 */
import { describe, expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import {
  costOf,
  dearestInputRate,
  lineCost,
  pricesForInput,
  type TokenPrices,
} from '../../lambda/domain/price.ts';
import { price, usage, usd } from '../helpers/builders.ts';

const CACHED: TokenPrices = {
  inputNanoUsdPerMillion: usd('1'),
  outputNanoUsdPerMillion: usd('5'),
  cacheReadNanoUsdPerMillion: usd('0.1'),
  cacheWrite5mNanoUsdPerMillion: usd('1.25'),
  cacheWrite1hNanoUsdPerMillion: usd('2'),
};

describe('the cost of a request', () => {
  it('is the sum of its lines, each at its own price', () => {
    const tokens = usage({
      inputTokens: 1_000_000,
      outputTokens: 2_000_000,
      cacheReadTokens: 3_000_000,
      cacheWrite5mTokens: 4_000_000,
      cacheWrite1hTokens: 5_000_000,
    });

    expect(costOf(price({ tokens: CACHED }), tokens)).toBe(usd('26.3'));
  });

  it('is rounded up once for each line', () => {
    const tokens = { ...CACHED, inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 1n };

    expect(lineCost(1, 1n)).toBe(1n);
    expect(lineCost(1_000_000, 1n)).toBe(1n);
    expect(lineCost(1_000_001, 1n)).toBe(2n);
    expect(costOf(price({ tokens }), usage({ inputTokens: 1, outputTokens: 1 }))).toBe(2n);
  });

  it('is nothing where nothing was used', () => {
    expect(costOf(price(), usage())).toBe(0n);
  });

  it('is nothing where the model is free, however much was used', () => {
    const tokens = usage({ inputTokens: 1_000, outputTokens: 1_000 });

    expect(costOf(price({ free: true }), tokens)).toBe(0n);
  });

  it.each([-1, 0.5, Number.NaN])('is not told for %s tokens', (inputTokens) => {
    expect(() => costOf(price(), usage({ inputTokens }))).toThrow(RangeError);
  });

  it('counts cached tokens as input where they have no price of their own', () => {
    const tokens = usage({ cacheReadTokens: 1_000_000, cacheWrite1hTokens: 1_000_000 });

    expect(costOf(price(), tokens)).toBe(usd('2'));
  });

  it('counts a cache write at the input price at least, however cheap it is listed', () => {
    const tokens = { ...CACHED, cacheWrite5mNanoUsdPerMillion: usd('0.5') };

    expect(costOf(price({ tokens }), usage({ cacheWrite5mTokens: 1_000_000 }))).toBe(usd('1'));
  });

  it('T19 counts a write for an hour at twice the input where only five minutes have a price', () => {
    const { cacheWrite1hNanoUsdPerMillion: _, ...tokens } = CACHED;

    expect(costOf(price({ tokens }), usage({ cacheWrite1hTokens: 1_000_000 }))).toBe(usd('2'));
  });
});

describe('long context', () => {
  const long = price({
    tokens: CACHED,
    longContext: {
      thresholdTokens: 200_000,
      tokens: { ...CACHED, inputNanoUsdPerMillion: usd('2'), outputNanoUsdPerMillion: usd('10') },
    },
  });

  it('prices the whole request, output too, from the first token past the threshold', () => {
    const below = usage({ inputTokens: 200_000, outputTokens: 1_000_000 });
    const above = usage({ inputTokens: 200_001, outputTokens: 1_000_000 });

    expect(costOf(long, below)).toBe(usd('5.2'));
    expect(costOf(long, above)).toBe(usd('10.400002'));
  });

  it.each(['cacheReadTokens', 'cacheWrite5mTokens', 'cacheWrite1hTokens'] as const)(
    'is reached by %s as well',
    (line) => {
      const tokens = usage({ inputTokens: 200_000, [line]: 1 });

      expect(costOf(long, tokens)).toBeGreaterThanOrEqual(usd('0.4'));
      expect(pricesForInput(long, 200_001)).toBe(long.longContext?.tokens);
      expect(pricesForInput(long, 200_000)).toBe(CACHED);
    },
  );
});

describe('the dearest input rate', () => {
  it('is the five-minute write, and the hour write only where the request may make one', () => {
    expect(dearestInputRate(CACHED, false)).toBe(usd('1.25'));
    expect(dearestInputRate(CACHED, true)).toBe(usd('2'));
  });

  it('is the input price where cached tokens have none or are cheaper', () => {
    const cheap = { ...CACHED, cacheWrite5mNanoUsdPerMillion: nanoUsd(0n) };

    expect(dearestInputRate(price().tokens, true)).toBe(usd('1'));
    expect(dearestInputRate(cheap, false)).toBe(usd('1'));
  });
});
