/**
 * What a progressive reservation covers: the input, the output that was seen, and some of what comes.
 *
 * Invariant: never more than the whole bound, which a `full` reservation holds from the start.
 */
import type { Model } from './catalogue.ts';
import { HardcapError } from './errors.ts';
import { boundCost, type Prepared } from './estimate.ts';
import type { NanoUsd } from './money.ts';
import { isStreaming, type Operation } from './operation.ts';
import { priceServedAs } from './price.ts';

/**
 * Output tokens that are reserved at a time. Seen output is counted by its bytes, so that one
 * tranche is some 250 tokens of English: three to five seconds of a stream, against the hundredth
 * of a second that an extension takes.
 */
export const TRANCHE_TOKENS = 1_024;

/** Extended when less than one tranche is left, to two: so one is always ahead. */
const TRANCHES_AHEAD = 2;

/** The part of a request's output that a reservation covers, and its price. */
export interface Cover {
  readonly outputTokens: number;
  readonly nanoUsd: NanoUsd;
}

/** The cover of a request of which this much was seen. */
export function coverOf(
  model: Model,
  prepared: Prepared,
  seenTokens: number,
  trancheTokens: number,
): Cover {
  const ahead = seenTokens + TRANCHES_AHEAD * trancheTokens;
  const outputTokens = Math.min(prepared.outputTokens, ahead);
  return { outputTokens, nanoUsd: costOfSeen(model, prepared, outputTokens) };
}

/** The bound on what a request costs that writes no more than this. */
export function costOfSeen(model: Model, prepared: Prepared, outputTokens: number): NanoUsd {
  const price = priceServedAs(model.price, prepared.serving);
  if (price === undefined) throw new HardcapError('invariant_broken', 'priced, and without price');
  const most = Math.min(prepared.outputTokens, outputTokens);
  return boundCost(price, { ...prepared, outputTokens: most });
}

/**
 * The first cover of a request on a progressive counter; undefined where it reserves its whole
 * bound: it is no stream, its output cannot all be seen, or the first cover is all of it.
 */
export function firstCover(
  operation: Operation,
  model: Model,
  prepared: Prepared,
  trancheTokens: number,
): Cover | undefined {
  if (!isStreaming(operation) || prepared.isAllVisible !== true) return undefined;
  const first = coverOf(model, prepared, 0, trancheTokens);
  return first.nanoUsd < prepared.boundNanoUsd ? first : undefined;
}
