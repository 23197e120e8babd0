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
  /** Whether all that refused reserve a first part of the output alone. */
  readonly isProgressive: boolean;
}

/** No smaller amount would pass these. */
const NOT_OF_MONEY: ReadonlySet<RefusalReason> = new Set(['in-flight-limit', 'tag-counter-limit']);

/** Whether the counter had just cut a stream: it says `spent` then, whatever is left. */
export function isShut(
  { prepared }: Admission,
  { charge, reason, state }: CounterRefusal,
): boolean {
  const needed = charge.firstNanoUsd ?? prepared.boundNanoUsd;
  return reason === 'spent' && state.settledNanoUsd + needed <= charge.limitNanoUsd;
}

/** The least that remains under the caps that refused; undefined where no amount would pass. */
export function roomOf(
  admission: Admission,
  refusals: readonly CounterRefusal[],
): Room | undefined {
  let remainingNanoUsd: NanoUsd | undefined;
  for (const refusal of refusals) {
    if (isShut(admission, refusal) || NOT_OF_MONEY.has(refusal.reason)) return undefined;
    const own = subtractUsd(refusal.charge.limitNanoUsd, refusal.state.committedNanoUsd);
    if (remainingNanoUsd === undefined || own < remainingNanoUsd) remainingNanoUsd = own;
  }
  if (remainingNanoUsd === undefined || remainingNanoUsd <= ZERO_USD) return undefined;
  const mayClamp = refusals.every(({ charge }) => charge.cap.action === 'clamp');
  const isProgressive = refusals.every(({ charge }) => charge.firstNanoUsd !== undefined);
  return { remainingNanoUsd, mayClamp, isProgressive };
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
  if (fitsWhole(admission, room, bounds)) return fit;
  if (!room.mayClamp) return undefined;
  const mostOutputTokens = affordableOutputLimit(price, bounds, room.remainingNanoUsd);
  return mostOutputTokens === undefined ? undefined : { ...fit, mostOutputTokens };
}

/** Whether what is reserved at first fits, without the output being lowered. */
export function fitsWhole(admission: Admission, room: Room, bounds: Lowerable): boolean {
  const first = room.isProgressive ? admission.first?.outputTokens : undefined;
  const outputTokens = Math.min(bounds.outputTokens, first ?? bounds.outputTokens);
  return boundCost(priceOf(admission), { ...bounds, outputTokens }) <= room.remainingNanoUsd;
}

/** The admission's bounds, if its input had no more tokens than this. */
export const boundsBy = (
  { prepared }: Admission,
  inputTokens = prepared.inputTokens,
): Lowerable => ({
  ...prepared,
  inputTokens: Math.min(inputTokens, prepared.inputTokens),
});
