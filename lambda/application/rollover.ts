/**
 * Recovers what crashed: expires stale reservations, removes old tombstones, audits the books.
 *
 * Invariant: committed = settled + the sum of reservations, on every counter that it touches; a
 *            counter of which that is not true is reported and left as it is.
 * Crash:     each step is one conditional write; running again, or twice at once, does no harm.
 */
import { METRIC } from '../contract.ts';
import { formatUsd, sumUsd } from '../domain/money.ts';
import { expiresAtMs } from '../domain/reservation.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerMaintenance, OpenCounter } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface RolloverPorts {
  readonly maintenance: LedgerMaintenance;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface RolloverReport {
  counters: number;
  expired: number;
  tombstonesRemoved: number;
  /** Counters whose books do not add up. */
  broken: number;
  /** Counters that could not be worked on; the next run tries them again. */
  failed: number;
  /** False where the time ended before the last counter. */
  complete: boolean;
}

/** A write cannot arrive later than this after its reservation's expiry: clients give up in 1 s. */
const LATE_WRITE_MS = 60_000;

/** Works through all open counters until `deadlineAtMs`. Never rejects for one counter's sake. */
export async function runRollover(
  ports: RolloverPorts,
  deadlineAtMs: number,
): Promise<RolloverReport> {
  const report: RolloverReport = {
    counters: 0,
    expired: 0,
    tombstonesRemoved: 0,
    broken: 0,
    failed: 0,
    complete: true,
  };
  for await (const open of ports.maintenance.openCounters()) {
    if (ports.clock.nowMs() >= deadlineAtMs) {
      report.complete = false;
      break;
    }
    report.counters += 1;
    audit(ports, open, report);
    try {
      await expireStale(ports, open, report);
      await removeTombstones(ports, open, report);
    } catch (error) {
      report.failed += 1;
      ports.telemetry.error('a counter could not be worked on', {
        ...named(open),
        error: String(error),
      });
    }
  }
  return report;
}

const named = ({ counter }: OpenCounter) => ({ counter: counter.pk, window: counter.sk });

function audit(ports: RolloverPorts, open: OpenCounter, report: RolloverReport): void {
  const { state, reservations } = open;
  const reserved = sumUsd(reservations.map(({ amountNanoUsd }) => amountNanoUsd));
  if (state.committedNanoUsd === state.settledNanoUsd + reserved) return;
  report.broken += 1;
  ports.telemetry.count(METRIC.invariantBroken);
  ports.telemetry.error('the books of a counter do not add up: committed is not the sum', {
    ...named(open),
    committedUsd: formatUsd(state.committedNanoUsd),
    settledUsd: formatUsd(state.settledNanoUsd),
    reservedUsd: formatUsd(reserved),
  });
}

async function expireStale(
  ports: RolloverPorts,
  open: OpenCounter,
  report: RolloverReport,
): Promise<void> {
  for (const { id, amountNanoUsd } of open.reservations) {
    const staleFromMs = expiresAtMs(id);
    if (staleFromMs === undefined || staleFromMs > ports.clock.nowMs()) continue;
    if (!(await ports.maintenance.expire(open.counter, id, amountNanoUsd))) continue;
    report.expired += 1;
    ports.telemetry.count(METRIC.expired);
    ports.telemetry.warn('a reservation expired and is charged in full', {
      ...named(open),
      reservationId: id,
      reservedUsd: formatUsd(amountNanoUsd),
    });
  }
}

async function removeTombstones(
  ports: RolloverPorts,
  open: OpenCounter,
  report: RolloverReport,
): Promise<void> {
  for (const id of open.tombstones) {
    const staleFromMs = expiresAtMs(id);
    if (staleFromMs === undefined) continue;
    if (staleFromMs + LATE_WRITE_MS > ports.clock.nowMs()) continue;
    await ports.maintenance.removeTombstone(open.counter, id);
    report.tombstonesRemoved += 1;
  }
}
