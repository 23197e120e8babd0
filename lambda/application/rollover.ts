/**
 * The rollover run: recovers what crashed, tells thresholds, closes ended windows, tidies up.
 *
 * Invariant: enforcement never waits for it. It only charges what is stale, and it repairs no
 *            books: a counter where committed is not settled + reserved is reported, and no more.
 * Crash:     each step is one conditional write; running again, or twice at once, does no harm.
 */
import { METRIC } from '../contract.ts';
import { HardcapError } from '../domain/errors.ts';
import { formatUsd, type NanoUsd, subtractUsd, sumUsd, ZERO_USD } from '../domain/money.ts';
import { expiresAtMs, type ReservationId } from '../domain/reservation.ts';
import { WindowClock } from '../domain/window.ts';
import type { OpenCounter } from '../ports/ledger.ts';
import { noteReached, tellReached } from './alerts.ts';
import { considerClosing, summariseDue } from './close-window.ts';
import { pruneClosed } from './prune-closed.ts';
import {
  emptyReport,
  named,
  type RolloverPorts,
  type RolloverReport,
  type RolloverRun,
} from './rollover-work.ts';
import { tellMalformed } from './tell-malformed.ts';

/**
 * How long a tombstone outlives its reservation's expiry. A write is late by minutes at most, but
 * this function's clock may be off by hours: too early a removal would let a late reserve stand.
 */
const TOMBSTONE_GRACE_MS = 6 * 3_600_000;

/** Of a run's time, where alerts or windows wait for it: counters past counting keep none from closing. */
const CLOSING_PART = 1 / 3;

/**
 * Works through all open counters until `deadlineAtMs`. One counter that cannot be read or worked
 * on keeps none of the others from it, and is told in the report. Never rejects.
 *
 * @param counterDays days that a closed counter is kept after its window's end; absent: for ever
 */
export async function runRollover(
  ports: RolloverPorts,
  deadlineAtMs: number,
  counterDays?: number,
): Promise<RolloverReport> {
  const report = emptyReport();
  const windows = new WindowClock();
  const caps = await readCaps(ports, report);
  const run: RolloverRun = { ports, report, windows, caps, due: [], reached: [] };
  const closingFromMs = deadlineAtMs - (deadlineAtMs - ports.clock.nowMs()) * CLOSING_PART;
  await guarded(run, 'open counters could not be read', async () => {
    for await (const open of ports.maintenance.openCounters()) {
      const hasMoreToDo = run.due.length > 0 || run.reached.length > 0;
      if (ports.clock.nowMs() >= (hasMoreToDo ? closingFromMs : deadlineAtMs)) {
        report.complete = false;
        return;
      }
      await workOn(run, open);
    }
  });
  const { events, malformed } = ports;
  if (events !== undefined) {
    await guarded(run, 'thresholds could not be told', () =>
      tellReached(run, events, deadlineAtMs),
    );
    if (malformed !== undefined) {
      await guarded(run, 'malformed settings could not be told', () =>
        tellMalformed(run, events, malformed),
      );
    }
    await guarded(run, 'ended windows could not be summarised', () =>
      summariseDue(run, events, deadlineAtMs),
    );
  }
  if (counterDays !== undefined) {
    await guarded(run, 'closed counters could not be pruned', () =>
      pruneClosed(run, counterDays, deadlineAtMs),
    );
  }
  return report;
}

/** Without caps all else is done: what crashed is charged even where the settings are away. */
async function readCaps({ caps, telemetry }: RolloverPorts, report: RolloverReport) {
  try {
    return new Map((await caps.readAll()).map((cap) => [cap.capId, cap]));
  } catch (error) {
    report.capsRead = false;
    telemetry.error('no threshold was told: the caps could not be read', { error: String(error) });
    return new Map();
  }
}

/** Does one part of the run, and reports its failure. */
async function guarded(
  { ports, report }: RolloverRun,
  failure: string,
  part: () => Promise<void>,
): Promise<void> {
  try {
    await part();
  } catch (error) {
    // Counters that cannot be read are told of once all others have had their turn.
    const isBroken = error instanceof HardcapError && error.code === 'invariant_broken';
    if (isBroken) ports.telemetry.count(METRIC.invariantBroken);
    report[isBroken ? 'broken' : 'failed'] += 1;
    report.complete = false;
    ports.telemetry.error(failure, { error: String(error) });
  }
}

