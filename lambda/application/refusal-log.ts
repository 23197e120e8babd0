/**
 * What is written down about requests that met a full cap.
 *
 * Invariant: a flood of refusals writes at most one journal entry a second for each key and cap;
 *            an entry's `count` includes those that were kept back since the entry before it.
 */
import { METRIC } from '../contract.ts';
import { ZERO_USD } from '../domain/money.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger, RefusalReason } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { askedNote } from './asked-note.ts';
import type { CapRefusal, GuardedRequest } from './guarded-request.ts';

export interface RefusalLogPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface RefusalLog {
  /** Counts the refusal and, where its second is still free, journals it. Never rejects. */
  record(request: GuardedRequest, refusal: CapRefusal): Promise<void>;
}

interface Written {
  readonly atMs: number;
  keptBack: number;
}

const QUIET_MS = 1_000;
/** Pairs of key and cap that are remembered; beyond it the oldest is forgotten. */
const MAX_PAIRS = 1_000;

const METRIC_OF: Readonly<Record<RefusalReason, string>> = {
  spent: METRIC.refusedSpent,
  'reserved-in-flight': METRIC.refusedReservedInFlight,
  'larger-than-limit': METRIC.refusedLargerThanLimit,
  'in-flight-limit': METRIC.refusedInFlightLimit,
  'tag-counter-limit': METRIC.refusedTagCounterLimit,
};

/** @param status what such a request is answered with, for the journal */
export function createRefusalLog(ports: RefusalLogPorts, status: number): RefusalLog {
  const lastWritten = new Map<string, Written>();
  return {
    async record(request, refusal) {
      const { telemetry } = ports;
      telemetry.count(METRIC.refusals);
      telemetry.count(METRIC_OF[refusal.reason]);
      telemetry.describe({ cap: refusal.charge.cap.capId, reason: refusal.reason });
      const atMs = ports.clock.nowMs();
      const pair = `${request.keyId}#${refusal.charge.cap.capId}`;
      const last = lastWritten.get(pair);
      if (last !== undefined && isWithin(QUIET_MS, atMs - last.atMs)) {
        last.keptBack += 1;
        return;
      }
      lastWritten.delete(pair);
      lastWritten.set(pair, { atMs, keptBack: 0 });
      forgetOldest(lastWritten);
      const count = 1 + (last?.keptBack ?? 0);
      await journal(ports, request, refusal, { atMs, count, status });
    },
  };
}

/** A negative age means that the clock was set back: it must not silence the log for as long. */
const isWithin = (durationMs: number, ageMs: number): boolean => ageMs >= 0 && ageMs < durationMs;

function forgetOldest(pairs: Map<string, Written>): void {
  if (pairs.size <= MAX_PAIRS) return;
  const [oldest] = pairs.keys();
  if (oldest !== undefined) pairs.delete(oldest);
}

async function journal(
  ports: RefusalLogPorts,
  request: GuardedRequest,
  refusal: CapRefusal,
  entry: { readonly atMs: number; readonly count: number; readonly status: number },
): Promise<void> {
  const { counter } = refusal.charge;
  try {
    await ports.ledger.appendJournal({
      requestId: request.requestId,
      keyId: request.keyId,
      ...entry,
      outcome: 'refused',
      operation: request.operation,
      modelId: request.modelId,
      ...askedNote(request.modelId, request.namedAs, request.tags),
      reservedNanoUsd: refusal.boundNanoUsd,
      costNanoUsd: ZERO_USD,
      counters: [`${counter.pk}/${counter.sk}`],
      reason: refusal.reason,
    });
  } catch (cause) {
    ports.telemetry.warn('a refusal was not journalled', {
      requestId: request.requestId,
      error: String(cause),
    });
  }
}
