/**
 * Why a counter refuses a reservation, read from its item: what the reserve's condition says.
 *
 * Not here: the condition itself (counter-writes.ts), which alone decides.
 */
import { addUsd, ZERO_USD } from '../../domain/money.ts';
import { expiresAtMs } from '../../domain/reservation.ts';
import type { RefusalReason, ReserveOnCounter } from '../../ports/ledger.ts';
import {
  type CounterItem,
  countOf,
  reservationsOf,
  type StandingAmount,
  stateOf,
} from './counter-item.ts';

type Asked = Pick<ReserveOnCounter, 'limitNanoUsd' | 'amountNanoUsd'>;

/** Whether no counter of this limit could take the amount, not even an empty one. */
export const isLargerThanLimit = ({ limitNanoUsd, amountNanoUsd }: Asked): boolean =>
  limitNanoUsd !== undefined && amountNanoUsd > limitNanoUsd;

/** Why the condition fails on what stands there; undefined where it holds. */
export function refusalReason(
  item: CounterItem,
  { limitNanoUsd, amountNanoUsd }: Asked,
  maxInFlight: number,
  nowMs: number,
): RefusalReason | undefined {
  if (limitNanoUsd === undefined) return undefined;
  const state = stateOf(item);
  if (countOf(item, 'cutUntilMs') >= nowMs) return 'spent';
  if (addUsd(state.settledNanoUsd, amountNanoUsd) > limitNanoUsd) return 'spent';
  if (addUsd(state.committedNanoUsd, amountNanoUsd) > limitNanoUsd) return 'reserved-in-flight';
  return state.inFlight >= maxInFlight ? 'in-flight-limit' : undefined;
}

/** The reservations that a refused reserve charges in full: those that expired before `nowMs`. */
export const staleOf = (item: CounterItem, nowMs: number): StandingAmount[] =>
  reservationsOf(item).filter(
    ({ id, amountNanoUsd }) =>
      amountNanoUsd !== ZERO_USD && (expiresAtMs(id) ?? Number.POSITIVE_INFINITY) <= nowMs,
  );
