/**
 * One counter of a cap in the cap's running window, and what can be said of it.
 *
 * Invariant: percents are rounded down, and a limit of zero is full.
 */
import type { Cap } from '../domain/cap.ts';
import { maxUsd, type NanoUsd, subtractUsd, ZERO_USD } from '../domain/money.ts';
import type { CounterKey } from '../domain/reservation.ts';
import type { Window } from '../domain/window.ts';
import type { CounterState } from '../ports/ledger.ts';

/** One counter of one cap, in the cap's running window. */
export interface CounterStanding {
  readonly cap: Cap;
  readonly counter: CounterKey;
  readonly window: Window;
  /** Absent for a cap without a split. */
  readonly splitValue?: string;
  /** The limit now, a raise included. */
  readonly limitNanoUsd: NanoUsd;
  readonly state: CounterState;
}

/** What is reserved for requests that have not ended. */
export const reservedOf = ({ state }: CounterStanding): NanoUsd =>
  subtractUsd(state.committedNanoUsd, state.settledNanoUsd);

/** What a cap has left, never less than nothing. */
export const remainingOf = ({ limitNanoUsd, state }: CounterStanding): NanoUsd =>
  maxUsd(subtractUsd(limitNanoUsd, state.committedNanoUsd), ZERO_USD);

/** What was committed above the limit: it was lowered since, or the cap only warns. */
export const overOf = ({ limitNanoUsd, state }: CounterStanding): NanoUsd =>
  maxUsd(subtractUsd(state.committedNanoUsd, limitNanoUsd), ZERO_USD);

/** Percent of the limit that is settled or reserved, rounded down; a limit of zero is full. */
export const percentOf = ({ state, limitNanoUsd }: CounterStanding): bigint =>
  limitNanoUsd <= 0n ? 100n : (state.committedNanoUsd * 100n) / limitNanoUsd;

/** `off`: disabled or expired. `near` begins at four fifths of the limit. */
export type Level = 'over' | 'full' | 'near' | 'room' | 'off';

/** From the first to be looked at to the last. */
export const LEVELS: readonly Level[] = ['over', 'full', 'near', 'room', 'off'];

const NEAR_PERCENT = 80n;
const FULL_PERCENT = 100n;

/** Whether a cap holds at `nowMs`, and if not, why. */
export function capState(cap: Cap, nowMs: number): 'enabled' | 'disabled' | 'expired' {
  if (!cap.enabled) return 'disabled';
  return cap.expiresAtMs !== undefined && nowMs >= cap.expiresAtMs ? 'expired' : 'enabled';
}

/** How near a counter is to its limit. */
export function levelOf(standing: CounterStanding, nowMs: number): Level {
  if (capState(standing.cap, nowMs) !== 'enabled') return 'off';
  const percent = percentOf(standing);
  if (percent < NEAR_PERCENT) return 'room';
  if (percent < FULL_PERCENT) return 'near';
  return overOf(standing) > 0n ? 'over' : 'full';
}
