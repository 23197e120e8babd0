/**
 * Reserves on every counter of a request, its bound or a first part of it: all of them, or none.
 *
 * Invariant: whatever this returns or throws, every hold is in the answer, or released, or named
 *            in the log because its release had no answer. A reserve that throws holds nothing.
 */
import { HardcapError } from '../domain/errors.ts';
import { maxUsd, type NanoUsd, ZERO_USD } from '../domain/money.ts';
import {
  type CounterHold,
  mostHeld,
  type ReservationId,
  reservationId,
} from '../domain/reservation.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterState, Ledger, RefusalReason, ReserveOutcome } from '../ports/ledger.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Charge } from './admission.ts';
import { reportLeftHold } from './left-hold.ts';
import { LASTING, mostFinal } from './told-refusal.ts';

export interface Held {
  readonly charge: Charge;
  readonly hold: CounterHold;
  /** The books right after this reservation. */
  readonly state: CounterState;
}

/** One counter's refusal. */
export interface CounterRefusal {
  readonly charge: Charge;
  readonly reason: RefusalReason;
  /** The books that it refused by. */
  readonly state: CounterState;
}

/** The most that is held on any of these counters; undefined where there are none. */
export function mostReserved(held: readonly Pick<Held, 'hold'>[]): NanoUsd | undefined {
  const [first, ...rest] = held.map(({ hold }) => mostHeld(hold));
  return first === undefined ? undefined : rest.reduce(maxUsd, first);
}

export type ReserveAllOutcome =
  | { readonly kind: 'reserved'; readonly id: ReservationId; readonly held: readonly Held[] }
  /** With the one refusal that is told, and all of them, each by its counter's last answer. */
  | (CounterRefusal & {
      readonly kind: 'refused';
      readonly refusals: readonly CounterRefusal[];
      /** False where those that were asked first refused, and no other was asked. */
      readonly isWhole: boolean;
    });

export interface ReserveAllRequest {
  readonly charges: readonly Charge[];
  /** The whole bound; a progressive charge says itself what it reserves at first. */
  readonly amountNanoUsd: NanoUsd;
  /** Epoch milliseconds from which the reservation may be charged in full. */
  readonly expiresAtMs: number;
  /** Enforced charges that are asked before the others, as they are likely to refuse. */
  readonly first?: ReadonlySet<Charge>;
}

export interface ReserveAllPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

const RANDOM_CHARACTERS = 10;
/** Milliseconds after which a first try, with its releases, is not followed by another one. */
const MAX_FIRST_TRY_MS = 1_000;

/**
 * Reserves in parallel: one round trip, and a second one where those asked first do not refuse for
 * good. Where a counter refuses only because of what others hold in flight, and this request held
 * another counter meanwhile, two requests may have refused each other for nothing: then once more,
 * one counter after another in counter-key order, if it can be at once.
 *
 * @throws HardcapError ledger_unavailable, after releasing what could be released
 */
export async function reserveAll(
  ports: ReserveAllPorts,
  request: ReserveAllRequest,
): Promise<ReserveAllOutcome> {
  const startedMs = ports.clock.elapsedMs();
  const parallel = await reserveInParallel(ports, request);
  if (parallel.kind === 'reserved') return parallel;
  if (parallel.reason !== 'reserved-in-flight' || !parallel.heldOthers) return parallel;
  // Its release was throttled: by now the limits may be others than those that it was decided by.
  if (ports.clock.elapsedMs() - startedMs > MAX_FIRST_TRY_MS) return parallel;
  const inOrder = await reserveInOrder(ports, request);
  if (inOrder.kind === 'reserved') return inOrder;
  // In order the first refusal ends it: what the others said before still stands.
  const asked = new Set(inOrder.refusals.map(({ charge }) => charge));
  const others = parallel.refusals.filter(({ charge }) => !asked.has(charge));
  return { ...inOrder, refusals: [...inOrder.refusals, ...others] };
}

const newId = (ports: ReserveAllPorts, request: ReserveAllRequest): ReservationId =>
  reservationId(request.expiresAtMs, ports.clock.randomCharacters(RANDOM_CHARACTERS));

function reserveOne(
  ports: ReserveAllPorts,
  request: ReserveAllRequest,
  id: ReservationId,
  charge: Charge,
): Promise<ReserveOutcome> {
  return ports.ledger.reserve({
    counter: charge.counter,
    reservationId: id,
    amountNanoUsd: charge.firstNanoUsd ?? request.amountNanoUsd,
    shownLimitNanoUsd: charge.limitNanoUsd,
    ...(charge.enforced ? { limitNanoUsd: charge.limitNanoUsd } : {}),
    ...(charge.opening && { opening: charge.opening }),
  });
}

type Attempt =
  | Extract<ReserveAllOutcome, { kind: 'reserved' }>
  | (Extract<ReserveAllOutcome, { kind: 'refused' }> & { readonly heldOthers: boolean });

