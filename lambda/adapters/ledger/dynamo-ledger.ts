/**
 * The Ledger port on DynamoDB: each operation is one conditional write, told apart by its answer.
 *
 * Invariant: an operation whose attempts were ambiguous leaves a tombstone, so that a write which
 *            arrives after everybody stopped waiting finds it and fails.
 * Crash:     a holder that dies leaves r:<id>; the rollover function charges it in full.
 */
import { HardcapError } from '../../domain/errors.ts';
import { addUsd, MIN_RESERVATION, type NanoUsd, ZERO_USD } from '../../domain/money.ts';
import { type CounterHold, expiresAtMs, mostHeld } from '../../domain/reservation.ts';
import {
  type CounterState,
  type EndOutcome,
  type ExtendOnCounter,
  type ExtendOutcome,
  extending,
  type JournalEntry,
  type Ledger,
  type RefusalReason,
  type ReserveOnCounter,
  type ReserveOutcome,
} from '../../ports/ledger.ts';
import {
  type CounterItem,
  expiredAttribute,
  reservationAttribute,
  stateOf,
  usdOf,
} from './counter-item.ts';
import {
  type EndWrite,
  expireWrite,
  extendWrite,
  fenceWrite,
  lateSettleWrite,
  reserveWrite,
  settleWrite,
} from './counter-writes.ts';
import { journalItem } from './journal-item.ts';
import { isLargerThanLimit, refusalReason, staleOf } from './reserve-refusal.ts';
import { enterNewCounter } from './tag-counters.ts';
import { attemptWrite, type CounterTable, readItem, type WriteResult } from './write-attempts.ts';

export interface DynamoLedgerOptions extends CounterTable {
  /** The most reservations that one counter may hold at a time. */
  readonly maxInFlight: number;
  readonly journalDays: number;
  /**
   * How long a reservation outlives its function's deadline. Past that an end is not tried for long:
   * a function that is stopped at it says nothing of what it leaves. @default 0
   */
  readonly reservationMarginMs?: number;
}

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/**
 * How often a reserve is tried: again where the reason of its refusal had gone when the item was
 * read back (a store without ALL_OLD), or was a stale reservation that has been expired.
 */
const MAX_ROUNDS = 5;
/** A caller is waiting: more than these are the rollover function's. */
const MAX_EXPIRED_A_ROUND = 10;
/** How often a release chases a reserve that keeps changing places with it. */
const MAX_RELEASE_ROUNDS = 4;
/** By which an id's expiry may be rounded up. */
const EXPIRY_ROUNDING_MS = 1_000;

/** The gateway's side of the ledger table. */
export function createDynamoLedger(options: DynamoLedgerOptions): Ledger {
  return {
    reserve: (request) => reserve(options, request),
    extend: (request) => extend(options, request),
    settle: (hold, costNanoUsd) => end(options, hold, costNanoUsd, undefined),
    cut: (hold, costNanoUsd, cutUntilMs) => end(options, hold, costNanoUsd, cutUntilMs),
    release: (hold) => release(options, hold),
    read: async (counter) => {
      const item = await readItem(options, counter);
      return item === undefined ? undefined : stateOf(item);
    },
    appendJournal: (entry) => appendJournal(options, entry),
  };
}

