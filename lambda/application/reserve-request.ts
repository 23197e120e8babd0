/**
 * One try of a request: decided by one reading of the settings, and reserved on all its counters.
 */
import { METRIC } from '../contract.ts';
import type { SettingsView } from '../ports/settings.ts';
import { type Admission, AS_ASKED, authenticate, decide, estimate, type Fit } from './admission.ts';
import type {
  CapRefusal,
  GuardedRequest,
  Reserved,
  SpendGuardOptions,
  SpendGuardPorts,
  Timings,
} from './guarded-request.ts';
import { NONE_FIRST, type RefusedLately } from './refused-lately.ts';
import { type CounterRefusal, type ReserveAllOutcome, reserveAll } from './reserve-all.ts';
import { openSettlement } from './settlement.ts';

export interface ReserveGuard {
  readonly ports: SpendGuardPorts;
  readonly options: SpendGuardOptions;
  readonly refusedLately: RefusedLately;
}

/** A try that a full cap refused. Nothing of it stands. */
export interface RefusedTry {
  readonly kind: 'refused';
  readonly refusal: CapRefusal;
  readonly admission: Admission;
  readonly refusals: readonly CounterRefusal[];
  /** False where counters that refused lately were asked first, did so again, and ended it. */
  readonly isWhole: boolean;
  readonly timings: Timings;
}

export type ReserveResult = { readonly kind: 'reserved'; readonly reserved: Reserved } | RefusedTry;

/** A reading from the future means that a clock was set back: its age is not known. */
export function isFresh(view: SettingsView, nowMs: number, maxAgeMs: number): boolean {
  const ageMs = nowMs - view.readAtMs;
  return ageMs >= 0 && ageMs <= maxAgeMs;
}

/**
 * Authenticates the request and decides on it, by one reading.
 *
 * @throws HardcapError with the code of the first thing that refuses it
 */
export function decideBy(
  { ports, options }: ReserveGuard,
  request: GuardedRequest,
  view: SettingsView,
  fit: Fit = AS_ASKED,
): Admission {
  const nowMs = ports.clock.nowMs();
  const key = authenticate(view, request.keyText, nowMs);
  return decide(view, key, request, options, nowMs, fit);
}

/** The same, whatever the key's bound on one request. */
export function estimateBy(
  { ports, options }: ReserveGuard,
  request: GuardedRequest,
  view: SettingsView,
): Admission {
  const nowMs = ports.clock.nowMs();
  const key = authenticate(view, request.keyText, nowMs);
  return estimate(view, key, request, options, nowMs, AS_ASKED);
}

/**
 * Asks counters that refused lately before the others, unless all are to be asked at once.
 *
 * @throws HardcapError as `decideBy`, or ledger_unavailable
 */
export async function reserveBy(
  guard: ReserveGuard,
  request: GuardedRequest,
  view: SettingsView,
  fit: Fit = AS_ASKED,
  asking: 'refusing-first' | 'all-at-once' = 'refusing-first',
): Promise<ReserveResult> {
  const { clock, telemetry } = guard.ports;
  const startedMs = clock.elapsedMs();
  const nowMs = clock.nowMs();
  const key = authenticate(view, request.keyText, nowMs);
  const authenticatedMs = clock.elapsedMs();
  const admission = decide(view, key, request, guard.options, nowMs, fit);
  const decidedMs = clock.elapsedMs();
  // Before the reserve, as what threw beside it would leave a reservation that nobody ends.
  guard.ports.upstream.open?.(request.region);
  const first = asking === 'all-at-once' ? NONE_FIRST : guard.refusedLately.askedFirst(admission);
  const outcome = await reserveAll(guard.ports, {
    first,
    charges: admission.charges,
    amountNanoUsd: admission.prepared.boundNanoUsd,
    expiresAtMs: request.deadlineAtMs + guard.options.reservationMarginMs,
  });
  const refusals = outcome.kind === 'refused' ? outcome.refusals : [];
  guard.refusedLately.learn(admission, first, refusals);
  const reserveMs = clock.elapsedMs() - decidedMs;
  telemetry.count(METRIC.reserveLatencyMs, reserveMs);
  const timings = {
    authMs: authenticatedMs - startedMs,
    estimateMs: decidedMs - authenticatedMs,
    reserveMs,
    upstreamMs: 0,
  };
  if (outcome.kind === 'refused') return refusedBy(outcome, admission, timings);
  const settlement = openSettlement(guard.ports, {
    requestId: request.requestId,
    operation: request.operation,
    askedModel: request.namedAs ?? request.modelId,
    ...(request.tags && { requestTags: request.tags }),
    admission,
    held: outcome.held,
    startedAtMs: nowMs,
  });
  const { id: reservationId, held } = outcome;
  return { kind: 'reserved', reserved: { admission, held, settlement, reservationId, timings } };
}

const refusedBy = (
  { charge, reason, state, refusals, isWhole }: Extract<ReserveAllOutcome, { kind: 'refused' }>,
  admission: Admission,
  timings: Timings,
): RefusedTry => ({
  kind: 'refused',
  timings,
  refusal: {
    charge,
    reason,
    state,
    boundNanoUsd: charge.firstNanoUsd ?? admission.prepared.boundNanoUsd,
  },
  admission,
  refusals,
  isWhole,
});
