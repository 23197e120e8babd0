/**
 * A seed is enough to repeat a run, and its streams do not lean on each other.
 */
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from './seeded-random.ts';

const drawn = (random: Random, count: number): number[] =>
  Array.from({ length: count }, () => random.next());

describe('a seeded stream', () => {
  it('is the same for the same seed, today and in the next release', () => {
    expect(drawn(createRandom(7), 100)).toEqual(drawn(createRandom(7), 100));
    expect(drawn(createRandom(7), 4).map((next) => Math.floor(next * 1_000))).toEqual([
      255, 100, 524, 954,
    ]);
  });

  it('is another one for another seed or label', () => {
    const streams = [
      createRandom(1),
      createRandom(2),
      createRandom(1).fork('a'),
      createRandom(1).fork('b'),
      createRandom(1).fork('a').fork('b'),
      createRandom(1).fork('a"/"b'),
      createRandom(2).fork('a'),
    ];

    expect(new Set(streams.map((random) => random.next())).size).toBe(streams.length);
  });

  it('forks to a stream that no draw on its parent or its brothers moves', () => {
    const quiet = createRandom(3);
    const busy = createRandom(3);
    drawn(busy, 50);
    drawn(busy.fork('brother'), 50);

    expect(drawn(busy.fork('child'), 20)).toEqual(drawn(quiet.fork('child'), 20));
  });

  it('spreads evenly over [0, 1) and over whole numbers', () => {
    const random = createRandom(11);
    const counts = new Array<number>(10).fill(0);
    let sum = 0;
    for (let draw = 0; draw < 100_000; draw += 1) {
      const at = random.int(10);
      counts[at] = (counts[at] ?? 0) + 1;
      const next = random.next();
      expect(next >= 0 && next < 1).toBe(true);
      sum += next;
    }

    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.005);
    // A fair draw is within five standard deviations of 10,000: 5 x 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });

  it('picks among all items, and is true as often as its chance', () => {
    const random = createRandom(5);
    const picked = Array.from({ length: 200 }, () => random.pick(['a', 'b', 'c']));
    const isTrue = Array.from({ length: 10_000 }, () => random.chance(0.25));

    expect(new Set(picked)).toEqual(new Set(['a', 'b', 'c']));
    expect(Math.abs(isTrue.filter(Boolean).length - 2_500)).toBeLessThan(220);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });

  it('refuses what it cannot draw from', () => {
    const random = createRandom(1);

    expect(() => random.int(0)).toThrow(RangeError);
    expect(() => random.int(1.5)).toThrow(RangeError);
    expect(() => random.int(2 ** 32 + 1)).toThrow(RangeError);
    expect(() => random.pick([])).toThrow(RangeError);
    expect(() => createRandom(0.5)).toThrow(RangeError);
  });
});