async function reserve(
  options: DynamoLedgerOptions,
  request: ReserveOnCounter,
): Promise<ReserveOutcome> {
  const { counter, reservationId, amountNanoUsd } = request;
  // Less would be read as a tombstone, or would lower the counter.
  if (amountNanoUsd < MIN_RESERVATION) {
    throw new HardcapError('invariant_broken', 'a reservation is at least one nano-dollar');
  }
  // An absent counter would admit any amount: this test is the other half of the condition.
  if (isLargerThanLimit(request)) {
    const state = await readState(options, request);
    return { kind: 'refused', reason: 'larger-than-limit', state };
  }
  let ambiguous = false;
  let state = NOTHING;
  // Only what is there already is written to at once: one round trip, as for any other counter.
  let mustExist = request.opening !== undefined;
  const hold = () => ({ counter, reservationId, reservedNanoUsd: amountNanoUsd, ambiguous });
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const nowMs = options.clock.nowMs();
    const { maxInFlight } = options;
    const write = reserveWrite({ ...writeOf(request), mustExist, nowMs, maxInFlight });
    const result = await attemptWrite(options, counter, write, 'reserve');
    ambiguous ||= result.ambiguous;
    try {
      if (mustExist && isNew(result)) {
        if (!(await isOpened(options, request))) {
          return await refusedAfter(options, hold(), 'tag-counter-limit', NOTHING);
        }
        mustExist = false;
        continue;
      }
      const outcome = await outcomeOf(options, request, hold(), result, nowMs);
      if (outcome.kind !== 'again') return outcome;
      state = outcome.state;
    } catch (cause) {
      // A counter that cannot be read. Where something may stand on it, the caller must know.
      if (!ambiguous && result.kind !== 'written') throw cause;
      return { kind: 'unavailable', hold: { ...hold(), ambiguous: true }, cause };
    }
  }
  return refusedAfter(options, hold(), 'reserved-in-flight', state);
}

/** Whether a reserve was refused because nothing was ever reserved on its counter. */
const isNew = (result: WriteResult): boolean =>
  result.kind === 'refused' && result.item?.requests === undefined;

/** Whether the key may open this counter today; it may then be written. */
const isOpened = async (options: DynamoLedgerOptions, request: ReserveOnCounter) =>
  request.opening === undefined ||
  (await enterNewCounter(options, request.counter, request.opening));

const writeOf = (request: ReserveOnCounter) => ({
  id: request.reservationId,
  amountNanoUsd: request.amountNanoUsd,
  shownLimitNanoUsd: request.shownLimitNanoUsd,
  ...(request.limitNanoUsd === undefined ? {} : { limitNanoUsd: request.limitNanoUsd }),
});

/** The condition failed for a reason that may be gone now. */
type Again = { readonly kind: 'again'; readonly state: CounterState };

/** What one write's answer means for the reservation. */
async function outcomeOf(
  options: DynamoLedgerOptions,
  request: ReserveOnCounter,
  hold: CounterHold,
  result: WriteResult,
  nowMs: number,
): Promise<ReserveOutcome | Again> {
  if (result.kind === 'written') return { kind: 'reserved', hold, state: stateOf(result.item) };
  if (result.kind === 'failed') return { kind: 'unavailable', hold, cause: result.cause };
  if (result.kind === 'item-full') {
    return refusedAfter(options, hold, 'in-flight-limit', await readState(options, request));
  }
  const item = result.item ?? {};
  const own = usdOf(item, reservationAttribute(hold.reservationId));
  if (own === hold.reservedNanoUsd) {
    if (hold.ambiguous) return { kind: 'reserved', hold, state: stateOf(item) };
    throw new HardcapError('invariant_broken', 'two reservations have one id');
  }
  if (own !== undefined || item[expiredAttribute(hold.reservationId)] !== undefined) {
    const cause = new Error('the reservation was fenced or expired before it was written');
    return { kind: 'unavailable', hold, cause };
  }
  const state = stateOf(item);
  const reason = refusalReason(item, request, options.maxInFlight, nowMs);
  if (reason === undefined) return { kind: 'again', state };
  // What is spent stays spent; the other reasons may be only what crashed holders left.
  const changed = reason !== 'spent' && (await expireStale(options, request, item, nowMs));
  return changed ? { kind: 'again', state } : refusedAfter(options, hold, reason, state);
}

/** A refused reserve that had ambiguous attempts is fenced: one of them may still arrive. */
async function refusedAfter(
  options: DynamoLedgerOptions,
  hold: CounterHold,
  reason: RefusalReason,
  state: CounterState,
): Promise<ReserveOutcome> {
  if (hold.ambiguous) {
    const released = await release(options, hold);
    if (released.kind === 'unavailable') return { ...released, hold };
  }
  return { kind: 'refused', reason, state };
}

