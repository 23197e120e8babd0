/**
 * Deletes counters that were closed long ago. Summaries stay; lifetime counters are never closed.
 *
 * Invariant: what is deleted was closed, by whatever clock, for the whole retention too: one clock
 *            that is years ahead closes a running window, and cannot delete it by the same error.
 */
import type { RolloverRun } from './rollover-work.ts';

const DAY_MS = 86_400_000;

/** Deletes what is past its retention, oldest first, until `deadlineAtMs`. */
export async function pruneClosed(
  { ports, report }: RolloverRun,
  counterDays: number,
  deadlineAtMs: number,
): Promise<void> {
  const { maintenance, clock } = ports;
  const beforeMs = clock.nowMs() - counterDays * DAY_MS;
  for await (const closed of maintenance.closedBefore(beforeMs)) {
    if (clock.nowMs() >= deadlineAtMs) {
      report.complete = false;
      return;
    }
    if (closed.closedAtMs >= beforeMs) continue;
    if (await maintenance.prune(closed)) report.countersPruned += 1;
  }
}
