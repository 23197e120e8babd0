/**
 * The credential's form: what is a key, what is garbage, and what the table holds of it.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalHashes,
  formatKey,
  hashKey,
  isKeyId,
  keyIdOf,
} from '../../lambda/domain/caller-key.ts';

const SECRET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO_-';
const KEY = formatKey('ci', SECRET);

const keyIds = fc.stringMatching(/^[a-z0-9-]{1,40}$/);
const secrets = fc.stringMatching(/^[A-Za-z0-9_-]{43}$/);

describe('a key', () => {
  it('is hc, id, secret and checksum, by a fixed example', () => {
    expect(KEY).toBe(`hc_ci_${SECRET}_d898f098`);
  });

  it('gives back its id, for every id and secret', () => {
    fc.assert(
      fc.property(keyIds, secrets, (keyId, secret) => {
        expect(keyIdOf(formatKey(keyId, secret))).toBe(keyId);
      }),
    );
  });

  it('may hold underscores all through its secret', () => {
    expect(keyIdOf(formatKey('a', '_'.repeat(43)))).toBe('a');
  });

  it('is garbage once any one character is changed', () => {
    fc.assert(
      fc.property(
        keyIds,
        secrets,
        fc.nat(),
        fc.stringMatching(/^[A-Za-z0-9_-]$/),
        (id, secret, at, other) => {
          const key = formatKey(id, secret);
          const index = at % key.length;
          fc.pre(key[index] !== other);

          expect(keyIdOf(key.slice(0, index) + other + key.slice(index + 1))).toBeUndefined();
        },
      ),
    );
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'hc_'],
    ['another prefix', KEY.replace('hc_', 'hk_')],
    ['no id', `hc__${SECRET}_00000000`],
    ['a checksum in capitals', `${KEY.slice(0, -8)}${KEY.slice(-8).toUpperCase()}`],
    ['one character more', `${KEY}0`],
    ['a line end', `${KEY}\n`],
    ['one character less', KEY.slice(0, -1)],
    ['an id in capitals', KEY.replace('_ci_', '_CI_')],
    ['an enormous text', `hc_${'a'.repeat(100_000)}`],
    ['an id of 41 characters', `hc_${'a'.repeat(41)}_${SECRET}_00000000`],
  ])('is not %s', (_, text) => {
    expect(keyIdOf(text)).toBeUndefined();
  });

  it('is not made of arbitrary text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(keyIdOf(text)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['', SECRET],
    ['UPPER', SECRET],
    ['a'.repeat(41), SECRET],
    ['a_b', SECRET],
    ['ci', SECRET.slice(1)],
    ['ci', `${SECRET.slice(1)}+`],
  ])('is not made with id "%s" and secret "%s"', (keyId, secret) => {
    expect(() => formatKey(keyId, secret)).toThrow(RangeError);
  });

  it('has an id of 1 to 40 lower-case letters, digits and hyphens', () => {
    expect(['a', 'ci-2', 'a'.repeat(40)].every(isKeyId)).toBe(true);
    expect(['', 'A', 'a_b', 'a b', 'a\n', 'a'.repeat(41)].some(isKeyId)).toBe(false);
  });
});

describe('a hash', () => {
  it('is the SHA-256 of the whole key in lower-case hex', () => {
    expect(hashKey(KEY)).toBe(createHash('sha256').update(KEY).digest('hex'));
    expect(hashKey(KEY)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('equals itself and no other', () => {
    const other = hashKey(`${KEY}x`);

    expect(equalHashes(hashKey(KEY), hashKey(KEY))).toBe(true);
    expect(equalHashes(hashKey(KEY), other)).toBe(false);
    expect(equalHashes(hashKey(KEY), hashKey(KEY).slice(0, 62))).toBe(false);
  });

  it.each([
    ['', ''],
    ['zz', 'zz'],
    ['abzz', 'abyy'],
    ['abc', 'abd'],
    ['z'.repeat(64), hashKey(KEY)],
    [hashKey(KEY), 'z'.repeat(64)],
  ])('is not what is no hex: "%s" and "%s" are unequal', (a, b) => {
    expect(equalHashes(a, b)).toBe(false);
  });
});