async function readState(
  options: DynamoLedgerOptions,
  request: ReserveOnCounter,
): Promise<CounterState> {
  const item = await readItem(options, request.counter);
  return item === undefined ? NOTHING : stateOf(item);
}

/**
 * Charges stale reservations of a refusing counter in full; true where one was expired.
 *
 * It makes no room for money, but it frees places in flight and makes the reason true.
 */
async function expireStale(
  options: DynamoLedgerOptions,
  request: ReserveOnCounter,
  item: CounterItem,
  nowMs: number,
): Promise<boolean> {
  const results = await Promise.all(
    staleOf(item, nowMs)
      .slice(0, MAX_EXPIRED_A_ROUND)
      .map(({ id, amountNanoUsd }) =>
        attemptWrite(options, request.counter, expireWrite(id, amountNanoUsd)),
      ),
  );
  return results.some(({ kind }) => kind === 'written');
}

/**
 * Makes a hold larger. Sent again, it is one extension: what it compares with has gone once it took
 * effect, and never comes back.
 */
async function extend(
  options: DynamoLedgerOptions,
  request: ExtendOnCounter,
): Promise<ExtendOutcome> {
  const { hold, toNanoUsd, limitNanoUsd } = request;
  const fromNanoUsd = hold.reservedNanoUsd;
  if (toNanoUsd <= fromNanoUsd || hold.extendingToNanoUsd !== undefined) {
    throw new HardcapError('invariant_broken', 'an extension makes one known amount larger');
  }
  const id = hold.reservationId;
  const write = extendWrite({ id, fromNanoUsd, toNanoUsd, limitNanoUsd });
  const result = await attemptWrite(options, hold.counter, write);
  const extended = { ...hold, reservedNanoUsd: toNanoUsd };
  if (result.kind === 'written') {
    return { kind: 'extended', hold: extended, state: stateOf(result.item) };
  }
  if (result.kind === 'refused') {
    const item = result.item ?? {};
    const state = stateOf(item);
    const standing = usdOf(item, reservationAttribute(id));
    if (standing === toNanoUsd) return { kind: 'extended', hold: extended, state };
    if (standing !== fromNanoUsd) {
      // An attempt without an answer may have been the last before it expired.
      const isAtNew = usdOf(item, expiredAttribute(id)) === toNanoUsd;
      return { kind: 'ended', hold: isAtNew ? extended : hold };
    }
    // An attempt without an answer may still arrive, and find room by then.
    if (!result.ambiguous) return { kind: 'refused', reason: noRoomFor(request, state), state };
  }
  const cause = result.kind === 'failed' ? result.cause : new Error(result.kind);
  const isSure = !result.ambiguous;
  return { kind: 'unavailable', hold: isSure ? hold : extending(request), cause };
}

const noRoomFor = ({ toNanoUsd, limitNanoUsd }: ExtendOnCounter, state: CounterState) =>
  addUsd(state.settledNanoUsd, toNanoUsd) > limitNanoUsd ? 'spent' : 'reserved-in-flight';

/** An extension may land before the second of these, and an expiry before the third. */
const MAX_END_ROUNDS = 4;

/** What was learned of a hold that did not stand as expected. */
interface EndRounds {
  /** Some settle of this hold had no answer, and may be what ended it. */
  ambiguous: boolean;
  expectedNanoUsd: NanoUsd;
}

/**
 * Settles a hold, or finds that it was expired and settles that. Where it was extended without an
 * answer it stands at one of two amounts: it is settled by the one that is found.
 */
