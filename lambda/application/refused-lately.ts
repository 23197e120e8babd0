/**
 * What an instance remembers of counters that refused as spent, to ask those first.
 *
 * Invariant: it says whom to ask first, and never what is answered: a request is refused by the
 *            ledger alone. Where it is wrong, a request takes one round trip more.
 */
import { addUsd, ZERO_USD } from '../domain/money.ts';
import type { CounterKey } from '../domain/reservation.ts';
import type { Clock } from '../ports/clock.ts';
import { type CounterState, counterName } from '../ports/ledger.ts';
import type { Admission, Charge } from './admission.ts';
import type { CounterRefusal } from './reserve-all.ts';
import { fitInto, isShut, roomOf } from './room.ts';
import { LASTING } from './told-refusal.ts';

/**
 * How long a counter's refusal is remembered. It is not renewed by what it leads to, so that once in
 * this time all counters are asked again, and the most final refusal is told of all.
 */
export const REMEMBERED_MS = 60_000;
/** Counters that are remembered; beyond it the oldest is forgotten. */
export const MAX_REMEMBERED = 1_000;

/** Made once an instance: what one request learned helps the next. */
export interface RefusedLately {
  /**
   * The charges whose counters are to be asked before the others: those that will refuse, going by
   * what they said last. None where that would not be the end of it, and where it is all of them.
   */
  askedFirst(admission: Admission): ReadonlySet<Charge>;
  /** What counters of the admission answered, those that were asked first among them. */
  learn(
    admission: Admission,
    first: ReadonlySet<Charge>,
    refusals: readonly CounterRefusal[],
  ): void;
}

interface Remembered {
  readonly atMs: number;
  readonly state: CounterState;
  /** It had just cut a stream, and refused whatever is left under its limit. */
  readonly wasShut: boolean;
}

/** All counters at once. */
export const NONE_FIRST: ReadonlySet<Charge> = new Set();

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

export function createRefusedLately(clock: Clock): RefusedLately {
  const remembered = new Map<string, Remembered>();
  const recall = (counter: CounterKey): Remembered | undefined => {
    const known = remembered.get(counterName(counter));
    return known !== undefined && isRecent(clock.nowMs() - known.atMs) ? known : undefined;
  };
  return {
    askedFirst(admission) {
      const { charges } = admission;
      const expected = charges.flatMap(
        (charge) => expectedOf(admission, charge, recall(charge.counter)) ?? [],
      );
      if (expected.length === charges.length || mayFit(admission, expected)) return NONE_FIRST;
      return new Set(expected.map(({ charge }) => charge));
    },
    learn(admission, first, refusals) {
      const lasting = refusals.filter(({ reason }) => LASTING.has(reason));
      const refused = new Set(lasting.map(({ charge }) => charge));
      for (const charge of first) {
        if (!refused.has(charge)) remembered.delete(counterName(charge.counter));
      }
      for (const refusal of lasting) {
        const { charge, state, reason } = refusal;
        if (reason !== 'spent') continue;
        const { atMs } = recall(charge.counter) ?? { atMs: clock.nowMs() };
        const name = counterName(charge.counter);
        remembered.delete(name);
        remembered.set(name, { atMs, state, wasShut: isShut(admission, refusal) });
      }
      forgetOldest(remembered);
    },
  };
}

/** A negative age means that the clock was set back: what is older than that nobody knows. */
const isRecent = (ageMs: number): boolean => ageMs >= 0 && ageMs < REMEMBERED_MS;

/** How the counter will refuse; undefined where it may have room. */
function expectedOf(
  { prepared }: Admission,
  charge: Charge,
  known: Remembered | undefined,
): CounterRefusal | undefined {
  const { enforced, limitNanoUsd, firstNanoUsd = prepared.boundNanoUsd } = charge;
  if (!enforced) return undefined;
  const state = known?.state ?? NOTHING;
  // What is settled does not become less, but for what expired and was settled late.
  if (firstNanoUsd > limitNanoUsd) return { charge, reason: 'larger-than-limit', state };
  if (known === undefined) return undefined;
  const isSpent = known.wasShut || addUsd(state.settledNanoUsd, firstNanoUsd) > limitNanoUsd;
  return isSpent ? { charge, reason: 'spent', state } : undefined;
}

/**
 * Whether a request that is refused so would be made to fit, by what is known without a count: that
 * takes what all its counters say.
 */
function mayFit(admission: Admission, expected: readonly CounterRefusal[]): boolean {
  const room = roomOf(admission, expected);
  return room !== undefined && fitInto(admission, room) !== undefined;
}

function forgetOldest(remembered: Map<string, Remembered>): void {
  for (const name of remembered.keys()) {
    if (remembered.size <= MAX_REMEMBERED) return;
    remembered.delete(name);
  }
}
