/**
 * Closes windows that have ended: a summary, an event, and the counter is listed no longer.
 *
 * Invariant: a counter is closed only as it was read, with nothing in flight and no trace of a
 *            reservation that could still be settled late. A reserve opens it again.
 * Crash:     each step is found done or undone by the next run; the event may be told twice.
 */
import { formatUsd } from '../domain/money.ts';
import type { Events } from '../ports/events.ts';
import type { OpenCounter } from '../ports/ledger.ts';
import { ownerOf, type RolloverRun } from './rollover-work.ts';
import { isToldOnce } from './tell-once.ts';

/** Gateways whose clocks are behind still reserve in a window for a moment after its end. */
const CLOSING_MARGIN_MS = 600_000;

/** The mark's name begins so; a summary that was corrected has a mark of its own. */
const CLOSED_MARK = 'closed:';

/** Does what can be done of it; the next run does the rest. */
export async function closeWindow(
  run: RolloverRun,
  events: Events,
  open: OpenCounter,
): Promise<void> {
  const { maintenance, clock } = run.ports;
  const endsAtMs = run.windows.endOf(open.counter.sk);
  if (endsAtMs === undefined || endsAtMs + CLOSING_MARGIN_MS > clock.nowMs()) return;
  if (open.reservations.length > 0 || open.state.inFlight !== 0) return;
  if (wasUsed(open) && !(await isSummarised(run, events, open, endsAtMs))) return;
  // A trace is swept up only while the counter is listed; the summary need not wait for that.
  if (!open.isClean) return;
  const closed = { windowEndsAtMs: endsAtMs, closedAtMs: clock.nowMs() };
  if (await maintenance.close(open, closed)) run.report.countersClosed += 1;
}

/** A counter may hold nothing but the fence of a reserve that never came. */
const wasUsed = ({ state, tally }: OpenCounter): boolean =>
  tally.requests > 0 || state.committedNanoUsd > 0n;

/** Writes and tells the summary of the counter as it was read, if that was not done. */
async function isSummarised(
  run: RolloverRun,
  events: Events,
  open: OpenCounter,
  endsAtMs: number,
): Promise<boolean> {
  const { ports, report } = run;
  const markName = `${CLOSED_MARK}${open.tally.ends}`;
  if (open.marks.get(markName)?.state === 'told') return true;
  await ports.maintenance.summarise(open, { endsAtMs, atMs: ports.clock.nowMs() });
  const isTold = await isToldOnce(ports, open, markName, () => emitClosed(events, open, endsAtMs));
  if (isTold) report.windowsSummarised += 1;
  return isTold;
}

function emitClosed(events: Events, open: OpenCounter, endsAtMs: number): void {
  const { counter, state, tally, limitNanoUsd, marks } = open;
  const { capId, split } = ownerOf(open);
  const wasTold = [...marks].some(
    ([name, { state }]) => name.startsWith(CLOSED_MARK) && state === 'told',
  );
  events.emit(wasTold ? 'hardcap.window.corrected' : 'hardcap.window.closed', {
    eventId: `${counter.pk} ${counter.sk} ${CLOSED_MARK}${tally.ends}`,
    cap: capId,
    ...(split === undefined ? {} : { split }),
    window: counter.sk,
    windowEndsAtMs: endsAtMs,
    settledUsd: formatUsd(state.settledNanoUsd),
    ...(limitNanoUsd === undefined ? {} : { limitUsd: formatUsd(limitNanoUsd) }),
    requests: tally.requests,
    expired: tally.expired,
    overruns: tally.overruns,
    revision: tally.ends,
  });
}
