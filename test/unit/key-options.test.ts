/**
 * What the options of `hardcap key` may be, and which caps are said to cover a key.
 */
import { describe, expect, it, vi } from 'vitest';
import { capsOfKey } from '../../bin/commands/key-standing.ts';
import { expiryValue, keyTagsValue, readDurationMs } from '../../bin/commands/option-values.ts';
import { cap } from '../helpers/builders.ts';
import { callerKey } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

it.each([
  ['0', 0],
  ['45s', 45_000],
  ['90m', 5_400_000],
  ['24h', 86_400_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
  ['3650d', 315_360_000_000],
  ['3651d', undefined],
  ['30', undefined],
  ['-1d', undefined],
  ['1.5h', undefined],
  ['1 d', undefined],
  ['', undefined],
])('reads the duration "%s"', (text, durationMs) => {
  expect(readDurationMs(text)).toBe(durationMs);
});

it('reads an expiry as a time from now, or as it is given', () => {
  vi.useFakeTimers({ now: NOON_MS + 1 });
  try {
    // Not a moment less than was asked for.
    expect(Date.parse(expiryValue('30d'))).toBe(NOON_MS + 30 * 86_400_000 + 1_000);
  } finally {
    vi.useRealTimers();
  }
  expect(expiryValue('2026-12-31T23:59:00+01:00')).toBe('2026-12-31T23:59:00+01:00');
  for (const text of ['0', 'soon', '2026-12-31']) expect(() => expiryValue(text)).toThrow('30d');
  expect(() => expiryValue('2020-01-01T00:00:00Z')).toThrow('That is over');
});

it('reads tags of a key, one value each', () => {
  expect(keyTagsValue('stage=prod, app=web=1')).toEqual({ stage: 'prod', app: 'web=1' });
  for (const text of ['stage', 'stage=', '=prod', 'a=1,a=2', 'a=1,']) {
    expect(() => keyTagsValue(text)).toThrow('name=value');
  }
});

describe('a key is covered', () => {
  const key = callerKey({ team: 'red', tags: { stage: 'prod' } });
  const covers = (...caps: ReturnType<typeof cap>[]) => capsOfKey(key, caps).length > 0;

  it('by caps of its id, its team or its tags, whatever model they are for', () => {
    expect(covers(cap({ selectors: { keys: ['c*'], models: ['*opus*'] } }))).toBe(true);
    expect(covers(cap({ selectors: { teams: ['red'], requestTags: { run: ['1'] } } }))).toBe(true);
    expect(covers(cap({ selectors: { tags: { stage: ['pr*'] } } }))).toBe(true);
  });

  it('by no cap of another', () => {
    expect(covers(cap({ selectors: { keys: ['other'] } }))).toBe(false);
    expect(covers(cap({ selectors: { keys: ['ci'], teams: ['blue'] } }))).toBe(false);
    expect(covers(cap({ selectors: { tags: { app: ['web'] } } }))).toBe(false);
  });
});
