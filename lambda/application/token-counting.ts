/**
 * Asks for the tokens of a request that its bound by bytes kept out, where it may help.
 *
 * A count costs a round trip, so it is asked for only near a cap, once a request, and not of a
 * model that has just shown that it gives none.
 */
import { affordableOutputLimit } from '../domain/affordable-output.ts';
import { type Countable, countableOf, mostInputTokens } from '../domain/token-count.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { CountOutcome, TokenCounter } from '../ports/token-counter.ts';
import type { Admission, Fit } from './admission.ts';
import type { GuardedRequest } from './guarded-request.ts';
import { boundsBy, fitInto, fitsWhole, priceOf, type Room } from './room.ts';

/** How long a count is waited for. It is usually there in a fraction of it. */
export const COUNT_TIMEOUT_MS = 1_000;

/** How long a model is not asked again that cannot be counted, and one that did not answer. */
export const UNSUPPORTED_PAUSE_MS = 10 * 60_000;
export const UNAVAILABLE_PAUSE_MS = 10_000;

/** Pairs of region and model that are remembered; beyond it the oldest is forgotten. */
const MAX_PAUSES = 200;

export interface TokenCountingPorts {
  readonly tokenCounter?: TokenCounter;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface TokenCounting {
  /** What was counted; undefined where it was not asked for, or did not help. Never rejects. */
  count(
    request: GuardedRequest,
    admission: Admission,
    room: Room,
  ): Promise<NonNullable<Fit['counted']> | undefined>;
}

export function createTokenCounting(ports: TokenCountingPorts): TokenCounting {
  const { tokenCounter, clock } = ports;
  const pausedUntilMs = new Map<string, number>();
  return {
    async count(request, admission, room) {
      const { baseModelId } = admission.model;
      const timeoutMs = Math.min(COUNT_TIMEOUT_MS, request.deadlineAtMs - clock.nowMs());
      if (tokenCounter === undefined || timeoutMs <= 0) return undefined;
      const model = `${request.region}/${baseModelId}`;
      if (isPaused(pausedUntilMs.get(model), clock.elapsedMs())) return undefined;
      const countable = countableOf(request.operation, admission.prepared);
      if (countable === undefined || !mayFit(admission, countable, room)) return undefined;
      const { form, body } = countable;
      const asked = { region: request.region, baseModelId, form, body, timeoutMs };
      const outcome = await tokenCounter.count(asked);
      if (outcome.kind === 'counted') return countedOf(outcome.inputTokens, countable);
      tell(ports.telemetry, model, outcome);
      pause(pausedUntilMs, model, outcome, clock.elapsedMs());
      return undefined;
    },
  };
}

const isPaused = (untilMs: number | undefined, elapsedMs: number): boolean =>
  untilMs !== undefined && elapsedMs < untilMs;

/**
 * Whether the request could be admitted if its text had few tokens: whole, or with a lower output
 * limit where the bound by bytes leaves nothing of use.
 */
function mayFit(admission: Admission, { leastTokens }: Countable, room: Room): boolean {
  const price = priceOf(admission);
  const few = boundsBy(admission, leastTokens);
  if (fitsWhole(admission, room, few)) return true;
  if (!room.mayClamp || fitInto(admission, room) !== undefined) return false;
  return affordableOutputLimit(price, few, room.remainingNanoUsd) !== undefined;
}

function countedOf(inputTokens: number, countable: Countable): Fit['counted'] {
  try {
    return { inputTokens, mostInputTokens: mostInputTokens(inputTokens, countable) };
  } catch {
    return undefined;
  }
}

type Failure = Exclude<CountOutcome, { kind: 'counted' }>;

const tell = (telemetry: Telemetry, model: string, { kind, why }: Failure): void =>
  telemetry.info('tokens were not counted; the bound by bytes stands', { model, kind, why });

/** A request that was rejected says nothing of the next one. */
function pause(
  pausedUntilMs: Map<string, number>,
  model: string,
  { kind }: Failure,
  elapsedMs: number,
): void {
  if (kind === 'rejected') return;
  const pauseMs = kind === 'unsupported' ? UNSUPPORTED_PAUSE_MS : UNAVAILABLE_PAUSE_MS;
  pausedUntilMs.delete(model);
  pausedUntilMs.set(model, elapsedMs + pauseMs);
  if (pausedUntilMs.size <= MAX_PAUSES) return;
  const [oldest] = pausedUntilMs.keys();
  if (oldest !== undefined) pausedUntilMs.delete(oldest);
}
