/**
 * Caps for every value: globs mean what the regular expression means, and no two values of a
 * split share a counter.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterKeyOf, globMatches, limitAt, selects } from '../../lambda/domain/cap.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { cap, subject } from '../helpers/builders.ts';

const asRegExp = (glob: string): RegExp => {
  const source = [...glob].map((character) => {
    if (character === '*') return '.*';
    return character === '?' ? '.' : character.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 's');
};

/** Few letters, so that texts and globs meet; and any ASCII at all. */
const text = fc.oneof(
  fc.stringMatching(/^[ab.*?]{0,12}$/),
  fc.stringMatching(/^[\x20-\x7e]{0,20}$/),
);
const glob = fc.oneof(
  fc.stringMatching(/^[ab.*?]{0,8}$/),
  fc.stringMatching(/^[\x20-\x7e]{0,12}$/),
);

describe('a glob', () => {
  it('matches what the regular expression of the same meaning matches', () => {
    fc.assert(
      fc.property(glob, text, (pattern, value) => {
        expect(globMatches(pattern, value)).toBe(asRegExp(pattern).test(value));
      }),
      { numRuns: 5_000 },
    );
  });

  it('matches every text from which it was made by leaving parts out', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (parts) => {
        const made = parts.map((part) => part.replaceAll(/[*?]/g, '?')).join('*');

        expect(globMatches(made, parts.join('any'))).toBe(true);
      }),
    );
  });
});

describe('a counter', () => {
  /** Any UTF-16 at all: lone surrogates, control characters, and what encoding itself writes. */
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    fc.stringMatching(/^[%#~u0-9a-f-]{0,8}$/),
    fc.stringMatching(/^[%#a]{600,1200}$/),
  );
  const keyOf = (capId: string, stage: string): string =>
    counterKeyOf(cap({ capId, splitBy: 'tag:stage' }), subject({ tags: { stage } }), 'w').pk;

  it('belongs to one cap and one value, also when both are written as UTF-8', () => {
    const capId = fc.stringMatching(/^[A-Za-z0-9._:-]{1,8}$/);
    fc.assert(
      fc.property(capId, value, capId, value, (capA, a, capB, b) => {
        const isSame = capA === capB && a === b;

        const [one, other] = [Buffer.from(keyOf(capA, a)), Buffer.from(keyOf(capB, b))];
        expect(one.equals(other)).toBe(isSame);
        expect(keyOf(capA, a)).toBe(keyOf(capA, a));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never is the counter of the undivided cap', () => {
    fc.assert(
      fc.property(value, (stage) => {
        expect(keyOf('a', stage)).not.toBe(counterKeyOf(cap({ capId: 'a' }), subject(), 'w').pk);
      }),
    );
  });

  it('fits into a partition key of 2,048 bytes', () => {
    const long = fc
      .tuple(fc.constantFrom('', 'a'), fc.constantFrom('a', 'é', '漢', '🦔', '%'), fc.nat(1_500))
      .map(([first, character, count]) => first + character.repeat(count));
    fc.assert(
      fc.property(fc.oneof(value, long), (stage) => {
        const pk = keyOf('c'.repeat(64), stage);

        expect(Buffer.byteLength(pk)).toBeLessThan(1_200);
        expect(pk.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('selectors', () => {
  it('select no more when one more is named', () => {
    const lists = fc.option(fc.array(glob, { maxLength: 3 }), { nil: undefined });
    fc.assert(
      fc.property(text, text, lists, fc.array(glob), (keyId, team, teams, keys) => {
        const request = subject({ keyId, team });
        const fewer = teams === undefined ? {} : { teams };

        if (selects({ ...fewer, keys }, request)) expect(selects(fewer, request)).toBe(true);
      }),
    );
  });
});

describe('limitAt', () => {
  it('is never below the limit, and the limit again when the raise is over', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 18n }).map(nanoUsd);
    const time = fc.integer({ min: 0, max: 10 });
    fc.assert(
      fc.property(amount, amount, time, time, (limitNanoUsd, raisedTo, untilMs, atMs) => {
        const raised = cap({ limitNanoUsd, raised: { limitNanoUsd: raisedTo, untilMs } });
        const limit = limitAt(raised, atMs);

        expect(limit >= limitNanoUsd).toBe(true);
        if (atMs >= untilMs) expect(limit).toBe(limitNanoUsd);
        else expect(limit >= raisedTo).toBe(true);
      }),
    );
  });
});
