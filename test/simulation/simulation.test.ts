/**
 * The money path under every fault that the world has, seed after seed.
 */
import { describe, expect, it } from 'vitest';
import { runSchedule } from './run-schedule.ts';

const FIRST_SEED = 1;
const SCHEDULES = 20_000;
const BATCHES = 20;

describe('the simulation', () => {
  it.each(Array.from({ length: BATCHES }, (_, batch) => batch))(
    'breaks no rule in its batch %i of schedules',
    async (batch) => {
      const size = SCHEDULES / BATCHES;
      for (
        let seed = FIRST_SEED + batch * size;
        seed < FIRST_SEED + (batch + 1) * size;
        seed += 1
      ) {
        await runSchedule(seed);
      }
    },
  );

  it('replays a seed to the same trace', async () => {
    const [one, two]: string[][] = [[], []];

    await runSchedule(7, one);
    await runSchedule(7, two);

    expect(one).toEqual(two);
    expect(one?.length).toBeGreaterThan(0);
  });
});
