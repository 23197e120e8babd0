/**
 * The money path under every fault that the world has, seed after seed: those within which every
 * mutant of `npm run simulate:mutants` is noticed.
 */
import { describe, expect, it } from 'vitest';
import { runSchedule } from './run-schedule.ts';
import { testSchedules } from './schedule-batches.ts';

describe('the simulation', () => {
  testSchedules(1, 10_000);

  it('replays a seed to the same trace', async () => {
    const [one, two]: string[][] = [[], []];

    await runSchedule(7, one);
    await runSchedule(7, two);

    expect(one).toEqual(two);
    expect(one?.length).toBeGreaterThan(0);
  });
});
