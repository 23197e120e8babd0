/**
 * The ledger as the application needs it: conditional writes on single counters, and the journal.
 *
 * Invariant: after every accepted reserve, committed <= limit. Each reservation ends once.
 * Crash:     a lost holder leaves its reservation; `expire` charges it in full.
 */
import type { NanoUsd } from '../domain/money.ts';
import type { CounterHold, CounterKey, ReservationId } from '../domain/reservation.ts';

export type RefusalReason =
  | 'spent'
  | 'reserved-in-flight'
  | 'larger-than-limit'
  | 'in-flight-limit'
  /** The key has opened as many counters by tags of its requests as it may in a day. */
  | 'tag-counter-limit';

/** A counter's books, as last read. committed = settled + reserved. */
export interface CounterState {
  readonly settledNanoUsd: NanoUsd;
  readonly committedNanoUsd: NanoUsd;
  readonly inFlight: number;
}

/** On whose account a counter is opened that a caller's own word names. */
export interface CounterOpening {
  readonly keyId: string;
  /** How many different ones this key may open in a UTC day. */
  readonly mostADay: number;
}

export interface ReserveOnCounter {
  readonly counter: CounterKey;
  readonly reservationId: ReservationId;
  readonly amountNanoUsd: NanoUsd;
  /** Absent for a warn cap: the same write without the limit condition. */
  readonly limitNanoUsd?: NanoUsd;
  /** Shown on the item; never tested. */
  readonly shownLimitNanoUsd: NanoUsd;
  /** Absent: the counter may be new, whoever asks. */
  readonly opening?: CounterOpening;
}

export type ReserveOutcome =
  | { readonly kind: 'reserved'; readonly hold: CounterHold; readonly state: CounterState }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      readonly state: CounterState;
    }
  /** Given up: nobody knows whether it was written. `hold` must be released (it is fenced). */
  | { readonly kind: 'unavailable'; readonly hold: CounterHold; readonly cause: unknown };

