/**
 * A reservation's id: it tells when it is stale, and never too early.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expiresAtMs, reservationId } from '../../lambda/domain/reservation.ts';

const RANDOM = '0123456789';
/** The last second that six characters of base 36 can hold, in the year 2038. */
const LAST_MS = (36 ** 6 - 1) * 1_000;

describe('a reservation id', () => {
  it('is sixteen characters: the expiry second in base 36, then randomness', () => {
    expect(reservationId(1_000, RANDOM)).toBe('0000010123456789');
  });

  it('is stale at the second that it names, never before the time that was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_MS }), (atMs) => {
        const stale = expiresAtMs(reservationId(atMs, RANDOM)) ?? Number.NaN;

        expect(stale).toBeGreaterThanOrEqual(atMs);
        expect(stale - atMs).toBeLessThan(1_000);
      }),
    );
  });

  it('sorts by its expiry', () => {
    const times = fc.integer({ min: 0, max: LAST_MS });
    fc.assert(
      fc.property(times, times, (a, b) => {
        fc.pre(Math.ceil(a / 1_000) < Math.ceil(b / 1_000));

        expect(reservationId(a, RANDOM) < reservationId(b, RANDOM)).toBe(true);
      }),
    );
  });

  it.each([
    ['too few random characters', 0, '012345678'],
    ['too many random characters', 0, '01234567890'],
    ['a later time that eats into the randomness', LAST_MS + 1_000, '012345678'],
    ['random characters of another alphabet', 0, '012345678A'],
    ['a time before the epoch', -1_000_000, RANDOM],
    ['a time that six characters cannot hold', LAST_MS + 1_000, RANDOM],
    ['no time', Number.NaN, RANDOM],
  ])('is not made of %s', (_, atMs, random) => {
    expect(() => reservationId(atMs, random)).toThrow(RangeError);
  });

  it.each(['', 'short', 'UPPERCASE0000000', '00000100000000000', '000001 000000000'])(
    'tells no expiry where "%s" is none',
    (text) => {
      expect(expiresAtMs(text)).toBeUndefined();
    },
  );
});
