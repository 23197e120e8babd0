/**
 * How old a kept reading may be, and who shares one that is under way.
 */
import { expect, test } from 'vitest';
import { createFreshReading } from '../../lambda/adapters/settings/fresh-reading.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const MAX_AGE_MS = 5_000;

/** Loads that end when the test says so, in any order. */
function controlledLoads() {
  const loads: PromiseWithResolvers<string>[] = [];
  const load = () => {
    const pending = Promise.withResolvers<string>();
    loads.push(pending);
    return pending.promise;
  };
  const at = (index: number): PromiseWithResolvers<string> => {
    const pending = loads[index];
    if (pending === undefined) throw new Error(`there were only ${loads.length} loads`);
    return pending;
  };
  return { load, at, count: () => loads.length };
}

function setUp() {
  const clock = createVirtualClock();
  const loads = controlledLoads();
  return { clock, loads, reading: createFreshReading(clock, loads.load) };
}

test('loads once for all who ask while it is under way', async () => {
  const { loads, reading } = setUp();

  const both = [reading.read(MAX_AGE_MS), reading.read(MAX_AGE_MS)];
  loads.at(0).resolve('caps');

  expect(await Promise.all(both)).toEqual([
    { value: 'caps', readAtMs: NOON_MS },
    { value: 'caps', readAtMs: NOON_MS },
  ]);
  expect(loads.count()).toBe(1);
});

test('dates a reading by its start, not by its end', async () => {
  const { clock, loads, reading } = setUp();

  const result = reading.read(MAX_AGE_MS);
  clock.advance(900);
  loads.at(0).resolve('caps');

  expect((await result).readAtMs).toBe(NOON_MS);
});

test('keeps a reading until it is older than allowed, and not longer', async () => {
  const { clock, loads, reading } = setUp();
  const first = reading.read(MAX_AGE_MS);
  loads.at(0).resolve('old');
  await first;

  clock.advance(MAX_AGE_MS);
  expect((await reading.read(MAX_AGE_MS)).value).toBe('old');

  clock.advance(1);
  const second = reading.read(MAX_AGE_MS);
  loads.at(1).resolve('new');
  expect((await second).value).toBe('new');
});

test('does not join a reading that began too long ago', async () => {
  const { clock, loads, reading } = setUp();
  const slow = reading.read(MAX_AGE_MS);
  clock.advance(MAX_AGE_MS + 1);

  const fresh = reading.read(MAX_AGE_MS);
  loads.at(1).resolve('new');

  expect(await fresh).toEqual({ value: 'new', readAtMs: NOON_MS + MAX_AGE_MS + 1 });
  loads.at(0).resolve('old');
  await slow;
  expect(reading.peek()?.value).toBe('new');
});

test('keeps nothing of a reading that failed, and tries again', async () => {
  const { loads, reading } = setUp();
  const failed = [reading.read(MAX_AGE_MS), reading.read(MAX_AGE_MS)];
  loads.at(0).reject(new Error('no table'));
  for (const result of failed) await expect(result).rejects.toThrow('no table');

  expect(reading.peek()).toBeUndefined();
  const second = reading.read(MAX_AGE_MS);
  loads.at(1).resolve('caps');
  expect((await second).value).toBe('caps');
});

test('keeps the last reading when a later one failed', async () => {
  const { clock, loads, reading } = setUp();
  const first = reading.read(MAX_AGE_MS);
  loads.at(0).resolve('caps');
  await first;

  clock.advance(MAX_AGE_MS + 1);
  const second = reading.read(MAX_AGE_MS);
  loads.at(1).reject(new Error('no table'));
  await expect(second).rejects.toThrow('no table');

  expect(reading.peek()).toEqual({ value: 'caps', readAtMs: NOON_MS });
});

test('does not trust a reading from the future, as when the clock was set back', async () => {
  const { clock, loads, reading } = setUp();
  const first = reading.read(MAX_AGE_MS);
  loads.at(0).resolve('old');
  await first;

  clock.advance(-3_600_000);

  expect(reading.peek()).toBeUndefined();
  const second = reading.read(MAX_AGE_MS);
  loads.at(1).resolve('new');
  expect((await second).value).toBe('new');
});
