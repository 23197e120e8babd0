/**
 * The money path of one request: settings → decide → reserve → send once → settle, on every way
 * out.
 *
 * Invariant: nothing is sent before a reservation stands by settings of the allowed age; after
 *            that every way out goes through `Settlement.finish`.
 * Crash:     the reservation's id holds its expiry; it is charged in full then.
 */
import { METRIC } from '../contract.ts';
import type { Model } from '../domain/catalogue.ts';
import { formatUsd } from '../domain/money.ts';
import type { SettingsView } from '../ports/settings.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { standingOf } from './admission.ts';
import { inFull } from './endings.ts';
import { type FittingGuard, reserveFitting } from './fit-request.ts';
import { passFreeRequest } from './free-request.ts';
import type {
  GuardedAnswer,
  GuardedRequest,
  Reserved,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import { ledgerWithMetrics } from './ledger-with-metrics.ts';
import { type ListingRequest, listModels } from './model-list.ts';
import { quietTelemetry } from './quiet-telemetry.ts';
import { createRefusalLog, type RefusalLog } from './refusal-log.ts';
import { createRefusedLately } from './refused-lately.ts';
import { mostReserved, releaseAll } from './reserve-all.ts';
import { decideBy, isFresh, type ReserveResult, reserveBy } from './reserve-request.ts';
import { sendOnce } from './send-once.ts';
import { createTokenCounting } from './token-counting.ts';

export interface SpendGuard {
  /** @throws HardcapError where the request is refused for anything but a full cap */
  handle(request: GuardedRequest): Promise<GuardedAnswer>;
  /** A free operation: needs a key that may use the model, reserves nothing. */
  handleFree(request: GuardedRequest, body: Uint8Array): Promise<GuardedAnswer>;
  /**
   * The models that the key may use: read-only, reserves nothing.
   *
   * @throws HardcapError unknown_key, settings_*; for one model alone, what refuses it
   */
  listModels(request: ListingRequest): Promise<readonly Model[]>;
}

export function createSpendGuard(given: SpendGuardPorts, options: SpendGuardOptions): SpendGuard {
  const telemetry = quietTelemetry(given.telemetry);
  const ports = { ...given, telemetry, ledger: ledgerWithMetrics(given.ledger, telemetry) };
  const guard: Guard = {
    ports,
    options,
    counting: createTokenCounting(ports),
    refusedLately: createRefusedLately(ports.clock),
    refusals: createRefusalLog(ports, options.overCapStatus),
  };
  return {
    handle: (request) => handle(guard, request),
    handleFree: (request, body) => passFreeRequest(ports, options, request, body),
    listModels: (request) => listModels(ports, options, request),
  };
}

interface Guard extends FittingGuard {
  readonly refusals: RefusalLog;
}

async function handle(guard: Guard, request: GuardedRequest): Promise<GuardedAnswer> {
  const { clock, telemetry } = guard.ports;
  const { arrivedMs = clock.elapsedMs() } = request;
  const outcome = await reserveByFreshSettings(guard, request);
  describeSubject(telemetry, outcome);
  if (outcome.kind === 'refused') {
    const { kind, refusal, timings } = outcome;
    const { modelId } = outcome.admission.model;
    const told = { ...request, modelId, namedAs: request.namedAs ?? request.modelId };
    return { kind, refusal, timings, done: guard.refusals.record(told, refusal) };
  }
  const { reserved } = outcome;
  telemetry.count(METRIC.reservedUsd, dollars(reserved));
  if (reserved.admission.prepared.limit?.isLowered === true) telemetry.count(METRIC.clamped);
  telemetry.count(METRIC.addedLatencyMs, clock.elapsedMs() - arrivedMs);
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

function describeSubject(telemetry: Telemetry, outcome: ReserveResult): void {
  const { admission } = outcome.kind === 'reserved' ? outcome.reserved : outcome;
  const { team, vendor, modelId } = admission.subject;
  telemetry.describe({ team, vendor, model: modelId });
}

/** For metrics only; the ledger keeps the exact amount. */
const dollars = ({ admission, held }: Reserved): number =>
  Number(formatUsd(mostReserved(held) ?? admission.prepared.boundNanoUsd));

/** Where nothing may be old, what was read this lately is still of this request's start. */
const MIN_REREAD_AGE_MS = 1_000;

/**
 * Reserves at once by the settings at hand and, where they are older than allowed, reads them
 * beside it. What was decided by old settings holds only if the new ones decide the same, and no
 * request is made to fit by old ones.
 */
async function reserveByFreshSettings(
  guard: Guard,
  request: GuardedRequest,
): Promise<ReserveResult> {
  const { settings, clock } = guard.ports;
  const maxAgeMs = guard.options.settingsMaxAgeMs;
  const view = settings.peek(request.keyId) ?? (await settings.read(request.keyId, maxAgeMs));
  if (isFresh(view, clock.nowMs(), maxAgeMs)) return reserveFitting(guard, request, view);

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
  const latest = unwrapped(fresh);
  // A release that is throttled takes its time: what was read before it may be too old after it.
  const isStillFresh = isFresh(latest, clock.nowMs(), Math.max(maxAgeMs, MIN_REREAD_AGE_MS));
  const current = isStillFresh ? latest : await settings.read(request.keyId, maxAgeMs);
  return reserveFitting(guard, request, current);
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
    const again = decideBy(guard, request, fresh);
    return standingOf(again) === standingOf(tried.value.reserved.admission);
  } catch {
    return false;
  }
}
