/**
 * Errors before they have a door's shape: status, type, message, fields. The only place of statuses.
 *
 * Never `Retry-After`: SDKs sleep on it.
 * Not here: bodies, which each door writes (doors/).
 */
import type { CapRefusal } from '../../application/guarded-request.ts';
import { type ErrorCode, HardcapError } from '../../domain/errors.ts';
import { formatUsd, maxUsd, subtractUsd, ZERO_USD } from '../../domain/money.ts';
import type { CutCap } from '../../ports/stream.ts';

/** An answer that is ready to be sent. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What is to be told of an error, in whatever shape. */
export interface WireError {
  readonly status: number;
  /** The name that AWS SDKs raise. */
  readonly type: string;
  /** Begins with its code, or with `budget_exceeded`. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** For programs: the same names in every door's body; dollars are decimal texts. */
  readonly fields: Readonly<Record<string, string>>;
}

const BAD_REQUEST = { status: 400, type: 'ValidationException' } as const;
const UNAVAILABLE = { status: 503, type: 'ServiceUnavailableException' } as const;

const WIRE: Readonly<Record<ErrorCode, { readonly status: number; readonly type: string }>> = {
  invalid_request: BAD_REQUEST,
  body_too_large: { status: 413, type: 'ValidationException' },
  unknown_route: { status: 404, type: 'UnknownOperationException' },
  // Never by way of the edge: who goes round it is told no more than this.
  edge_required: { status: 403, type: 'AccessDeniedException' },
  operation_not_served: { status: 501, type: 'UnknownOperationException' },
  unknown_key: { status: 401, type: 'UnrecognizedClientException' },
  // Not 403: some clients send a request that was answered so again, without a word.
  model_not_priced: BAD_REQUEST,
  model_unresolved: UNAVAILABLE,
  model_not_allowed: BAD_REQUEST,
  region_not_allowed: BAD_REQUEST,
  no_cap_applies: BAD_REQUEST,
  unpriced_field: BAD_REQUEST,
  request_too_dear: BAD_REQUEST,
  settings_malformed: UNAVAILABLE,
  settings_unavailable: UNAVAILABLE,
  ledger_unavailable: UNAVAILABLE,
  upstream_failed: { status: 502, type: 'InternalServerException' },
  upstream_timeout: { status: 504, type: 'InternalServerException' },
  invariant_broken: { status: 500, type: 'InternalServerException' },
};

function wire(
  status: number,
  type: string,
  message: string,
  headers: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, string>> = {},
): WireError {
  // 501 is for ever.
  const retry = status < 500 || status === 501 ? { 'x-should-retry': 'false' } : {};
  return { status, type, message, headers: { ...retry, ...headers }, fields };
}

/** What any error tells; what is not ours tells its request id and nothing else. */
export function wireErrorOf(error: unknown, requestId: string): WireError {
  if (!(error instanceof HardcapError) || error.code === 'invariant_broken') {
    const { status, type } = WIRE.invariant_broken;
    const message = `invariant_broken: a fault of the gateway; see its log for ${requestId}`;
    return wire(status, type, message, { 'x-hardcap-reason': 'invariant_broken' });
  }
  const { status, type } = WIRE[error.code];
  const { message } = error;
  const named = message.startsWith(error.code) ? message : `${error.code}: ${message}`;
  return wire(status, type, named, {
    'x-hardcap-reason': error.code,
    ...moneyHeaders(error.details),
  });
}

/** Only an error that came after the reserve tells what was reserved, and what is charged. */
const moneyHeaders = ({ reservedUsd, costUsd }: HardcapError['details']) => ({
  ...(reservedUsd === undefined ? {} : { 'x-hardcap-reserved-usd': reservedUsd }),
  ...(costUsd === undefined ? {} : { 'x-hardcap-cost-usd': costUsd }),
});

