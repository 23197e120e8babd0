/**
 * Tells each alert threshold of a cap once a window, by what is settled.
 *
 * Not here: enforcement. What is reserved and in flight counts there, and no alert waits for it.
 */
import { type Cap, limitAt } from '../domain/cap.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { Events } from '../ports/events.ts';
import type { OpenCounter } from '../ports/ledger.ts';
import { ownerOf, type RolloverRun } from './rollover-work.ts';
import { isToldOnce } from './tell-once.ts';

const PERCENT = 100n;

/** Tells every threshold that the counter has reached and that was not told in this window. */
export async function tellThresholds(
  run: RolloverRun,
  events: Events,
  open: OpenCounter,
): Promise<void> {
  const { ports, report } = run;
  const owner = ownerOf(open);
  const cap = run.caps.get(owner.capId);
  const nowMs = ports.clock.nowMs();
  if (cap === undefined || !isInForce(cap, nowMs)) return;
  const limitNanoUsd = limitOf(run, cap, open, nowMs);
  if (limitNanoUsd === undefined) return;
  for (const percent of [...cap.alertPercents].sort((a, b) => a - b)) {
    if (!isReached(open.state.settledNanoUsd, limitNanoUsd, percent)) return;
    const markName = `alert:${percent}`;
    if (open.marks.get(markName)?.state === 'told') continue;
    const isTold = await isToldOnce(ports, open, markName, () =>
      events.emit('hardcap.cap.threshold', {
        eventId: `${open.counter.pk} ${open.counter.sk} ${markName}`,
        cap: owner.capId,
        ...(owner.split === undefined ? {} : { split: owner.split }),
        window: open.counter.sk,
        percent,
        limitUsd: formatUsd(limitNanoUsd),
        settledUsd: formatUsd(open.state.settledNanoUsd),
      }),
    );
    if (isTold) report.thresholdsTold += 1;
  }
}

const isInForce = (cap: Cap, nowMs: number): boolean =>
  cap.enabled && (cap.expiresAtMs === undefined || nowMs < cap.expiresAtMs);

/** In the cap's running window the limit that holds now; in any other, the one last seen there. */
function limitOf(
  { windows }: RolloverRun,
  cap: Cap,
  open: OpenCounter,
  nowMs: number,
): NanoUsd | undefined {
  const isRunning = windows.at(cap.window, nowMs).id === open.counter.sk;
  return isRunning ? limitAt(cap, nowMs) : open.limitNanoUsd;
}

/** Nothing spent is no threshold reached, even of a limit of zero. */
const isReached = (settled: NanoUsd, limit: NanoUsd, percent: number): boolean =>
  settled > 0n && settled * PERCENT >= limit * BigInt(percent);
