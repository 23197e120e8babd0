/**
 * A ledger in memory that keeps true books, and whose calls a test can lose, delay or break.
 */
import { addUsd, type NanoUsd, subtractUsd, sumUsd, ZERO_USD } from '../../lambda/domain/money.ts';
import type { CounterHold, CounterKey } from '../../lambda/domain/reservation.ts';
import type { Clock } from '../../lambda/ports/clock.ts';
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
} from '../../lambda/ports/ledger.ts';

/** What a call of the ledger comes to in place of its work; undefined: it does its work. */
export type LedgerFault =
  /** Nothing is written, and nobody knows. */
  | 'lost'
  /** It is written, and nobody knows. */
  | 'unanswered'
  | 'throws';

export type LedgerCall = 'reserve' | 'extend' | 'settle' | 'release' | 'cut' | 'read' | 'journal';

export interface Books {
  settledNanoUsd: NanoUsd;
  readonly reservations: Map<string, NanoUsd>;
  cutUntilMs: number;
}

/** One call that was to end a hold. */
export interface EndCall {
  readonly call: 'settle' | 'release' | 'cut';
  readonly hold: CounterHold;
  readonly costNanoUsd: NanoUsd;
}

export interface FakeLedger extends Ledger {
  /** Every hold that a caller was told of, by an answer or by its loss. */
  readonly told: CounterHold[];
  readonly ends: EndCall[];
  readonly counters: Map<string, Books>;
  readonly journal: JournalEntry[];
  /** Asked before every call; may wait. */
  fault: (
    call: LedgerCall,
    counterPk: string,
  ) => LedgerFault | undefined | Promise<LedgerFault | undefined>;
  /** Reservations that stand, by id and counter. */
  standing(): string[];
  books(pk: string): Books;
}

const nameOf = ({ pk, sk }: CounterKey): string => `${pk}/${sk}`;

export const stateOf = (books: Books): CounterState => ({
  settledNanoUsd: books.settledNanoUsd,
  committedNanoUsd: addUsd(books.settledNanoUsd, sumUsd(books.reservations.values())),
  inFlight: books.reservations.size,
});

const LOST = new Error('the ledger did not answer');

/** A ledger that keeps true books; each call that is lost or unanswered tells so. */
export function createFakeLedger(clock: Clock, events: string[] = []): FakeLedger {
  const counters = new Map<string, Books>();
  const booksOf = (counter: CounterKey): Books => {
    const books = counters.get(nameOf(counter)) ?? newBooks();
    counters.set(nameOf(counter), books);
    return books;
  };
  const journal: JournalEntry[] = [];

  const ask = async (call: LedgerCall, pk: string): Promise<LedgerFault | undefined> => {
    events.push(`${call} ${pk}`);
    const fault = await ledger.fault(call, pk);
    if (fault === 'throws') throw new Error(`${call} throws`);
    return fault;
  };
  const end = async (
    call: 'settle' | 'release' | 'cut',
    hold: CounterHold,
    costNanoUsd: NanoUsd,
    cutUntilMs?: number,
  ): Promise<EndOutcome> => {
    ledger.ends.push({ call, hold, costNanoUsd });
    const fault = await ask(call, hold.counter.pk);
    if (fault === 'lost') return { kind: 'unavailable', cause: LOST };
    const books = booksOf(hold.counter);
    const stood = books.reservations.delete(hold.reservationId);
    if (stood) books.settledNanoUsd = addUsd(books.settledNanoUsd, costNanoUsd);
    if (cutUntilMs !== undefined) books.cutUntilMs = cutUntilMs;
    if (fault === 'unanswered') return { kind: 'unavailable', cause: LOST };
    events.push(`${call === 'release' ? 'released' : 'settled'} ${hold.counter.pk}`);
    return stood ? { kind: 'ended' } : { kind: 'already-ended' };
  };

  const ledger: FakeLedger = {
    told: [],
    ends: [],
    counters,
    journal,
    fault: () => undefined,
    standing: () =>
      [...counters].flatMap(([name, books]) =>
        [...books.reservations.keys()].map((id) => `${name} ${id}`),
      ),
    books: (pk) => [...counters].find(([name]) => name.startsWith(`${pk}/`))?.[1] ?? newBooks(),
    async reserve(request) {
      const fault = await ask('reserve', request.counter.pk);
      const written =
        fault === 'lost' ? lost(request) : reserveOn(booksOf(request.counter), request, clock);
      const isUnanswered = fault === 'unanswered' && written.kind === 'reserved';
      const outcome = isUnanswered ? lost(request) : written;
      if (outcome.kind !== 'refused') ledger.told.push(outcome.hold);
      if (outcome.kind === 'reserved') events.push(`reserved ${request.counter.pk}`);
      return outcome;
    },
    async extend(request) {
      const { counter } = request.hold;
      const fault = await ask('extend', counter.pk);
      if (fault === 'lost') return { kind: 'unavailable', hold: extending(request), cause: LOST };
      const outcome = extendOn(booksOf(counter), request);
      if (outcome.kind === 'extended') events.push(`extended ${counter.pk}`);
      if (fault !== 'unanswered') return outcome;
      return { kind: 'unavailable', hold: extending(request), cause: LOST };
    },
    settle: (hold, cost) => end('settle', hold, cost),
    release: (hold) => end('release', hold, ZERO_USD),
    cut: (hold, cost, untilMs) => end('cut', hold, cost, untilMs),
    async read(counter) {
      await ask('read', counter.pk);
      const books = counters.get(nameOf(counter));
      return books === undefined ? undefined : stateOf(books);
    },
    async appendJournal(entry) {
      await ask('journal', entry.counters[0] ?? '');
      journal.push(entry);
    },
  };
  return ledger;
}

