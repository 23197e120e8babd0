/**
 * The benchmark runs: every answer is the right one, and the books hold each. No time is asserted.
 */
import { describe, expect, it } from 'vitest';
import { reportOf } from '../../bench/report.ts';
import { run } from '../../bench/run.ts';
import { SCENARIOS } from '../../bench/scenarios.ts';
import { DIRECT, hardcapOf, TARGETS } from '../../bench/targets.ts';

const named = (...names: readonly string[]) => TARGETS.filter(({ name }) => names.includes(name));

describe('the benchmark', () => {
  it('measures a gateway with two caps whose answers and books are right', async () => {
    const asked = {
      targets: named(DIRECT, hardcapOf(2)),
      scenarios: SCENARIOS.filter(({ name }) => name === 'small' || name === 'stream'),
      connections: [1],
    };

    const plan = { rounds: 1, share: 0.05, warmUpShare: 0.002, dynamodbDelayMs: 0 };
    const result = await run({ ...asked, ...plan, standstillMs: 10 });

    // A warm-up of 3 and 1, and a round of 1 + 4 and 1 + 1 requests, to each of two targets; and
    // one that is read slowly, to the one that is a program.
    expect(result.answers).toBe(23);
    const books = result.books.get(hardcapOf(2));
    expect(books).toMatchObject({ capCount: 2, writesPerRequest: 5 });
    expect(result.figures.rounds(hardcapOf(2), 'small', 1, 'cpuMs')).toEqual([expect.any(Number)]);
    expect(reportOf(result, asked)).toContain('hardcap-2: writes a request');
  });
});