async function end(
  options: DynamoLedgerOptions,
  hold: CounterHold,
  costNanoUsd: NanoUsd,
  cutUntilMs: number | undefined,
): Promise<EndOutcome> {
  if (costNanoUsd < ZERO_USD) {
    throw new HardcapError('invariant_broken', 'a cost below zero would make room on a cap');
  }
  const { reservationMarginMs = 0 } = options;
  const expiryMs = expiresAtMs(hold.reservationId) ?? Number.POSITIVE_INFINITY;
  const patientUntilMs = expiryMs - reservationMarginMs - EXPIRY_ROUNDING_MS;
  const rounds: EndRounds = { ambiguous: false, expectedNanoUsd: mostHeld(hold) };
  for (let round = 1; round <= MAX_END_ROUNDS; round += 1) {
    const write: EndWrite = {
      id: hold.reservationId,
      reservedNanoUsd: rounds.expectedNanoUsd,
      costNanoUsd,
      tombstone: hold.ambiguous,
      ...(cutUntilMs === undefined ? {} : { cutUntilMs }),
    };
    const outcome = await endOnce({ ...options, patientUntilMs }, hold, write, rounds);
    if (outcome !== 'again') return outcome;
  }
  return { kind: 'unavailable', cause: new Error('the end kept losing against an extension') };
}

async function endOnce(
  options: DynamoLedgerOptions,
  hold: CounterHold,
  write: EndWrite,
  rounds: EndRounds,
): Promise<EndOutcome | 'again'> {
  const settled = await attemptWrite(options, hold.counter, settleWrite(write), 'end');
  if (settled.kind === 'written') return { kind: 'ended' };
  rounds.ambiguous ||= settled.ambiguous;
  if (settled.kind !== 'refused') return unavailable(settled);
  const item = settled.item ?? {};
  const standing = usdOf(item, reservationAttribute(hold.reservationId));
  if (standing !== undefined && isOwn(hold, standing)) {
    rounds.expectedNanoUsd = standing;
    return 'again';
  }
  const expired = usdOf(item, expiredAttribute(hold.reservationId));
  if (expired === undefined) {
    // Our own earlier attempt, whose answer was lost, may have ended it. Where the reserve was
    // ambiguous too, only the tombstone that such an attempt leaves is evidence of that.
    const ownEnd = rounds.ambiguous && (!hold.ambiguous || standing === ZERO_USD);
    return ownEnd ? { kind: 'ended' } : { kind: 'already-ended' };
  }
  const charged = isOwn(hold, expired) ? expired : write.reservedNanoUsd;
  const lateWrite = lateSettleWrite({ ...write, reservedNanoUsd: charged });
  const late = await attemptWrite(options, hold.counter, lateWrite, 'end');
  if (late.kind === 'written') return { kind: 'ended' };
  if (late.kind !== 'refused') return unavailable(late);
  return late.ambiguous ? { kind: 'ended' } : { kind: 'already-ended' };
}

const isOwn = (hold: CounterHold, amount: NanoUsd): boolean =>
  amount === hold.reservedNanoUsd || amount === hold.extendingToNanoUsd;

/** Ends a hold at zero; where nothing stands, a tombstone keeps a late reserve out. */
async function release(options: DynamoLedgerOptions, hold: CounterHold): Promise<EndOutcome> {
  for (let round = 1; round <= MAX_RELEASE_ROUNDS; round += 1) {
    const ended = await end(options, hold, ZERO_USD, undefined);
    if (ended.kind !== 'already-ended' || !hold.ambiguous) return ended;
    const fence = await attemptWrite(options, hold.counter, fenceWrite(hold.reservationId));
    if (fence.kind === 'written') return { kind: 'ended' };
    if (fence.kind !== 'refused') return unavailable(fence);
    const standing = usdOf(fence.item ?? {}, reservationAttribute(hold.reservationId));
    if (standing === ZERO_USD) return { kind: 'ended' };
  }
  return { kind: 'unavailable', cause: new Error('release kept losing against late writes') };
}

const unavailable = (result: Exclude<WriteResult, { kind: 'written' }>): EndOutcome => ({
  kind: 'unavailable',
  cause: result.kind === 'failed' ? result.cause : new Error(result.kind),
});

async function appendJournal(options: DynamoLedgerOptions, entry: JournalEntry): Promise<void> {
  await options.dynamo.put({
    TableName: options.tableName,
    Item: journalItem(entry, options.journalDays),
  });
}
