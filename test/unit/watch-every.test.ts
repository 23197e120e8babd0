/**
 * Rules of the pace of `status --watch`.
 */
import { expect, it } from 'vitest';
import { parseEvery } from '../../bin/commands/status-watch.ts';
import { paceMs } from '../../bin/commands/watch-reading.ts';

it.each([
  ['2s', 2_000],
  ['2', 2_000],
  ['1.5s', 1_500],
  ['500ms', 500],
  ['60m', 3_600_000],
])('reads %s', (text, ms) => {
  expect(parseEvery(text)).toBe(ms);
});

it.each(['', '0', '499ms', '61m', '-1s', '2h', 'soon', '1e3'])('refuses "%s"', (text) => {
  expect(() => parseEvery(text)).toThrow(/--every ".*" is not a time from 500ms to 60m/);
});

it('reads at most a hundred times a second, however many caps there are', () => {
  expect(paceMs(2_000, 200)).toBe(2_000);
  expect(paceMs(2_000, 2_000)).toBe(20_000);
});
