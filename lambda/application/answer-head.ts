/**
 * The head of an admitted request's answer: Bedrock's own, and what hardcap says beside it.
 */
import type { Prepared } from '../domain/estimate.ts';
import { maxUsd, type NanoUsd, nanoUsd, ZERO_USD } from '../domain/money.ts';
import type { UpstreamResponse } from '../ports/upstream.ts';
import type { AnswerHead, CapNote, Reserved } from './guarded-request.ts';
import { type Held, mostReserved } from './reserve-all.ts';

/**
 * The head, with what will be left under the tightest cap once `costNanoUsd` is settled; undefined
 * while it runs: what is reserved is taken off.
 */
export const answerHead = (
  reserved: Reserved,
  response: UpstreamResponse,
  costNanoUsd: NanoUsd | undefined,
): AnswerHead => ({
  status: response.status,
  headers: response.headers,
  reservedNanoUsd: mostReserved(reserved.held) ?? reserved.admission.prepared.boundNanoUsd,
  cap: tightestCap(reserved.held, costNanoUsd),
  timings: reserved.timings,
  ...clampNote(reserved.admission.prepared),
});

/** The output limit that was written, where it is lower than what was asked for. */
export const clampNote = ({ limit }: Prepared): { readonly clampedMaxTokens?: number } =>
  limit?.isLowered === true ? { clampedMaxTokens: limit.tokens } : {};

function tightestCap(held: readonly Held[], costNanoUsd: NanoUsd | undefined): CapNote | undefined {
  let tightest: CapNote | undefined;
  for (const one of held) {
    if (!one.charge.enforced) continue;
    const remainingNanoUsd = remainingAfter(one, costNanoUsd);
    if (tightest !== undefined && tightest.remainingNanoUsd <= remainingNanoUsd) continue;
    const { cap, window } = one.charge;
    tightest = { capId: cap.capId, remainingNanoUsd, resetsAtMs: window.endsAtMs };
  }
  return tightest;
}

function remainingAfter(
  { charge, hold, state }: Held,
  costNanoUsd = hold.reservedNanoUsd,
): NanoUsd {
  const committed = state.committedNanoUsd - hold.reservedNanoUsd + costNanoUsd;
  return maxUsd(nanoUsd(charge.limitNanoUsd - committed), ZERO_USD);
}