/** What became of a reserve on one counter. */
interface Answer {
  readonly charge: Charge;
  readonly outcome: PromiseSettledResult<ReserveOutcome>;
}

/** Those asked first alone; the others too, under the same id, unless that has ended it. */
async function reserveInParallel(
  ports: ReserveAllPorts,
  request: ReserveAllRequest,
): Promise<Attempt> {
  const id = newId(ports, request);
  const { charges, first } = request;
  const ask = async (asked: readonly Charge[]): Promise<Answer[]> => {
    const outcomes = await Promise.allSettled(
      asked.map((charge) => reserveOne(ports, request, id, charge)),
    );
    return asked.flatMap((charge, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : { charge, outcome };
    });
  };
  if (first === undefined || first.size === 0) return conclude(ports, id, await ask(charges));
  const startedMs = ports.clock.elapsedMs();
  const early = await ask(charges.filter((charge) => first.has(charge)));
  if (early.some(isEnd)) return conclude(ports, id, early, false);
  const others = charges.filter((charge) => !first.has(charge));
  // Its attempts timed out: the others would go by limits that are older than is promised.
  const isLate = ports.clock.elapsedMs() - startedMs > MAX_FIRST_TRY_MS;
  const late = isLate ? others.map(notAsked) : await ask(others);
  const answers = [...early, ...late];
  const inKeyOrder = charges.flatMap((charge) => answers.filter((one) => one.charge === charge));
  return conclude(ports, id, inKeyOrder);
}

/** As a counter that is out of reach: what is held on others is released. */
const notAsked = (charge: Charge): Answer => ({
  charge,
  outcome: { status: 'rejected', reason: new Error('a counter that was asked first took long') },
});

/** Whether an enforced counter's answer ends the try, whatever the others would say. */
function isEnd({ outcome }: Answer): boolean {
  if (outcome.status === 'rejected' || outcome.value.kind === 'unavailable') return true;
  return outcome.value.kind === 'refused' && LASTING.has(outcome.value.reason);
}

async function reserveInOrder(
  ports: ReserveAllPorts,
  request: ReserveAllRequest,
): Promise<Attempt> {
  const id = newId(ports, request);
  const answers: Answer[] = [];
  for (const charge of request.charges) {
    const [outcome] = await Promise.allSettled([reserveOne(ports, request, id, charge)]);
    answers.push({ charge, outcome });
    const isReserved = outcome.status === 'fulfilled' && outcome.value.kind === 'reserved';
    if (charge.enforced && !isReserved) break;
  }
  return conclude(ports, id, answers);
}

async function conclude(
  ports: ReserveAllPorts,
  id: ReservationId,
  answers: readonly Answer[],
  isWhole = true,
): Promise<Attempt> {
  const held: Held[] = [];
  const toRelease: CounterHold[] = [];
  const refusals: CounterRefusal[] = [];
  let failure: unknown;
  let failed = false;
  for (const { charge, outcome } of answers) {
    if (outcome.status === 'rejected') {
      // A warn cap only counts: its books being out of reach is no reason to refuse.
      failed ||= charge.enforced;
      failure ??= outcome.reason;
      continue;
    }
    const { value } = outcome;
    if (value.kind === 'reserved') {
      held.push({ charge, hold: value.hold, state: value.state });
    } else if (value.kind === 'unavailable') {
      // Certain that nothing stands: a release would be one more write on a counter in trouble.
      if (value.hold.ambiguous) toRelease.push(value.hold);
      failed ||= charge.enforced;
      failure ??= value.cause;
    } else if (charge.enforced) {
      refusals.push({ charge, reason: value.reason, state: value.state });
    }
  }
  const complete = !failed && refusals.length === 0;
  if (!complete) toRelease.push(...held.map(({ hold }) => hold));
  await releaseAll(ports, toRelease);
  if (complete) return { kind: 'reserved', id, held };
  if (failed) throw unavailable(failure);
  // What is held on a warn cap keeps nobody out.
  const heldOthers = held.some(({ charge }) => charge.enforced);
  return { kind: 'refused', ...mostFinal(refusals), refusals, isWhole, heldOthers };
}

/** Releases each of these; one that cannot be is named in the log. Never rejects. */
export async function releaseAll(
  ports: ReserveAllPorts,
  holds: readonly CounterHold[],
): Promise<void> {
  await Promise.all(holds.map((hold) => releaseOne(ports, hold)));
}

async function releaseOne(ports: ReserveAllPorts, hold: CounterHold): Promise<void> {
  try {
    const outcome = await ports.ledger.release(hold);
    if (outcome.kind === 'unavailable') reportLeftHold(ports.telemetry, hold, ZERO_USD);
  } catch {
    reportLeftHold(ports.telemetry, hold, ZERO_USD);
  }
}

function unavailable(cause: unknown): HardcapError {
  if (cause instanceof HardcapError) return cause;
  return new HardcapError(
    'ledger_unavailable',
    'ledger_unavailable: the ledger did not answer, so nothing was sent to Bedrock',
    { cause },
  );
}
