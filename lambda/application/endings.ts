/**
 * How a request that was sent ends in money: by its usage, or in full where that is unknown.
 */
import { type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { costOf } from '../domain/price.ts';
import type { Usage } from '../domain/usage.ts';
import type { Admission } from './admission.ts';
import type { Ending } from './settlement.ts';

/** What a reservation of unknown outcome costs: all of it, but for a model marked free. */
const chargeInFull = (admission: Admission): NanoUsd =>
  admission.model.price.free === true ? ZERO_USD : admission.prepared.boundNanoUsd;

/** The ending of a request that may have been billed, nobody knows how much. */
export const inFull = (admission: Admission, status: number, reason: string): Ending => ({
  outcome: 'charged-in-full',
  costNanoUsd: chargeInFull(admission),
  status,
  reason,
});

/** The ending of a request that is certain not to be billed. */
export const atNothing = (status: number, reason: string): Ending => ({
  outcome: 'released',
  costNanoUsd: ZERO_USD,
  status,
  reason,
});

/** The ending of an answered request: its true cost, or all of it where usage is unknown. */
export function byUsage(admission: Admission, usage: Usage, status: number): Ending {
  if (usage.kind === 'unknown') return inFull(admission, status, `usage unknown: ${usage.why}`);
  return {
    outcome: 'settled',
    costNanoUsd: costOf(admission.model.price, usage.usage),
    status,
    usage: usage.usage,
  };
}