async function workOn(run: RolloverRun, open: OpenCounter): Promise<void> {
  const { ports, report } = run;
  report.counters += 1;
  audit(run, open);
  try {
    await notePeak(run, open);
    await expireStale(run, open);
    await journalExpired(run, open);
    await journalSettledLate(run, open);
    await removeTombstones(run, open);
    if (ports.events === undefined) return;
    if (noteReached(run, open)) return;
    await considerClosing(run, open);
  } catch (error) {
    report.failed += 1;
    ports.telemetry.error('a counter could not be worked on', {
      ...named(open),
      error: String(error),
    });
  }
}

function audit({ ports, report, windows }: RolloverRun, open: OpenCounter): void {
  const { state, reservations } = open;
  const reserved = sumUsd(reservations.map(({ amountNanoUsd }) => amountNanoUsd));
  const problem = problemOf(open, reserved, windows);
  if (problem === undefined) return;
  report.broken += 1;
  ports.telemetry.count(METRIC.invariantBroken);
  ports.telemetry.error(problem, {
    ...named(open),
    committedUsd: formatUsd(state.committedNanoUsd),
    settledUsd: formatUsd(state.settledNanoUsd),
    reservedUsd: formatUsd(reserved),
    inFlight: state.inFlight,
  });
}

function problemOf(
  { counter, state, reservations }: OpenCounter,
  reserved: NanoUsd,
  windows: WindowClock,
): string | undefined {
  if (state.committedNanoUsd !== state.settledNanoUsd + reserved) {
    return 'the books of a counter do not add up: committed is not the sum';
  }
  if (state.inFlight !== reservations.length) {
    return 'the books of a counter do not add up: inFlight is not how many are in flight';
  }
  if (windows.endOf(counter.sk) === undefined) {
    return "a counter's window cannot be read from its sort key, so it is never closed";
  }
  return undefined;
}

/** No update expression has a maximum, and no write is added to a request for it. */
async function notePeak({ ports }: RolloverRun, open: OpenCounter): Promise<void> {
  const { state, peakReservedNanoUsd = ZERO_USD } = open;
  const reserved = subtractUsd(state.committedNanoUsd, state.settledNanoUsd);
  if (reserved > peakReservedNanoUsd) await ports.maintenance.notePeak(open);
}

async function expireStale({ ports, report }: RolloverRun, open: OpenCounter): Promise<void> {
  const { maintenance, clock, telemetry } = ports;
  for (const { id, amountNanoUsd } of open.reservations) {
    const staleFromMs = expiresAtMs(id);
    if (staleFromMs === undefined || staleFromMs > clock.nowMs()) continue;
    if (!(await maintenance.expire(open.counter, id, amountNanoUsd))) continue;
    report.expired += 1;
    telemetry.warn('a reservation expired and is charged in full', {
      ...named(open),
      reservationId: id,
      reservedUsd: formatUsd(amountNanoUsd),
    });
    await tellJournal({ ports, report }, open, id, amountNanoUsd);
  }
}

/** What a run that died, or a refused reserve, expired without a word to the journal. */
async function journalExpired(run: RolloverRun, open: OpenCounter): Promise<void> {
  for (const { id, amountNanoUsd } of open.unjournalled) {
    await tellJournal(run, open, id, amountNanoUsd);
  }
}

/** What was charged in full and then settled at its true cost must not be in the journal twice. */
async function journalSettledLate({ ports, report }: RolloverRun, open: OpenCounter) {
  for (const id of open.settledLate) {
    await ports.maintenance.journalSettledLate(open.counter, id);
    report.corrected += 1;
  }
}

async function tellJournal(
  { ports, report }: Pick<RolloverRun, 'ports' | 'report'>,
  open: OpenCounter,
  id: ReservationId,
  amountNanoUsd: NanoUsd,
): Promise<void> {
  await ports.maintenance.journalExpired(open.counter, id, amountNanoUsd);
  // Here and not where it expires: a refused reserve of the gateway's expires some, too.
  ports.telemetry.count(METRIC.expired);
  report.journalled += 1;
}

async function removeTombstones({ ports, report }: RolloverRun, open: OpenCounter): Promise<void> {
  for (const id of open.tombstones) {
    const staleFromMs = expiresAtMs(id);
    if (staleFromMs === undefined) continue;
    if (staleFromMs + TOMBSTONE_GRACE_MS > ports.clock.nowMs()) continue;
    await ports.maintenance.removeTombstone(open.counter, id);
    report.tombstonesRemoved += 1;
  }
}
