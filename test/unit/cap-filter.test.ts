/**
 * Rules of the filter of the board: what a typed text finds.
 */
import { describe, expect, it } from 'vitest';
import { capFilter, matchesCap } from '../../lambda/domain/cap-filter.ts';
import { cap } from '../helpers/builders.ts';

const finds = (typed: string, ...of: [Parameters<typeof matchesCap>[1], string?]) =>
  matchesCap(capFilter(typed), ...of);

describe('a filter by name', () => {
  it.each([
    ['', true],
    ['budget', true],
    ['TEAM', true],
    ['team-*', true],
    ['*budget', true],
    ['budget*', false],
    ['t?am-budget', true],
    ['other', false],
  ])('"%s" finds the cap team-budget: %s', (typed, found) => {
    expect(finds(typed, cap())).toBe(found);
  });

  it('finds a value of a split, and none of its other values', () => {
    const split = cap({ capId: 'each', splitBy: 'tag:run' });

    expect(finds('nightly', split, 'nightly-7')).toBe(true);
    expect(finds('nightly', split, 'adhoc')).toBe(false);
  });

  it('finds selectors of keys and teams by what they say and by what they select', () => {
    const some = cap({ capId: 'x', selectors: { keys: ['ali*'], teams: ['red'] } });

    expect(['ali', 'alice', 'red'].map((typed) => finds(typed, some))).toEqual([true, true, true]);
    expect(finds('bob', some)).toBe(false);
  });
});

describe('a filter by key or team', () => {
  it('finds caps that name the key, and not those that only name it as a team', () => {
    expect(finds('key:alice', cap({ selectors: { keys: ['al*'] } }))).toBe(true);
    expect(finds('key:alice', cap({ selectors: { teams: ['alice'] } }))).toBe(false);
    expect(finds('team:alice', cap({ selectors: { teams: ['alice'] } }))).toBe(true);
  });

  it('finds no cap that covers all keys, as it would be found by every one', () => {
    expect(finds('key:alice', cap())).toBe(false);
  });

  it('goes by the value of a split by it, whatever the selectors select', () => {
    const each = cap({ splitBy: 'key', selectors: { keys: ['*'] } });

    expect(finds('key:alice', each, 'alice')).toBe(true);
    expect(finds('key:alice', each, 'bob')).toBe(false);
  });

  it('takes the end of a long text for no part of it', () => {
    expect(capFilter('x'.repeat(500)).text).toHaveLength(200);
  });
});