const newBooks = (): Books => ({
  settledNanoUsd: ZERO_USD,
  reservations: new Map(),
  cutUntilMs: 0,
});

const holdOf = (request: ReserveOnCounter, ambiguous: boolean): CounterHold => ({
  counter: request.counter,
  reservationId: request.reservationId,
  reservedNanoUsd: request.amountNanoUsd,
  ambiguous,
});

const lost = (request: ReserveOnCounter): ReserveOutcome => ({
  kind: 'unavailable',
  hold: holdOf(request, true),
  cause: LOST,
});

function reserveOn(books: Books, request: ReserveOnCounter, clock: Clock): ReserveOutcome {
  const { amountNanoUsd, limitNanoUsd } = request;
  const state = stateOf(books);
  const reason = limitNanoUsd === undefined ? undefined : reasonOf(books, request, clock.nowMs());
  if (reason !== undefined) return { kind: 'refused', reason, state };
  if (books.reservations.has(request.reservationId)) throw new Error('an id was used twice');
  books.reservations.set(request.reservationId, amountNanoUsd);
  return { kind: 'reserved', hold: holdOf(request, false), state: stateOf(books) };
}

function reasonOf(
  books: Books,
  { amountNanoUsd, limitNanoUsd = ZERO_USD }: ReserveOnCounter,
  nowMs: number,
): RefusalReason | undefined {
  const { settledNanoUsd, committedNanoUsd } = stateOf(books);
  if (amountNanoUsd > limitNanoUsd) return 'larger-than-limit';
  if (books.cutUntilMs >= nowMs || settledNanoUsd + amountNanoUsd > limitNanoUsd) return 'spent';
  return committedNanoUsd + amountNanoUsd > limitNanoUsd ? 'reserved-in-flight' : undefined;
}

function extendOn(books: Books, { hold, toNanoUsd, limitNanoUsd }: ExtendOnCounter): ExtendOutcome {
  const id = hold.reservationId;
  if (books.reservations.get(id) !== hold.reservedNanoUsd) return { kind: 'ended', hold };
  const state = stateOf(books);
  const delta = subtractUsd(toNanoUsd, hold.reservedNanoUsd);
  if (state.committedNanoUsd + delta > limitNanoUsd) {
    const isSpent = state.settledNanoUsd + toNanoUsd > limitNanoUsd;
    return { kind: 'refused', reason: isSpent ? 'spent' : 'reserved-in-flight', state };
  }
  books.reservations.set(id, toNanoUsd);
  const extended = { ...hold, reservedNanoUsd: toNanoUsd };
  return { kind: 'extended', hold: extended, state: stateOf(books) };
}
