/**
 * Who spent most in the windows of caps that have reached a threshold, where the journal tells it
 * in the time that there is.
 *
 * Invariant: an alert waits a bounded time for it, and never fails by it: without it, it says so.
 */
import { globMatches } from '../domain/cap.ts';
import type { TopSpenders } from '../domain/threshold-words.ts';
import type { KeyIds } from '../ports/key-list.ts';
import { counterName, type Shares } from '../ports/ledger.ts';
import { type EndedSpan, JournalSums } from './journal-sums.ts';
import { ownerOf, type ReachedCounter, type RolloverRun } from './rollover-work.ts';

/** Of the run's time that is left; ended windows wait for the journal too, and for longer. */
const PART = 1 / 4;
const MOST_MS = 10_000;
const SHOWN = 3;

/**
 * Reads the journal once for all counters of `run.reached`.
 *
 * @returns who spent most on each; undefined where it was not read whole, or is not summed: of
 *   lifetime counters
 */
export async function topSpenders(
  { ports, reached, windows }: RolloverRun,
  deadlineAtMs: number,
): Promise<(counter: ReachedCounter) => TopSpenders | undefined> {
  const { clock, maintenance, telemetry } = ports;
  const nowMs = clock.nowMs();
  const spanOf = ({ open }: ReachedCounter): EndedSpan | undefined => {
    const window = windows.named(open.counter.sk);
    if (window?.endsAtMs === undefined) return undefined;
    return {
      startsAtMs: window.startsAtMs,
      // Nothing is journalled ahead of now.
      endsAtMs: Math.max(window.startsAtMs, Math.min(window.endsAtMs, nowMs)),
    };
  };
  const spans = reached.map(spanOf).filter((span) => span !== undefined);
  if (spans.length === 0) return () => undefined;
  // Of its own: what the process keeps of ended windows must not make way for it.
  const journal = new JournalSums();
  try {
    journal.plan(spans, keysOf(reached, await ports.keys.readIds()), nowMs);
    const untilMs = nowMs + Math.min(MOST_MS, (deadlineAtMs - nowMs) * PART);
    await journal.read(maintenance, clock, untilMs);
  } catch (error) {
    telemetry.warn('alerts do not say who spent most', { error: String(error) });
  }
  return (counter) => {
    const span = spanOf(counter);
    if (span === undefined) return undefined;
    const totals = journal.totals(counterName(counter.open.counter), span);
    if (!totals.isWhole || totals.byKey.named.size === 0) return undefined;
    return { keys: largest(totals.byKey), models: largest(totals.byModel) };
  };
}

const largest = ({ named }: Shares) =>
  [...named]
    .filter(([, { settledNanoUsd }]) => settledNanoUsd > 0n)
    .slice(0, SHOWN)
    .map(([name, { settledNanoUsd }]) => ({ name, settledNanoUsd }));

/** Only keys that one of the caps could cover: each costs a query for each day. */
function keysOf(reached: readonly ReachedCounter[], { keyIds, isWhole }: KeyIds): KeyIds {
  const canSpend = (keyId: string) =>
    reached.some(({ open, cap }) => {
      const { split } = ownerOf(open);
      if (cap.splitBy === 'key' && split !== undefined) return split === keyId;
      const globs = cap.selectors.keys;
      return globs === undefined || globs.some((glob) => globMatches(glob, keyId));
    });
  return { keyIds: keyIds.filter(canSpend), isWhole };
}
