/**
 * The most that a run of the checks may spend, whatever a cap would allow.
 *
 * Invariant: what was spent plus what running requests may still cost never passes the limit, as
 *            each request says in a header what it may cost at most.
 */
import { formatUsd, minUsd, type NanoUsd, nanoUsd, ZERO_USD } from '../../lambda/domain/money.ts';

/** Thrown in place of a request that there is no money left for. */
export class SpendLimitReached extends Error {
  constructor(limit: NanoUsd, spent: NanoUsd) {
    super(`too little is left: $${formatUsd(spent)} of --max-usd ${formatUsd(limit)} are spent`);
    this.name = 'SpendLimitReached';
  }
}

export interface SpendLimit {
  /** What this request may cost: `most`, or what is left. @throws SpendLimitReached */
  take(most: NanoUsd): NanoUsd;
  /** The request that took `taken` has cost this much. */
  give(taken: NanoUsd, cost: NanoUsd): void;
  spent(): NanoUsd;
  /** The error that says that too little is left. */
  reached(): SpendLimitReached;
}

export function createSpendLimit(limit: NanoUsd): SpendLimit {
  let spent = ZERO_USD;
  let running = ZERO_USD;
  return {
    take(most) {
      const left = nanoUsd(limit - spent - running);
      if (left <= 0n) throw new SpendLimitReached(limit, spent);
      const taken = minUsd(most, left);
      running = nanoUsd(running + taken);
      return taken;
    },
    give(taken, cost) {
      running = nanoUsd(running - taken);
      spent = nanoUsd(spent + cost);
    },
    spent: () => spent,
    reached: () => new SpendLimitReached(limit, spent),
  };
}
