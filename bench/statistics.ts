/**
 * The arithmetic of the benchmark: percentiles, and medians of differences within rounds.
 *
 * A machine that other programs disturb is slower in one round than in the next, for every target
 * alike: the difference of two targets within a round is left.
 */

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

/** The smallest value that so many percent of them do not pass; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = ascending(values);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length / 2;
  const above = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 === 1 ? above : ((sorted[middle - 1] ?? Number.NaN) + above) / 2;
}

/** The median of the differences within each round; rounds that lack one of the two are left out. */
export function medianDifference(
  rounds: readonly (number | undefined)[],
  baseline: readonly (number | undefined)[],
): number {
  return median(
    rounds.flatMap((value, at) => {
      const base = baseline[at];
      return value === undefined || base === undefined ? [] : [value - base];
    }),
  );
}
