/**
 * How a request that was sent ends in money: by its usage, or in full where that is unknown.
 */
import { type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { costOf, priceServedAs, type TokenUsage } from '../domain/price.ts';
import type { UnitCounts } from '../domain/unit.ts';
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
  const { model, prepared } = admission;
  const price = priceServedAs(model.price, usage.served ?? prepared.serving);
  if (price === undefined) return inFull(admission, status, 'usage unknown: served at no price');
  const used = withAskedUnits(usage.usage, prepared.units);
  return {
    outcome: 'settled',
    costNanoUsd: costOf(price, used),
    status,
    usage: used,
  };
}

/** Units that no answer counts are billed as they were asked for. */
function withAskedUnits(usage: TokenUsage, asked: UnitCounts): TokenUsage {
  const hasUnits = Object.keys(asked).length > 0;
  return usage.units === undefined && hasUnits ? { ...usage, units: asked } : usage;
}
