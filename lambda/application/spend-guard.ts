/**
 * The money path of one request: settings → decide → reserve → send once → settle, on every way
 * out.
 *
 * Invariant: nothing is sent before a reservation stands by settings of the allowed age; after
 *            that every way out goes through `Settlement.finish`.
 * Crash:     the reservation's id holds its expiry; it is charged in full then.
 */
import { METRIC } from '../contract.ts';
import { formatUsd } from '../domain/money.ts';
import type { SettingsView } from '../ports/settings.ts';
import { type Admission, authenticate, decide, standingOf } from './admission.ts';
import { inFull } from './endings.ts';
import { passFreeRequest } from './free-request.ts';
import type {
  CapRefusal,
  GuardedAnswer,
  GuardedRequest,
  Reserved,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import { quietTelemetry } from './quiet-telemetry.ts';
import { createRefusalLog, type RefusalLog } from './refusal-log.ts';
import { type ReserveAllOutcome, releaseAll, reserveAll } from './reserve-all.ts';
import { sendOnce } from './send-once.ts';
import { openSettlement } from './settlement.ts';

export interface SpendGuard {
  /** @throws HardcapError where the request is refused for anything but a full cap */
  handle(request: GuardedRequest): Promise<GuardedAnswer>;
  /** A free operation: needs a key that may use the model, reserves nothing. */
  handleFree(request: GuardedRequest, body: Uint8Array): Promise<GuardedAnswer>;
}

export function createSpendGuard(given: SpendGuardPorts, options: SpendGuardOptions): SpendGuard {
  const ports = { ...given, telemetry: quietTelemetry(given.telemetry) };
  const guard: Guard = { ports, options, refusals: createRefusalLog(ports, options.overCapStatus) };
  return {
    handle: (request) => handle(guard, request),
    handleFree: (request, body) => passFreeRequest(ports, options, request, body),
  };
}

interface Guard {
  readonly ports: SpendGuardPorts;
  readonly options: SpendGuardOptions;
  readonly refusals: RefusalLog;
}

async function handle(guard: Guard, request: GuardedRequest): Promise<GuardedAnswer> {
  const { clock, telemetry } = guard.ports;
  const startedMs = clock.elapsedMs();
  const outcome = await reserveByFreshSettings(guard, request);
  if (outcome.kind === 'refused') {
    return { ...outcome, done: guard.refusals.record(request, outcome.refusal) };
  }
  const { reserved } = outcome;
  telemetry.count(METRIC.reservedUsd, dollars(reserved.admission));
  telemetry.count(METRIC.addedLatencyMs, clock.elapsedMs() - startedMs);
  try {
    return await sendOnce(guard.ports, guard.options, request, reserved);
  } catch (error) {
    // `finish` takes effect once: this only counts where a fault of ours came before another.
    const { admission, settlement } = reserved;
    await settlement.finish(inFull(admission, 500, `fault: ${String(error)}`));
    await settlement.done;
    throw error;
  }
}

/** For metrics only; the ledger keeps the exact amount. */
const dollars = (admission: Admission): number =>
  Number(formatUsd(admission.prepared.boundNanoUsd));

type ReserveResult =
  | { readonly kind: 'reserved'; readonly reserved: Reserved }
  | { readonly kind: 'refused'; readonly refusal: CapRefusal };

/**
 * Reserves at once by the settings at hand and, where they are older than allowed, reads them
 * beside it. What was decided by old settings holds only if the new ones decide the same.
 */
async function reserveByFreshSettings(
  guard: Guard,
  request: GuardedRequest,
): Promise<ReserveResult> {
  const { settings, clock } = guard.ports;
  const maxAgeMs = guard.options.settingsMaxAgeMs;
  const view = settings.peek(request.keyId) ?? (await settings.read(request.keyId, maxAgeMs));
  if (isFresh(view, clock.nowMs(), maxAgeMs)) return reserveBy(guard, request, view);

  const [fresh, tried] = await Promise.allSettled([
    settings.read(request.keyId, maxAgeMs),
    reserveBy(guard, request, view),
  ]);
  if (fresh.status === 'fulfilled' && isUnchanged(guard, request, fresh.value, tried)) {
    return unwrapped(tried);
  }
  if (tried.status === 'fulfilled' && tried.value.kind === 'reserved') {
    // Not by its settlement: the journal has one entry a request, and this one goes on.
    await releaseAll(
      guard.ports,
      tried.value.reserved.held.map(({ hold }) => hold),
    );
  }
  return reserveBy(guard, request, unwrapped(fresh));
}

/** A reading from the future means that a clock was set back: its age is not known. */
function isFresh(view: SettingsView, nowMs: number, maxAgeMs: number): boolean {
  const ageMs = nowMs - view.readAtMs;
  return ageMs >= 0 && ageMs <= maxAgeMs;
}

function unwrapped<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Only a reservation can be kept: a refusal by old settings is always decided again. */
function isUnchanged(
  guard: Guard,
  request: GuardedRequest,
  fresh: SettingsView,
  tried: PromiseSettledResult<ReserveResult>,
): boolean {
  if (tried.status === 'rejected' || tried.value.kind === 'refused') return false;
  try {
    const nowMs = guard.ports.clock.nowMs();
    const key = authenticate(fresh, request.keyText, nowMs);
    const again = decide(fresh, key, request, guard.options, nowMs);
    return standingOf(again) === standingOf(tried.value.reserved.admission);
  } catch {
    return false;
  }
}

async function reserveBy(
  guard: Guard,
  request: GuardedRequest,
  view: SettingsView,
): Promise<ReserveResult> {
  const { clock, telemetry } = guard.ports;
  const startedMs = clock.elapsedMs();
  const nowMs = clock.nowMs();
  const key = authenticate(view, request.keyText, nowMs);
  const authenticatedMs = clock.elapsedMs();
  const admission = decide(view, key, request, guard.options, nowMs);
  const decidedMs = clock.elapsedMs();
  const outcome = await reserveAll(guard.ports, {
    charges: admission.charges,
    amountNanoUsd: admission.prepared.boundNanoUsd,
    expiresAtMs: request.deadlineAtMs + guard.options.reservationMarginMs,
  });
  const reserveMs = clock.elapsedMs() - decidedMs;
  telemetry.count(METRIC.reserveLatencyMs, reserveMs);
  if (outcome.kind === 'refused') return refusedBy(outcome, admission);
  const settlement = openSettlement(guard.ports, {
    requestId: request.requestId,
    operation: request.operation,
    admission,
    held: outcome.held,
    startedAtMs: nowMs,
  });
  const timings = {
    authMs: authenticatedMs - startedMs,
    estimateMs: decidedMs - authenticatedMs,
    reserveMs,
    upstreamMs: 0,
  };
  return { kind: 'reserved', reserved: { admission, held: outcome.held, settlement, timings } };
}

const refusedBy = (
  outcome: Extract<ReserveAllOutcome, { kind: 'refused' }>,
  admission: Admission,
): ReserveResult => ({
  kind: 'refused',
  refusal: {
    charge: outcome.charge,
    reason: outcome.reason,
    state: outcome.state,
    boundNanoUsd: admission.prepared.boundNanoUsd,
  },
});