const WHAT_TO_DO: Readonly<Record<CapRefusal['reason'], string>> = {
  spent: 'ask for fewer tokens, wait for the reset, or have the limit raised',
  'reserved-in-flight': 'other requests hold the rest; it frees as they end',
  'larger-than-limit': 'this request alone may cost more than the limit: lower max_tokens',
  'in-flight-limit': 'too many requests are in flight on this cap; send fewer at a time',
  'tag-counter-limit':
    'the key has opened as many counters by request tags as it may in a UTC day; send tags that ' +
    'it sent before, or have maxTagCounters raised',
};

const SPENT_FOR_EVER = 'ask for fewer tokens, or have the limit raised';

/** No wait and no smaller request passes a cap of nothing, so neither is advised. */
const ZERO_ADVICE = 'this cap is set to zero and refuses all; have the limit raised';

function adviceOf({ charge, reason }: CapRefusal, resetsAt: string | undefined): string {
  if (charge.limitNanoUsd <= ZERO_USD) return ZERO_ADVICE;
  // The end of the cap's window changes nothing for it.
  if (reason === 'tag-counter-limit') return WHAT_TO_DO[reason];
  if (resetsAt !== undefined) return `resets at ${resetsAt}; ${WHAT_TO_DO[reason]}`;
  return `it never resets; ${reason === 'spent' ? SPENT_FOR_EVER : WHAT_TO_DO[reason]}`;
}

/** What a request is told that met a full cap. */
export function wireRefusalOf(refusal: CapRefusal, status: number): WireError {
  const { charge, state, reason, boundNanoUsd } = refusal;
  const { cap, limitNanoUsd, window } = charge;
  const remaining = maxUsd(subtractUsd(limitNanoUsd, state.committedNanoUsd), ZERO_USD);
  const reserved = subtractUsd(state.committedNanoUsd, state.settledNanoUsd);
  const hasReset = window.endsAtMs !== undefined && reason !== 'tag-counter-limit';
  const resetsAt = hasReset ? isoTime(window.endsAtMs) : undefined;
  const message =
    `budget_exceeded: cap "${cap.capId}" has no room for this request (${reason}): ` +
    `limit $${formatUsd(limitNanoUsd)} ${cap.window.kind}, ` +
    `settled $${formatUsd(state.settledNanoUsd)}, reserved $${formatUsd(reserved)}, ` +
    `remaining $${formatUsd(remaining)}; the request may cost up to $${formatUsd(boundNanoUsd)}; ` +
    adviceOf(refusal, resetsAt);
  const headers = {
    'x-hardcap-reason': reason,
    'x-hardcap-cap': cap.capId,
    'x-hardcap-remaining-usd': formatUsd(remaining),
    'x-hardcap-reserved-usd': formatUsd(ZERO_USD),
    'x-hardcap-cost-usd': formatUsd(ZERO_USD),
    ...(resetsAt === undefined ? {} : { 'x-hardcap-resets-at': resetsAt }),
  };
  const books = {
    reason,
    capId: cap.capId,
    limitNanoUsd,
    settledNanoUsd: state.settledNanoUsd,
    reservedNanoUsd: reserved,
    resetsAtMs: window.endsAtMs,
  };
  return wire(status, 'BudgetExceededException', message, headers, cutFields(books));
}

/** A cap's books by the names of the wire; none where it was no cap. */
export const cutFields = (cap: CutCap | undefined): Readonly<Record<string, string>> =>
  cap === undefined
    ? {}
    : {
        reason: cap.reason,
        cap: cap.capId,
        limit_usd: formatUsd(cap.limitNanoUsd),
        settled_usd: formatUsd(cap.settledNanoUsd),
        reserved_usd: formatUsd(cap.reservedNanoUsd),
        ...(cap.resetsAtMs === undefined ? {} : { resets_at: isoTime(cap.resetsAtMs) }),
      };

/** A time as people and programs read it, in UTC. */
export const isoTime = (atMs: number): string => new Date(atMs).toISOString();
