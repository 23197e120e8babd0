/**
 * Money for every amount: no digit is lost and no division favours the caller.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divCeil, formatUsd, nanoUsd, parseUsd } from '../../lambda/domain/money.ts';

/** The largest amount of 18 whole digits. */
const MOST = 10n ** 27n - 1n;
const amounts = fc.bigInt({ min: -MOST, max: MOST });

describe('dollars as text', () => {
  it('give back the amount they were written from', () => {
    fc.assert(
      fc.property(amounts, (amount) => {
        expect(parseUsd(formatUsd(nanoUsd(amount)))).toBe(amount);
      }),
    );
  });

  it('mean the same in scientific form, wherever the point stands', () => {
    fc.assert(
      fc.property(amounts, fc.nat({ max: 20 }), fc.constantFrom('e', 'E'), (amount, shift, e) => {
        const digits = (amount < 0n ? -amount : amount).toString().padStart(shift + 1, '0');
        const point = digits.length - shift;
        const fraction = shift === 0 ? '' : `.${digits.slice(point)}`;
        const text = `${amount < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}${e}${shift - 9}`;

        expect(parseUsd(text)).toBe(amount);
      }),
    );
  });

  it('are never read from text that is no plain or scientific number', () => {
    const isNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9.eE, $]{0,12}$/));
    fc.assert(
      fc.property(text, (anything) => {
        if (!isNumber.test(anything)) expect(parseUsd(anything)).toBeUndefined();
      }),
    );
  });

  it('are refused where they are finer than a nano-dollar', () => {
    const finer = fc.stringMatching(/^\d{1,5}\.\d{9}\d{0,5}[1-9]$/);
    fc.assert(
      fc.property(finer, (text) => {
        expect(parseUsd(text)).toBeUndefined();
      }),
    );
  });
});

describe('divCeil', () => {
  it('is the smallest quotient that covers the dividend', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: MOST }),
        fc.bigInt({ min: 1n, max: MOST }),
        (dividend, divisor) => {
          const quotient = divCeil(dividend, divisor);

          expect(quotient * divisor >= dividend).toBe(true);
          expect((quotient - 1n) * divisor < dividend).toBe(true);
        },
      ),
    );
  });
});
