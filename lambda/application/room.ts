/**
 * What a refused request could still get: how many dollars, and whether its output may be lowered.
 */
import { affordableOutputLimit, type Lowerable } from '../domain/affordable-output.ts';
import { HardcapError } from '../domain/errors.ts';
import { boundCost } from '../domain/estimate.ts';
import { type NanoUsd, subtractUsd, ZERO_USD } from '../domain/money.ts';
import { type Price, priceServedAs } from '../domain/price.ts';
import type { RefusalReason } from '../ports/ledger.ts';
import type { Admission, Fit } from './admission.ts';
import type { CounterRefusal } from './reserve-all.ts';

export interface Room {
  readonly remainingNanoUsd: NanoUsd;
  /** Whether all that refused lower the output rather than refuse. */
  readonly mayClamp: boolean;
}

/** No smaller amount would pass these. */
const NOT_OF_MONEY: ReadonlySet<RefusalReason> = new Set(['in-flight-limit', 'tag-counter-limit']);

/** The least that remains under the caps that refused; undefined where no amount would pass. */
export function roomOf(
  { prepared }: Admission,
  refusals: readonly CounterRefusal[],
): Room | undefined {
  let remainingNanoUsd: NanoUsd | undefined;
  for (const { charge, reason, state } of refusals) {
    const { limitNanoUsd } = charge;
    // A counter that has just cut a stream says `spent` whatever is left under its limit.
    const isShut =
      reason === 'spent' && state.settledNanoUsd + prepared.boundNanoUsd <= limitNanoUsd;
    if (isShut || NOT_OF_MONEY.has(reason)) return undefined;
    const own = subtractUsd(limitNanoUsd, state.committedNanoUsd);
    if (remainingNanoUsd === undefined || own < remainingNanoUsd) remainingNanoUsd = own;
  }
  if (remainingNanoUsd === undefined || remainingNanoUsd <= ZERO_USD) return undefined;
  const mayClamp = refusals.every(({ charge }) => charge.cap.action === 'clamp');
  return { remainingNanoUsd, mayClamp };
}

/** The price that the admission's bound is by. */
export function priceOf({ model, prepared }: Admission): Price {
  const price = priceServedAs(model.price, prepared.serving);
  if (price === undefined) throw new HardcapError('invariant_broken', 'priced, and without price');
  return price;
}

/**
 * How the admitted request fits into the room: whole, else with a lower output limit where that is
 * allowed; undefined where it does not fit.
 */
export function fitInto(
  admission: Admission,
  room: Room,
  counted: Fit['counted'] = admission.fit.counted,
): Fit | undefined {
  const fit: Fit = { ...admission.fit, ...(counted && { counted }) };
  const price = priceOf(admission);
  const bounds = boundsBy(admission, counted?.mostInputTokens);
  if (boundCost(price, bounds) <= room.remainingNanoUsd) return fit;
  if (!room.mayClamp) return undefined;
  const mostOutputTokens = affordableOutputLimit(price, bounds, room.remainingNanoUsd);
  return mostOutputTokens === undefined ? undefined : { ...fit, mostOutputTokens };
}

/** The admission's bounds, if its input had no more tokens than this. */
export const boundsBy = (
  { prepared }: Admission,
  inputTokens = prepared.inputTokens,
): Lowerable => ({
  ...prepared,
  inputTokens: Math.min(inputTokens, prepared.inputTokens),
});
