/**
 * Schedules as tests: a range of seeds in batches, whose titles say which seeds they are.
 *
 * `npm test` runs 20,000, in two files that run side by side; `npm run simulate` runs any number.
 */
import { it } from 'vitest';
import { runSchedule } from './run-schedule.ts';

const BATCH = 1_000;

/** Tests of the schedules from `first` to `last`, both among them. */
export function testSchedules(first: number, last: number): void {
  const batches = Array.from({ length: Math.ceil((last + 1 - first) / BATCH) }, (_, index) => ({
    from: first + index * BATCH,
    to: Math.min(first + (index + 1) * BATCH - 1, last),
  }));
  it.each(batches)(
    'breaks no rule in its schedules of seeds $from to $to',
    async ({ from, to }) => {
      for (let seed = from; seed <= to; seed += 1) await runSchedule(seed);
    },
  );
}
