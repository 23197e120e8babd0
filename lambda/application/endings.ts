/**
 * How a request that was sent ends in money: by its usage, or in full where that is unknown.
 */
import type { Prepared } from '../domain/estimate.ts';
import { mostGuardrailUnits } from '../domain/guardrail.ts';
import { type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { costBesideFree, costOf, priceServedAs } from '../domain/price.ts';
import { type UnitCounts, unpricedUnit } from '../domain/unit.ts';
import type { Usage } from '../domain/usage.ts';
import type { Admission } from './admission.ts';
import type { Ending } from './settlement.ts';

/** What a reservation of unknown outcome costs: all of it, but for the tokens of a free model. */
const chargeInFull = ({ model: { price }, prepared }: Admission): NanoUsd =>
  price.free === true ? costBesideFree(price, prepared.units) : prepared.boundNanoUsd;

/** The ending of a request that may have been billed, nobody knows how much. */
export const inFull = (admission: Admission, status: number, reason: string): Ending => ({
  outcome: 'charged-in-full',
  costNanoUsd: chargeInFull(admission),
  isInFull: true,
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
  const price = priceServedAs(model.price, { ...prepared.serving, ...usage.served });
  if (price === undefined) return inFull(admission, status, 'usage unknown: served at no price');
  const units = unitsUsed(prepared, usage);
  const unpriced = price.free === true ? undefined : unpricedUnit(units, price.units);
  if (unpriced !== undefined) {
    return inFull(admission, status, `usage unknown: the unit "${unpriced}" has no price`);
  }
  const hasUnits = Object.keys(units).length > 0;
  const used = hasUnits ? { ...usage.usage, units } : usage.usage;
  return { outcome: 'settled', costNanoUsd: costOf(price, used), status, usage: used };
}

/**
 * What is billed by other units than tokens: as the answer counts it, else as it was asked for. A
 * guardrail without a trace is billed at its bound for the output that there was; one that replaced
 * the answer may have read more than there is usage of.
 */
function unitsUsed(
  { units: asked, guardedText }: Prepared,
  { usage, hasIntervened }: Extract<Usage, { kind: 'metered' }>,
): UnitCounts {
  if (usage.units !== undefined) return { ...asked, ...usage.units };
  if (guardedText === undefined || hasIntervened === true) return asked;
  return { ...asked, ...mostGuardrailUnits(guardedText, usage.outputTokens) };
}
