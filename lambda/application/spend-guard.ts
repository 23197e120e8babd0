/**
 * The money path of one request: settings → decide → reserve → send once → settle, on every way
 * out.
 *
 * Invariant: nothing is sent before a reservation stands by settings of the allowed age; after
 *            that every way out of this file goes through `Settlement.finish`.
 * Crash:     the reservation's id holds its expiry; it is charged in full then.
 */
import { METRIC } from '../contract.ts';
import { HardcapError } from '../domain/errors.ts';
import { formatUsd, MIN_RESERVATION, type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { isStreaming } from '../domain/operation.ts';
import { costOf } from '../domain/price.ts';
import { createUsageMeter, type Usage, usageFromAnswer } from '../domain/usage.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterState, Ledger, RefusalReason } from '../ports/ledger.ts';
import type { Settings, SettingsView } from '../ports/settings.ts';
import type { AnswerSink, CutReason, FrameReader } from '../ports/stream.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { type Upstream, UpstreamFailure, type UpstreamResponse } from '../ports/upstream.ts';
import {
  type Admission,
  type AdmissionRules,
  type AskedRequest,
  authenticate,
  type Charge,
  chooseModel,
  decide,
  standingOf,
} from './admission.ts';
import { createRefusalLog, type RefusalLog } from './refusal-log.ts';
import { type Held, type ReserveAllOutcome, reserveAll } from './reserve-all.ts';
import { type Ending, openSettlement, type Settlement } from './settlement.ts';
import { type RelayEnd, relayStream } from './stream-relay.ts';
import { watchStream } from './stream-watch.ts';
import { capitalised, errorTypeOf, isCertainlyNotBilled } from './upstream-verdict.ts';

export interface SpendGuardOptions extends AdmissionRules {
  readonly settingsMaxAgeMs: number;
  readonly reservationMarginMs: number;
  /** How long a cut counter refuses, as clients resend a cut request at once. */
  readonly cutHoldMs: number;
  /** The longest answer that is not a stream, in bytes. */
  readonly maxAnswerBytes: number;
}

export interface SpendGuardPorts {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly createFrameReader: () => FrameReader;
}

export interface GuardedRequest extends AskedRequest {
  readonly requestId: string;
  readonly keyText: string;
  readonly keyId: string;
  readonly region: string;
  /** Path and headers for Bedrock; the body is the priced one. */
  readonly upstreamPath: (modelId: string) => string;
  readonly upstreamHeaders: Readonly<Record<string, string>>;
  /** Epoch milliseconds at which the answer must have ended. */
  readonly deadlineAtMs: number;
  /** Called once, when a stream is about to start, with the answer's head. */
  readonly openSink: (head: AnswerHead) => AnswerSink;
}

/** The tightest enforced cap of an admitted request, for the answer's headers. */
export interface CapNote {
  readonly capId: string;
  readonly remainingNanoUsd: NanoUsd;
  readonly resetsAtMs: number | undefined;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly reservedNanoUsd: NanoUsd;
  readonly cap: CapNote | undefined;
  readonly timings: Timings;
}

export interface Timings {
  readonly authMs: number;
  readonly estimateMs: number;
  readonly reserveMs: number;
  readonly upstreamMs: number;
}

export type GuardedAnswer =
  | {
      readonly kind: 'complete';
      readonly head: AnswerHead;
      readonly body: Uint8Array;
      readonly costNanoUsd: NanoUsd;
      /** Resolves when the books have answered. */
      readonly settled: Promise<void>;
      /** Resolves when books and journal are done; the function may return then. */
      readonly done: Promise<void>;
    }
  | { readonly kind: 'stream'; readonly done: Promise<void> }
  | { readonly kind: 'refused'; readonly refusal: CapRefusal };

/** What a caller is told who meets a full cap. */
export interface CapRefusal {
  readonly charge: Charge;
  readonly reason: RefusalReason;
  readonly state: CounterState;
  readonly boundNanoUsd: NanoUsd;
}

/** A reservation that stands, by settings that are fresh enough to send upon. */
interface Reserved {
  readonly admission: Admission;
  readonly held: readonly Held[];
  readonly settlement: Settlement;
  readonly timings: Timings;
}

export interface SpendGuard {
  /** @throws HardcapError where the request is refused for anything but a full cap */
  handle(request: GuardedRequest): Promise<GuardedAnswer>;
  /** A free operation: needs a key that may use the model, reserves nothing. */
  handleFree(request: GuardedRequest, body: Uint8Array): Promise<GuardedAnswer>;
}

export function createSpendGuard(ports: SpendGuardPorts, options: SpendGuardOptions): SpendGuard {
  const refusals = createRefusalLog(ports);
  const guard: Guard = { ports, options, refusals };
  return {
    handle: (request) => handle(guard, request),
    handleFree: (request, body) => handleFree(guard, request, body),
  };
}

interface Guard {
  readonly ports: SpendGuardPorts;
  readonly options: SpendGuardOptions;
  readonly refusals: RefusalLog;
}

async function handle(guard: Guard, request: GuardedRequest): Promise<GuardedAnswer> {
  const startedMs = guard.ports.clock.elapsedMs();
  const outcome = await reserveByFreshSettings(guard, request);
  if (outcome.kind === 'refused') {
    await guard.refusals.record(request, outcome.refusal);
    return outcome;
  }
  const { reserved } = outcome;
  guard.ports.telemetry.count(METRIC.reservedUsd, dollars(reserved.admission));
  guard.ports.telemetry.count(METRIC.addedLatencyMs, guard.ports.clock.elapsedMs() - startedMs);
  try {
    return await sendReserved(guard, request, reserved);
  } catch (error) {
    // A fault of ours after the reserve: whether Bedrock was reached is not known here.
    await reserved.settlement.finish(inFull(reserved, 500, `fault: ${String(error)}`));
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
  const known = settings.peek(request.keyId);
  const view = known ?? (await settings.read(request.keyId, maxAgeMs));
  if (clock.nowMs() - view.readAtMs <= maxAgeMs) return reserveBy(guard, request, view);

  const [fresh, tried] = await Promise.allSettled([
    settings.read(request.keyId, maxAgeMs),
    reserveBy(guard, request, view),
  ]);
  if (fresh.status === 'fulfilled' && isUnchanged(guard, request, fresh.value, tried)) {
    return settledValue(tried);
  }
  if (tried.status === 'fulfilled' && tried.value.kind === 'reserved') {
    const ending: Ending = { outcome: 'released', costNanoUsd: ZERO_USD, status: 0 };
    await tried.value.reserved.settlement.finish({ ...ending, reason: 'settings changed' });
  }
  return reserveBy(guard, request, settledValue(fresh));
}

function settledValue<T>(result: PromiseSettledResult<T>): T {
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
    const again = decide(fresh, request.keyText, request, guard.options, nowMs);
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
  const { clock } = guard.ports;
  const startedMs = clock.elapsedMs();
  const nowMs = clock.nowMs();
  authenticate(view, request.keyText, nowMs);
  const authMs = clock.elapsedMs() - startedMs;
  const admission = decide(view, request.keyText, request, guard.options, nowMs);
  const estimateMs = clock.elapsedMs() - startedMs - authMs;
  const outcome = await reserveAll(guard.ports, {
    charges: admission.charges,
    amountNanoUsd: admission.prepared.boundNanoUsd,
    expiresAtMs: request.deadlineAtMs + guard.options.reservationMarginMs,
  });
  const reserveMs = clock.elapsedMs() - startedMs - authMs - estimateMs;
  guard.ports.telemetry.count(METRIC.reserveLatencyMs, reserveMs);
  if (outcome.kind === 'refused') return refusedBy(outcome, admission);
  const settlement = openSettlement(guard.ports, {
    requestId: request.requestId,
    operation: request.operation,
    admission,
    held: outcome.held,
    startedAtMs: nowMs,
  });
  const timings = { authMs, estimateMs, reserveMs, upstreamMs: 0 };
  return {
    kind: 'reserved',
    reserved: { admission, held: outcome.held, settlement, timings },
  };
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

async function sendReserved(
  guard: Guard,
  request: GuardedRequest,
  reserved: Reserved,
): Promise<GuardedAnswer> {
  const { clock } = guard.ports;
  const startedMs = clock.elapsedMs();
  const deadline = deadlineSignal(clock, request.deadlineAtMs);
  let response: UpstreamResponse;
  try {
    response = await guard.ports.upstream.send(
      {
        region: request.region,
        path: request.upstreamPath(reserved.admission.model.modelId),
        headers: request.upstreamHeaders,
        body: reserved.admission.prepared.body,
      },
      deadline.signal,
    );
  } catch (error) {
    deadline.cancel();
    throw await sendFailed(reserved, error, deadline.signal.aborted);
  }
  const upstreamMs = clock.elapsedMs() - startedMs;
  guard.ports.telemetry.count(METRIC.upstreamLatencyMs, upstreamMs);
  const timed: Reserved = { ...reserved, timings: { ...reserved.timings, upstreamMs } };
  const isOk = response.status >= 200 && response.status < 300;
  if (isOk && isStreaming(request.operation)) {
    deadline.cancel();
    return startStream(guard, request, timed, response);
  }
  try {
    const body = await readWhole(response, guard.options.maxAnswerBytes);
    return isOk ? completed(request, timed, response, body) : rejected(timed, response, body);
  } catch (error) {
    response.abort();
    throw await sendFailed(reserved, error, deadline.signal.aborted);
  } finally {
    deadline.cancel();
  }
}

/** Settles a request that got no whole answer, and says what the client is told. */
async function sendFailed(
  reserved: Reserved,
  error: unknown,
  isDeadline: boolean,
): Promise<HardcapError> {
  const isUnsent = error instanceof UpstreamFailure && error.sent === 'not-sent';
  const reason = error instanceof Error ? error.message : String(error);
  await reserved.settlement.finish(
    isUnsent
      ? { outcome: 'released', costNanoUsd: ZERO_USD, status: 502, reason }
      : inFull(reserved, isDeadline ? 504 : 502, reason),
  );
  if (isDeadline) {
    return new HardcapError(
      'upstream_timeout',
      'upstream_timeout: Bedrock had not answered when the function was about to time out; ' +
        'the request is charged in full',
      { cause: error },
    );
  }
  const charged = isUnsent ? 'nothing is charged' : 'the request is charged in full';
  return new HardcapError('upstream_failed', `upstream_failed: ${reason}; ${charged}`, {
    cause: error,
  });
}

const inFull = (reserved: Reserved, status: number, reason: string): Ending => ({
  outcome: 'charged-in-full',
  costNanoUsd: chargeInFull(reserved.admission),
  status,
  reason,
});

/** What a reservation of unknown outcome costs: all of it, but for a model marked free. */
const chargeInFull = (admission: Admission): NanoUsd =>
  admission.model.price.free === true ? ZERO_USD : admission.prepared.boundNanoUsd;

function endingByUsage(reserved: Reserved, usage: Usage, status: number): Ending {
  if (usage.kind === 'unknown') return inFull(reserved, status, `usage unknown: ${usage.why}`);
  return {
    outcome: 'settled',
    costNanoUsd: costOf(reserved.admission.model.price, usage.usage),
    status,
    usage: usage.usage,
  };
}

function completed(
  request: GuardedRequest,
  reserved: Reserved,
  response: UpstreamResponse,
  body: Uint8Array,
): GuardedAnswer {
  const { model, prepared } = reserved.admission;
  const usage = usageFromAnswer({
    operation: request.operation,
    model,
    headers: response.headers,
    body,
    oneHourCacheWrites: prepared.oneHourCacheWrites,
  });
  return answer(reserved, response, body, endingByUsage(reserved, usage, response.status));
}

/** An error of Bedrock's: passed on as it is; released only where it is certainly not billed. */
function rejected(reserved: Reserved, response: UpstreamResponse, body: Uint8Array): GuardedAnswer {
  const { type, message } = errorTypeOf(response.headers, body);
  const ending: Ending = isCertainlyNotBilled(type, message)
    ? { outcome: 'released', costNanoUsd: ZERO_USD, status: response.status, reason: type }
    : inFull(reserved, response.status, type === '' ? 'error of no known type' : type);
  return answer(reserved, response, body, ending);
}

function answer(
  reserved: Reserved,
  response: UpstreamResponse,
  body: Uint8Array,
  ending: Ending,
): GuardedAnswer {
  const settled = reserved.settlement.finish(ending);
  return {
    kind: 'complete',
    head: headOf(reserved, response, ending.costNanoUsd),
    body,
    costNanoUsd: ending.costNanoUsd,
    settled,
    done: reserved.settlement.done,
  };
}

function headOf(reserved: Reserved, response: UpstreamResponse, costNanoUsd: NanoUsd): AnswerHead {
  return {
    status: response.status,
    headers: response.headers,
    reservedNanoUsd: reserved.admission.prepared.boundNanoUsd,
    cap: tightestCap(reserved, costNanoUsd),
    timings: reserved.timings,
  };
}

function tightestCap(reserved: Reserved, costNanoUsd: NanoUsd): CapNote | undefined {
  let tightest: CapNote | undefined;
  for (const { charge, hold, state } of reserved.held) {
    if (!charge.enforced) continue;
    const left =
      charge.limitNanoUsd - (state.committedNanoUsd - hold.reservedNanoUsd + costNanoUsd);
    const remainingNanoUsd = (left > 0n ? left : ZERO_USD) as NanoUsd;
    if (tightest !== undefined && tightest.remainingNanoUsd <= remainingNanoUsd) continue;
    const resetsAtMs = charge.window.endsAtMs;
    tightest = { capId: charge.cap.capId, remainingNanoUsd, resetsAtMs };
  }
  return tightest;
}

function startStream(
  guard: Guard,
  request: GuardedRequest,
  reserved: Reserved,
  response: UpstreamResponse,
): GuardedAnswer {
  const { model, prepared } = reserved.admission;
  const head = headOf(reserved, response, prepared.boundNanoUsd);
  const sink = request.openSink(head);
  const meter = createUsageMeter({
    operation: request.operation,
    model,
    oneHourCacheWrites: prepared.oneHourCacheWrites,
  });
  const relay = relayStream(response, guard.ports.createFrameReader(), meter, sink);
  const watching = new AbortController();
  void watchStream(
    guard.ports,
    { ...reserved, keyText: request.keyText, deadlineAtMs: request.deadlineAtMs },
    guard.options.settingsMaxAgeMs,
    watching.signal,
  ).then((reason) => {
    if (reason !== undefined) relay.cut(reason);
  });
  const ended = relay.end.then(async (end) => {
    watching.abort();
    await endStream(guard, reserved, sink, response.status, end);
  });
  return { kind: 'stream', done: ended.then(() => reserved.settlement.done) };
}

const BODY_END_PATIENCE_MS = 250;

async function endStream(
  guard: Guard,
  reserved: Reserved,
  sink: AnswerSink,
  status: number,
  end: RelayEnd,
): Promise<void> {
  const settled = reserved.settlement.finish(streamEnding(guard, reserved, status, end));
  if (end.cut !== undefined) {
    // The counter must refuse before the client learns of the cut: it resends at once.
    await settled;
    sink.fail(`budget_exceeded: ${end.cut.message}`);
  } else {
    await Promise.race([settled, guard.ports.clock.sleep(BODY_END_PATIENCE_MS)]);
    if (end.broken !== undefined) sink.fail(`upstream_failed: the stream of Bedrock broke off`);
  }
  sink.end();
}

function streamEnding(guard: Guard, reserved: Reserved, status: number, end: RelayEnd): Ending {
  const { admission } = reserved;
  if (end.rejectedAs !== undefined && isCertainlyNotBilled(capitalised(end.rejectedAs), '')) {
    return { outcome: 'released', costNanoUsd: ZERO_USD, status, reason: end.rejectedAs };
  }
  const byUsage = endingByUsage(reserved, end.usage, status);
  if (end.cut === undefined) return byUsage;
  const { cut } = end;
  return {
    ...byUsage,
    outcome: 'cut',
    costNanoUsd:
      byUsage.costNanoUsd > admission.prepared.boundNanoUsd || byUsage.outcome === 'settled'
        ? byUsage.costNanoUsd
        : chargeInFull(admission),
    reason: cut.message,
    ...(cut.kind === 'cap' ? { cut: cutOf(guard, cut) } : {}),
  };
}

const cutOf = (guard: Guard, cut: Extract<CutReason, { kind: 'cap' }>) => ({
  counterPk: cut.counterPk,
  untilMs: guard.ports.clock.nowMs() + guard.options.cutHoldMs,
});

async function readWhole(response: UpstreamResponse, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** Aborts when the function is about to time out. */
function deadlineSignal(clock: Clock, deadlineAtMs: number) {
  const expiry = new AbortController();
  const waiting = new AbortController();
  clock.sleep(Math.max(0, deadlineAtMs - clock.nowMs()), waiting.signal).then(
    () => expiry.abort(),
    () => {},
  );
  return { signal: expiry.signal, cancel: () => waiting.abort() };
}

async function handleFree(
  guard: Guard,
  request: GuardedRequest,
  body: Uint8Array,
): Promise<GuardedAnswer> {
  const { settings, clock } = guard.ports;
  const view = await settings.read(request.keyId, guard.options.settingsMaxAgeMs);
  const key = authenticate(view, request.keyText, clock.nowMs());
  const { model } = chooseModel(view, key, request.modelId);
  const deadline = deadlineSignal(clock, request.deadlineAtMs);
  const startedMs = clock.elapsedMs();
  try {
    const response = await guard.ports.upstream.send(
      {
        region: request.region,
        path: request.upstreamPath(model.modelId),
        headers: request.upstreamHeaders,
        body,
      },
      deadline.signal,
    );
    const answerBody = await readWhole(response, guard.options.maxAnswerBytes);
    const upstreamMs = clock.elapsedMs() - startedMs;
    const done = Promise.resolve();
    return {
      kind: 'complete',
      head: {
        status: response.status,
        headers: response.headers,
        reservedNanoUsd: ZERO_USD,
        cap: undefined,
        timings: { authMs: 0, estimateMs: 0, reserveMs: 0, upstreamMs },
      },
      body: answerBody,
      costNanoUsd: ZERO_USD,
      settled: done,
      done,
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HardcapError('upstream_failed', `upstream_failed: ${reason}; nothing is charged`, {
      cause: error,
    });
  } finally {
    deadline.cancel();
  }
}

/** Kept here so that a bound of zero can never be mistaken for a tombstone. */
export const isReservable = (amount: NanoUsd): boolean => amount >= MIN_RESERVATION;
