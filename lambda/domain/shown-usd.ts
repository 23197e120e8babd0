/**
 * Dollars for the eye: short, and never rounded in favour of more to spend.
 *
 * Not here: exact dollars (money.ts), which JSON and tables keep.
 */
import { formatUsd, NANO_USD_PER_USD, type NanoUsd, nanoUsd } from './money.ts';

const STEPS = [
  { belowUsd: 1_000n, nanoUsd: 100_000n },
  { belowUsd: 100_000n, nanoUsd: 10_000_000n },
];
const WHOLE_DOLLARS = { nanoUsd: NANO_USD_PER_USD };

/**
 * Dollars in at most 10 characters: fewer decimals the more there are. What is spent is rounded
 * up, what remains is rounded down.
 */
export function shownUsd(amount: NanoUsd, rounding: 'up' | 'down'): string {
  const step = STEPS.find(({ belowUsd }) => amount < belowUsd * NANO_USD_PER_USD) ?? WHOLE_DOLLARS;
  const rest = amount % step.nanoUsd;
  const floor = amount - rest;
  const rounded = rounding === 'up' && rest > 0n ? floor + step.nanoUsd : floor;
  const text = formatUsd(nanoUsd(rounded));
  return step === WHOLE_DOLLARS ? text.replace(/\.00$/, '') : text;
}