export type EndOutcome =
  | { readonly kind: 'ended' }
  /** Another end of this reservation came first; nothing was changed. */
  | { readonly kind: 'already-ended' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** One entry a request; money is decimal dollars there, and no prompt or answer is kept. */
export interface JournalEntry {
  readonly requestId: string;
  readonly keyId: string;
  readonly atMs: number;
  readonly outcome:
    | 'settled'
    | 'charged-in-full'
    | 'released'
    | 'refused'
    | 'settle-failed'
    | 'cut';
  readonly operation: string;
  readonly modelId: string;
  /** The name that was asked for, where an alias or a door's table made the id of it. */
  readonly askedModel?: string;
  /** Tags of the request, as its caller gave them. */
  readonly requestTags?: Readonly<Record<string, string>>;
  readonly priceVersion?: string;
  readonly reservedNanoUsd: NanoUsd;
  readonly costNanoUsd: NanoUsd;
  readonly usage?: Readonly<Record<string, number>>;
  /** The output limit of each answer, where a clamp cap lowered it. */
  readonly clampedMaxTokens?: number;
  /** What CountTokens said, where it was asked and its count was used. */
  readonly countedInputTokens?: number;
  /** The reservation that it rested on; absent where it was refused one. */
  readonly reservationId?: ReservationId;
  readonly counters: readonly string[];
  /** Those of `counters` whose settle had no answer: what they were charged is not known here. */
  readonly unsettled?: readonly string[];
  readonly status: number;
  readonly reason?: string;
  /** How many refusals this entry stands for. */
  readonly count?: number;
}

export interface Ledger {
  /** Reserves on one counter; at most one of any number of retries takes effect. */
  reserve(request: ReserveOnCounter): Promise<ReserveOutcome>;
  /** Ends a hold at its true cost, which may be larger than what was reserved. */
  settle(hold: CounterHold, costNanoUsd: NanoUsd): Promise<EndOutcome>;
  /** Ends a hold at zero, and makes sure that a write of it still under way finds it ended. */
  release(hold: CounterHold): Promise<EndOutcome>;
  /** Settles and refuses new reservations on this counter until `cutUntilMs`, in one write. */
  cut(hold: CounterHold, costNanoUsd: NanoUsd, cutUntilMs: number): Promise<EndOutcome>;
  /** The counter's books, strongly consistent; undefined where nothing was ever reserved. */
  read(counter: CounterKey): Promise<CounterState | undefined>;
  appendJournal(entry: JournalEntry): Promise<void>;
}

/** A reservation's dollars as they stand on a counter. */
export interface StandingReservation {
  readonly id: ReservationId;
  readonly amountNanoUsd: NanoUsd;
}

/** What a counter knows of itself beside its dollars; absent numbers read as zero. */
export interface CounterTally {
  /** Reservations that were admitted, those included that were released later. */
  readonly requests: number;
  /** Grows with every end of a reservation: of two readings, the larger is the later. */
  readonly ends: number;
  /** Reservations that were charged in full because they expired, and not settled since. */
  readonly expired: number;
  /** Settlements at more than what was reserved. */
  readonly overruns: number;
}

/** That something is being told, or was told, of a counter; kept on the counter. */
export interface TellingMark {
  readonly state: 'telling' | 'told';
  /** Epoch milliseconds, by the clock of the run that wrote it. */
  readonly atMs: number;
  /** Names the run, so that two runs cannot take one mark for their own. */
  readonly by: string;
}

/** A counter as the rollover function sees it. */
export interface OpenCounter {
  readonly counter: CounterKey;
  readonly state: CounterState;
  readonly reservations: readonly StandingReservation[];
  /** Tombstones and old notes of expired charges, which only keep late writes out. */
  readonly tombstones: readonly ReservationId[];
  /** Charges of expired reservations that the journal does not tell of. */
  readonly unjournalled: readonly StandingReservation[];
  /** Reservations that the journal may tell of as expired, and that were settled late since. */
  readonly settledLate: readonly ReservationId[];
  /** Whether nothing stands on it of any reservation: no amount, no tombstone, no note. */
  readonly isClean: boolean;
  readonly tally: CounterTally;
  /** The limit as a reserve last saw it; undefined where nothing was ever reserved. */
  readonly limitNanoUsd?: NanoUsd;
  readonly marks: ReadonlyMap<string, TellingMark>;
}

/** What is kept of a window that has ended. */
export interface WindowSummary {
  readonly endsAtMs: number;
  /** Epoch milliseconds at which it was written. */
  readonly atMs: number;
}

/** A counter that was closed, as the list of closed counters names it. */
export interface ClosedCounter {
  readonly counter: CounterKey;
  readonly windowEndsAtMs: number;
  readonly closedAtMs: number;
}

/** What the rollover function does to the ledger. */
export interface LedgerMaintenance {
  /** Every counter that is still open, strongly read, each time from another one on. */
  openCounters(): AsyncIterable<OpenCounter>;
  /** Charges a stale reservation in full; false where it had ended before. */
  expire(counter: CounterKey, id: ReservationId, amountNanoUsd: NanoUsd): Promise<boolean>;
  /** Writes the journal's one entry of an expired charge, unless it was settled late by then. */
  journalExpired(counter: CounterKey, id: ReservationId, amountNanoUsd: NanoUsd): Promise<void>;
  /** Takes the charge out of that entry: what was settled late is told by its request's own. */
  journalSettledLate(counter: CounterKey, id: ReservationId): Promise<void>;
  /** Removes a tombstone that no late write can meet any more. */
  removeTombstone(counter: CounterKey, id: ReservationId): Promise<void>;
  /** Sets a mark in place of the one that was seen; false where another stands there by now. */
  mark(
    counter: CounterKey,
    name: string,
    seen: TellingMark | undefined,
    next: TellingMark,
  ): Promise<boolean>;
  /** Writes what the counter says as its window's summary, unless a later reading was written. */
  summarise(open: OpenCounter, summary: WindowSummary): Promise<void>;
  /** Takes the counter off the list of open ones; false where it has changed since it was read. */
  close(open: OpenCounter, closed: Omit<ClosedCounter, 'counter'>): Promise<boolean>;
  /** Closed counters whose window ended before then, oldest first. */
  closedBefore(windowEndsAtMs: number): AsyncIterable<ClosedCounter>;
  /** Deletes a closed counter for good; false where it is open again. */
  prune(closed: ClosedCounter): Promise<boolean>;
}
