/**
 * The Ledger port on DynamoDB: each operation is one conditional write, told apart by its answer.
 *
 * Invariant: an operation whose attempts were ambiguous leaves a tombstone, so that a write which
 *            arrives after everybody stopped waiting finds it and fails.
 * Crash:     a holder that dies leaves r:<id>; the rollover function charges it in full.
 */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { HardcapError } from '../../domain/errors.ts';
import { addUsd, type NanoUsd, ZERO_USD } from '../../domain/money.ts';
import { type CounterHold, expiresAtMs } from '../../domain/reservation.ts';
import type {
  CounterState,
  EndOutcome,
  JournalEntry,
  Ledger,
  RefusalReason,
  ReserveOnCounter,
  ReserveOutcome,
} from '../../ports/ledger.ts';
import {
  type CounterItem,
  countOf,
  expiredAttribute,
  reservationAttribute,
  reservationsOf,
  stateOf,
  usdOf,
} from './counter-item.ts';
import {
  type EndWrite,
  expireWrite,
  fenceWrite,
  lateSettleWrite,
  reserveWrite,
  settleWrite,
} from './counter-writes.ts';
import { journalItem } from './journal-item.ts';
import { attemptWrite, type CounterTable, readItem, type WriteResult } from './write-attempts.ts';

export interface DynamoLedgerOptions extends CounterTable {
  /** The most reservations that one counter may hold at a time. */
  readonly maxInFlight: number;
  readonly journalDays: number;
}

const NOTHING: CounterState = {
  settledNanoUsd: ZERO_USD,
  committedNanoUsd: ZERO_USD,
  inFlight: 0,
};

/** How often a refusal without a visible reason is tried again (a store without ALL_OLD). */
const MAX_UNEXPLAINED = 5;
/** How often a release chases a reserve that keeps changing places with it. */
const MAX_RELEASE_ROUNDS = 4;

export function createDynamoLedger(options: DynamoLedgerOptions): Ledger {
  return {
    reserve: (request) => reserve(options, request),
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
  const { counter, reservationId, amountNanoUsd, limitNanoUsd } = request;
  const hold = (ambiguous: boolean): CounterHold => ({
    counter,
    reservationId,
    reservedNanoUsd: amountNanoUsd,
    ambiguous,
  });
  // An absent counter would admit any amount: this test is the other half of the condition.
  if (limitNanoUsd !== undefined && amountNanoUsd > limitNanoUsd) {
    const state = await readState(options, request);
    return { kind: 'refused', reason: 'larger-than-limit', state };
  }
  let ambiguous = false;
  for (let round = 1; round <= MAX_UNEXPLAINED; round += 1) {
    const nowMs = options.clock.nowMs();
    const write = reserveWrite({
      id: reservationId,
      amountNanoUsd,
      ...(limitNanoUsd === undefined ? {} : { limitNanoUsd }),
      shownLimitNanoUsd: request.shownLimitNanoUsd,
      nowMs,
      maxInFlight: options.maxInFlight,
    });
    const result = await attemptWrite(options, counter, write);
    ambiguous ||= result.ambiguous;
    if (result.kind === 'written') {
      return { kind: 'reserved', hold: hold(ambiguous), state: stateOf(result.item) };
    }
    if (result.kind === 'failed') {
      return { kind: 'unavailable', hold: hold(ambiguous), cause: result.cause };
    }
    if (result.kind === 'item-full') {
      return { kind: 'refused', reason: 'in-flight-limit', state: NOTHING };
    }
    const item = result.item ?? {};
    const own = usdOf(item, reservationAttribute(reservationId));
    if (own === amountNanoUsd) {
      if (ambiguous) return { kind: 'reserved', hold: hold(true), state: stateOf(item) };
      throw new HardcapError('invariant_broken', 'two reservations have one id');
    }
    if (own !== undefined || item[expiredAttribute(reservationId)] !== undefined) {
      const cause = new Error('the reservation was fenced or expired before it was written');
      return { kind: 'unavailable', hold: hold(true), cause };
    }
    const reason = refusalReason(item, request, options.maxInFlight, nowMs);
    if (reason === undefined) continue;
    const stale = await expireStale(options, request, item, nowMs);
    if (stale && reason === 'in-flight-limit') continue;
    return refusedAfter(options, hold(ambiguous), reason, stateOf(item));
  }
  const state = await readState(options, request);
  return refusedAfter(options, hold(ambiguous), 'reserved-in-flight', state);
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
  try {
    const item = await readItem(options, request.counter);
    return item === undefined ? NOTHING : stateOf(item);
  } catch (cause) {
    throw new HardcapError('ledger_unavailable', 'the ledger could not be read', { cause });
  }
}

/** Why the condition failed, read from what stood there; undefined where it would now hold. */
function refusalReason(
  item: CounterItem,
  request: ReserveOnCounter,
  maxInFlight: number,
  nowMs: number,
): RefusalReason | undefined {
  const { limitNanoUsd, amountNanoUsd } = request;
  if (limitNanoUsd === undefined) return undefined;
  const state = stateOf(item);
  if (countOf(item, 'cutUntilMs') >= nowMs) return 'spent';
  if (addUsd(state.settledNanoUsd, amountNanoUsd) > limitNanoUsd) return 'spent';
  if (addUsd(state.committedNanoUsd, amountNanoUsd) > limitNanoUsd) return 'reserved-in-flight';
  return state.inFlight >= maxInFlight ? 'in-flight-limit' : undefined;
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
  let expired = false;
  for (const { id, amountNanoUsd } of reservationsOf(item)) {
    const staleFrom = expiresAtMs(id);
    if (amountNanoUsd === ZERO_USD || staleFrom === undefined || staleFrom > nowMs) continue;
    const result = await attemptWrite(options, request.counter, expireWrite(id, amountNanoUsd));
    expired ||= result.kind === 'written';
  }
  return expired;
}

/** Settles a hold, or finds that it was expired and settles that. */
async function end(
  options: DynamoLedgerOptions,
  hold: CounterHold,
  costNanoUsd: NanoUsd,
  cutUntilMs: number | undefined,
): Promise<EndOutcome> {
  const write: EndWrite = {
    id: hold.reservationId,
    reservedNanoUsd: hold.reservedNanoUsd,
    costNanoUsd,
    tombstone: hold.ambiguous,
    ...(cutUntilMs === undefined ? {} : { cutUntilMs }),
  };
  const settled = await attemptWrite(options, hold.counter, settleWrite(write));
  if (settled.kind === 'written') return { kind: 'ended' };
  if (settled.kind !== 'refused') return unavailable(settled);
  const item = settled.item ?? {};
  if (usdOf(item, expiredAttribute(hold.reservationId)) === undefined) {
    // Our own earlier attempt, whose answer was lost, may have ended it. Where the reserve was
    // ambiguous too, only the tombstone that such an attempt leaves is evidence of that.
    const standing = usdOf(item, reservationAttribute(hold.reservationId));
    const ownEnd = settled.ambiguous && (!hold.ambiguous || standing === ZERO_USD);
    return ownEnd ? { kind: 'ended' } : { kind: 'already-ended' };
  }
  const late = await attemptWrite(options, hold.counter, lateSettleWrite(write));
  if (late.kind === 'written') return { kind: 'ended' };
  if (late.kind !== 'refused') return unavailable(late);
  return late.ambiguous ? { kind: 'ended' } : { kind: 'already-ended' };
}

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
  await options.client.send(
    new PutCommand({
      TableName: options.tableName,
      Item: journalItem(entry, options.journalDays),
    }),
  );
}
