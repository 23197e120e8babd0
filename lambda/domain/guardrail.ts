/**
 * What Bedrock's guardrails cost: one price a policy for each text unit of up to 1,000 characters.
 *
 * Source: the usage types `Guardrail-*PolicyUnitsConsumed` of the Bedrock price list. The word
 *         filter is free. A policy that the guardrail does not have costs nothing.
 */
import { nanoUsd } from './money.ts';
import type { UnitPrices } from './unit.ts';

/** Nano-dollars a text unit: 0.15 US dollars for a thousand is 150,000 for one. */
export const GUARDRAIL_PRICES: UnitPrices = {
  'guardrail-content': nanoUsd(150_000n),
  'guardrail-topic': nanoUsd(150_000n),
  'guardrail-sensitive-information': nanoUsd(100_000n),
  'guardrail-grounding': nanoUsd(100_000n),
  'guardrail-automated-reasoning': nanoUsd(170_000n),
};
