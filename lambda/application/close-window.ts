/**
 * Closes windows that have ended: a summary, an event, and the counter is listed no longer.
 *
 * Invariant: a counter is closed only as it was read, with nothing in flight and no trace of a
 *            reservation that could still be settled late. A reserve opens it again.
 * Crash:     each step is found done or undone by the next run; the event may be told twice.
 */
import { EVENT } from '../contract.ts';
import { endedWindowWords } from '../domain/event-words.ts';
import { formatUsd, nanoUsd, ZERO_USD } from '../domain/money.ts';
import type { CounterKey } from '../domain/reservation.ts';
import type { Events } from '../ports/events.ts';
import { counterName, type OpenCounter, type WindowSummary } from '../ports/ledger.ts';
import { type DueWindow, ownerOf, type RolloverRun } from './rollover-work.ts';
import { isToldOnce, markOnCounter } from './tell-once.ts';

/** Gateways whose clocks are behind still reserve in a window for a moment after its end. */
const CLOSING_MARGIN_MS = 600_000;
/** Windows summarised by one run, shortest first; what is over is the next run's. */
const MAX_DUE = 1_000;
/** After so long a summary says what was read of the journal, and that it is a part. */
const GIVE_UP_AFTER_MS = 7 * 86_400_000;

/** The mark's name begins so; a summary that was corrected has a mark of its own. */
const CLOSED_MARK = 'closed:';

/** Closes the counter of an ended window, or notes that its summary is due first. */
export async function considerClosing(run: RolloverRun, open: OpenCounter): Promise<void> {
  const window = run.windows.named(open.counter.sk);
  if (window?.endsAtMs === undefined) return;
  const { startsAtMs, endsAtMs } = window;
  if (endsAtMs + CLOSING_MARGIN_MS > run.ports.clock.nowMs()) return;
  if (isInUse(open)) return;
  if (!wasUsed(open) || isSummarised(open)) return closeClean(run, open, endsAtMs);
  if (run.due.length < MAX_DUE) run.due.push({ open, startsAtMs, endsAtMs });
  else run.report.complete = false;
}

/** Summarises the windows that are due by the journal, until `deadlineAtMs`. */
export async function summariseDue(
  run: RolloverRun,
  events: Events,
  deadlineAtMs: number,
): Promise<void> {
  const { ports, report, due } = run;
  if (due.length === 0) return;
  const { clock, journal, maintenance, telemetry } = ports;
  const keys = await ports.keys.readIds();
  journal.plan(due, keys, clock.nowMs());
  // The other half is for writing what was read.
  const untilMs = clock.nowMs() + (deadlineAtMs - clock.nowMs()) / 2;
  const reading = journal.read(maintenance, clock, untilMs);
  const [read] = await Promise.allSettled([reading]);
  for (const window of due) {
    const isOver = clock.nowMs() >= deadlineAtMs;
    if (isOver || !isReadOrGivenUp(run, window)) {
      report.complete = false;
      report.windowsWaiting += 1;
      continue;
    }
    try {
      await summarise(run, events, window);
    } catch (error) {
      report.failed += 1;
      const { pk, sk } = window.open.counter;
      const detail = { counter: pk, window: sk, error: String(error) };
      telemetry.error('a window could not be summarised', detail);
    }
  }
  if (read.status === 'rejected') throw read.reason;
}

const isReadOrGivenUp = ({ ports: { journal, clock } }: RolloverRun, window: DueWindow): boolean =>
  journal.isWhole(window) || window.endsAtMs + GIVE_UP_AFTER_MS <= clock.nowMs();

async function summarise(run: RolloverRun, events: Events, window: DueWindow): Promise<void> {
  const { ports, report } = run;
  // Read again: the journal may tell of what was settled since, and both must be of one moment.
  const open = await ports.maintenance.read(window.open.counter);
  if (open === undefined || !isUnchanged(window.open, open)) return;
  const totals = ports.journal.totals(counterName(open.counter), window);
  const attributed = totals.attributedNanoUsd + totals.expiredNanoUsd;
  const summary: WindowSummary = {
    endsAtMs: window.endsAtMs,
    atMs: ports.clock.nowMs(),
    journal: totals,
    unattributedNanoUsd: nanoUsd(open.state.settledNanoUsd - attributed),
  };
  const markName = markOf(open);
  await ports.maintenance.summarise(open, summary);
  const place = markOnCounter(ports, open, markName);
  const what = `${open.counter.pk} ${open.counter.sk} ${markName}`;
  const isTold = await isToldOnce(run, place, what, () => emitClosed(events, open, summary));
  if (!isTold) return;
  report.windowsSummarised += 1;
  await closeClean(run, open, window.endsAtMs);
}

/** A trace is swept up only while the counter is listed; the summary need not wait for that. */
async function closeClean(run: RolloverRun, open: OpenCounter, endsAtMs: number): Promise<void> {
  if (!open.isClean) return;
  const { maintenance, clock } = run.ports;
  const closed = { windowEndsAtMs: endsAtMs, closedAtMs: clock.nowMs() };
  if (await maintenance.close(open, closed)) run.report.countersClosed += 1;
}

const isInUse = ({ reservations, state }: OpenCounter): boolean =>
  reservations.length > 0 || state.inFlight !== 0;

/** Every reserve counts a request, and every other write of a reservation an end. */
const isUnchanged = (before: OpenCounter, now: OpenCounter): boolean =>
  !isInUse(now) &&
  now.tally.requests === before.tally.requests &&
  now.tally.ends === before.tally.ends;

/** A counter may hold nothing but the fence of a reserve that never came. */
const wasUsed = ({ state, tally }: OpenCounter): boolean =>
  tally.requests > 0 || state.committedNanoUsd > 0n;

const markOf = ({ tally }: OpenCounter): string => `${CLOSED_MARK}${tally.ends}`;

const isSummarised = (open: OpenCounter): boolean => open.marks.get(markOf(open))?.state === 'told';

function emitClosed(events: Events, open: OpenCounter, summary: WindowSummary): Promise<void> {
  const { counter, state, tally, limitNanoUsd, marks } = open;
  const { capId, split } = ownerOf(open);
  const { refusals } = summary.journal;
  const wasTold = [...marks].some(
    ([name, { state }]) => name.startsWith(CLOSED_MARK) && state === 'told',
  );
  return events.emit(wasTold ? EVENT.windowCorrected : EVENT.windowClosed, {
    eventId: `${counter.pk} ${counter.sk} ${markOf(open)}`,
    cap: capId,
    ...(split === undefined ? {} : { split }),
    window: counter.sk,
    windowEndsAtMs: summary.endsAtMs,
    settledUsd: formatUsd(state.settledNanoUsd),
    ...(limitNanoUsd === undefined ? {} : { limitUsd: formatUsd(limitNanoUsd) }),
    peakReservedUsd: formatUsd(open.peakReservedNanoUsd ?? ZERO_USD),
    unattributedUsd: formatUsd(summary.unattributedNanoUsd),
    requests: tally.requests,
    refusals,
    expired: tally.expired,
    overruns: tally.overruns,
    revision: tally.ends,
    ...endedWindowWords({
      capId,
      ...(split === undefined ? {} : { split }),
      endsAtMs: summary.endsAtMs,
      timeZone: zoneOf(counter),
      settledNanoUsd: state.settledNanoUsd,
      ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }),
      requests: tally.requests,
      refusals,
      isCorrection: wasTold,
    }),
  });
}

/** A window's id ends with its zone; only a counter of such an id is ever closed. */
const zoneOf = ({ sk }: CounterKey): string => sk.slice(sk.indexOf('@') + 1);
