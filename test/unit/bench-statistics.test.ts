import { describe, expect, it } from 'vitest';
import { median, medianDifference, percentile } from '../../bench/statistics.ts';

describe('the arithmetic of the benchmark', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([5, 1, 100])).toBe(5);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('takes the smallest value that so many percent do not pass', () => {
    const values = Array.from({ length: 200 }, (_, at) => 200 - at);

    expect(percentile(values, 99)).toBe(198);
    expect(percentile(values, 100)).toBe(200);
    expect(percentile([7], 99)).toBe(7);
    expect(percentile([], 99)).toBeNaN();
  });

  it('compares within each round, so that a slow round is slow for both', () => {
    const direct = [1, 50, 2];
    const gateway = [3, 51, 5];

    expect(medianDifference(gateway, direct)).toBe(2);
    expect(median(gateway) - median(direct)).toBe(3);
  });

  it('leaves rounds out that lack one of the two', () => {
    expect(medianDifference([3, undefined, 9], [1, 2])).toBe(2);
    expect(medianDifference([undefined], [1])).toBeNaN();
  });
});
