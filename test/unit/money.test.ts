/**
 * Money at the edges: what people type, what DynamoDB answers, what is shown.
 */
import { describe, expect, it } from 'vitest';
import {
  addUsd,
  divCeil,
  formatUsd,
  maxUsd,
  minUsd,
  nanoUsd,
  parseUsd,
  subtractUsd,
  sumUsd,
  ZERO_USD,
} from '../../lambda/domain/money.ts';

describe('parseUsd', () => {
  it.each([
    ['12.50', 12_500_000_000n],
    ['0', 0n],
    ['-0', 0n],
    ['007', 7_000_000_000n],
    ['0.000000001', 1n],
    ['-0.000000001', -1n],
    ['999999999999999999.999999999', 999_999_999_999_999_999_999_999_999n],
    ['1E-9', 1n],
    ['1e-9', 1n],
    ['-2.5E-8', -25n],
    ['1.5E+2', 150_000_000_000n],
    ['1E2', 100_000_000_000n],
    ['123E-2', 1_230_000_000n],
    ['0E0', 0n],
    ['0E-30', 0n],
    ['1.500000000000E0', 1_500_000_000n],
  ])('reads %s exactly', (text, amount) => {
    expect(parseUsd(text)).toBe(amount);
  });

  it.each([
    ['nothing', ''],
    ['a space', ' 1'],
    ['a line end', '1\n'],
    ['a dollar sign', '$1'],
    ['a thousands separator', '1,000'],
    ['a plus sign', '+1'],
    ['two points', '1.2.3'],
    ['a point without digits', '1.'],
    ['a fraction without a whole', '.5'],
    ['hex', '0x10'],
    ['no number', 'NaN'],
    ['no end', 'Infinity'],
    ['other scripts', '١٢'],
    ['finer than a nano-dollar', '0.0000000001'],
    ['finer than a nano-dollar in scientific form', '1E-10'],
    ['more digits than any counter has', '1234567890123456789'],
    ['an exponent without digits', '1E'],
    ['an exponent beyond DynamoDB', '1E99'],
    ['an amount that would shift to a nano-dollar only by wrapping round', '5E-50'],
    ['an exponent that would fill the memory', '1E999999999'],
  ])('refuses %s', (_, text) => {
    expect(parseUsd(text)).toBeUndefined();
  });
});

describe('formatUsd', () => {
  it.each([
    [0n, '0.00'],
    [1n, '0.000000001'],
    [12_500_000_000n, '12.50'],
    [100_000_000n, '0.10'],
    [-1_005_000_000n, '-1.005'],
    [1_000_000_000_000_000_000n, '1000000000.00'],
  ])('shows %s nano-dollars as %s: every digit that is needed, two at least', (amount, text) => {
    expect(formatUsd(nanoUsd(amount))).toBe(text);
  });
});

describe('arithmetic', () => {
  const [one, two] = [nanoUsd(1n), nanoUsd(2n)];

  it('adds, subtracts, compares and sums whole nano-dollars', () => {
    expect(addUsd(one, two)).toBe(3n);
    expect(subtractUsd(one, two)).toBe(-1n);
    expect([maxUsd(one, two), maxUsd(two, one)]).toEqual([two, two]);
    expect([minUsd(one, two), minUsd(two, one)]).toEqual([one, one]);
    expect(sumUsd([one, two, two])).toBe(5n);
    expect(sumUsd([])).toBe(ZERO_USD);
  });

  it('divides upwards', () => {
    expect([divCeil(0n, 3n), divCeil(1n, 3n), divCeil(3n, 3n), divCeil(4n, 3n)]).toEqual([
      0n,
      1n,
      1n,
      2n,
    ]);
  });

  it.each([
    [-1n, 3n],
    [1n, 0n],
    [1n, -1n],
  ])('refuses to divide %s by %s, whose rounding would not be upwards', (dividend, divisor) => {
    expect(() => divCeil(dividend, divisor)).toThrow(RangeError);
  });
});
