/**
 * Loads on one cap from far below its bound to twice that, for short calls and for long ones.
 */
import { nanoUsd } from '../../lambda/domain/money.ts';
import { standingIn } from '../simulation/counter-books.ts';
import { COST_NANO_USD, type Load, type Outcome, runLoad } from './load.ts';

export const CALL_SECONDS = [1, 3, 10, 30] as const;
/** In parts of what the formula says. */
export const PARTS = [0.25, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1, 1.1, 1.25, 1.5, 2] as const;

/** Of a thousand requests, so many may be refused in error, or charged in full, below the bound. */
const MOST_IN_ERROR = 0.001;

const MEASURED_MS = 60_000;
const MAX_IN_FLIGHT = 2_000;
/** No cap that anybody has: whatever is refused is refused in error. */
const PLENTY = nanoUsd(1_000_000_000_000_000n);

/**
 * Requests a second that one counter carries, of so many seconds each: two writes a request, of
 * 25 bytes for each request in flight, make 1,000 units a second of a kilobyte each.
 */
export const formulaOf = (seconds: number): number => Math.sqrt(1_000 / (0.05 * seconds));

export interface Point {
  readonly seconds: number;
  /** Of the formula's bound. */
  readonly part: number;
  readonly offered: number;
  /** Requests a second. */
  readonly served: number;
  /** Of all that came: refused although there was money. */
  readonly inError: number;
  /** Of all that came: served, and charged in full because their settle was given up. */
  readonly overcharged: number;
  readonly outcome: Outcome;
}

const loadOf = (seed: number, seconds: number, part: number): Load => ({
  seed,
  callMs: seconds * 1000,
  requestsPerSecond: part * formulaOf(seconds),
  // Calls of the beginning have ended by then, and what they left is on the item.
  warmUpMs: 2 * seconds * 1000 + 5_000,
  measuredMs: MEASURED_MS,
  limitNanoUsd: PLENTY,
  maxInFlight: MAX_IN_FLIGHT,
});

export async function runPoint(seed: number, seconds: number, part: number): Promise<Point> {
  const load = loadOf(seed, seconds, part);
  const outcome = await runLoad(load);
  const refused = [...outcome.refused.values()].reduce((sum, count) => sum + count, 0);
  return {
    seconds,
    part,
    offered: load.requestsPerSecond,
    served: (outcome.served + outcome.unsettled) / (MEASURED_MS / 1000),
    inError: (refused + outcome.unavailable) / outcome.arrived,
    overcharged: outcome.unsettled / outcome.arrived,
    outcome,
  };
}

/**
 * The same at twice the bound, with money for a quarter of what one counter carries meanwhile.
 *
 * @throws Error where more than the limit was committed or billed, or the books do not add up
 */
export async function runShort(seed: number, seconds: number): Promise<Outcome> {
  const load = loadOf(seed, seconds, 2);
  const carried = (formulaOf(seconds) * (load.warmUpMs + load.measuredMs)) / 1000;
  const limit = (BigInt(Math.floor(carried)) * COST_NANO_USD) / 4n;
  const outcome = await runLoad({ ...load, limitNanoUsd: nanoUsd(limit) });
  const { billed, books, mostCommitted } = outcome;
  const reserved = standingIn(books).reduce((sum, amount) => sum + amount, 0n);
  if (billed > limit || mostCommitted > limit) throw new Error(`${billed} passes ${limit}`);
  if (books.committed !== books.settled + reserved) throw new Error('the books do not add up');
  return outcome;
}

/** The most of these loads that one counter carries: that, and all below it, without errors. */
export function boundIn(points: readonly Point[]): Point | undefined {
  const rising = points.toSorted((a, b) => a.part - b.part);
  const broken = rising.findIndex(
    ({ inError, overcharged }) => inError + overcharged > MOST_IN_ERROR,
  );
  return rising.at((broken === -1 ? rising.length : broken) - 1);
}
