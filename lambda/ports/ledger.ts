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
  /**
   * Given up. Where `hold` is ambiguous nobody knows whether it was written: it must be released (it
   * is fenced). Where it is not, nothing was.
   */
  | { readonly kind: 'unavailable'; readonly hold: CounterHold; readonly cause: unknown };

/** A hold is to be made larger: to this much in all. */
export interface ExtendOnCounter {
  readonly hold: CounterHold;
  /** More than what it holds. */
  readonly toNanoUsd: NanoUsd;
  readonly limitNanoUsd: NanoUsd;
}

/** The hold while its extension is under way: it may stand at either amount. */
export const extending = ({ hold, toNanoUsd }: ExtendOnCounter): CounterHold => ({
  ...hold,
  extendingToNanoUsd: toNanoUsd,
});

export type ExtendOutcome =
  | { readonly kind: 'extended'; readonly hold: CounterHold; readonly state: CounterState }
  /** There is no room; the hold is as it was. */
  | {
      readonly kind: 'refused';
      readonly reason: 'spent' | 'reserved-in-flight';
      readonly state: CounterState;
    }
  /** It has ended meanwhile, by its expiry, at the amount that `hold` says. */
  | { readonly kind: 'ended'; readonly hold: CounterHold }
  /** Given up: either amount may stand, and `hold` says so. */
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
  /** What each of `counters` was charged, by its name, where they differ; else it is the cost. */
  readonly charged?: Readonly<Record<string, NanoUsd>>;
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
  /**
   * Makes a hold larger where its counter has room. While one is under way, its holder's knowledge
   * is `extending(request)`; one hold has one extension at a time.
   */
  extend(request: ExtendOnCounter): Promise<ExtendOutcome>;
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
  /** The most that a run of the rollover saw reserved and in flight; undefined before the first. */
  readonly peakReservedNanoUsd?: NanoUsd;
  readonly marks: ReadonlyMap<string, TellingMark>;
}

/** A stretch of one journal partition, which holds one UTC date: all of it is of that date. */
export interface JournalStretch {
  /** Undefined: the entries of expired charges, of which the ledger knows no key. */
  readonly keyId: string | undefined;
  /** Epoch milliseconds; entries from then on, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What one journal entry says of the counters that it names. */
export interface JournalLine {
  readonly kind: 'charge' | 'expired' | 'refusal';
  /** By `counterName`. */
  readonly counters: readonly string[];
  /** Those of `counters` that were not charged by it, as their settle had no answer. */
  readonly unsettled: readonly string[];
  readonly modelId: string;
  readonly costNanoUsd: NanoUsd;
  /** What each of `counters` was charged, where they differ. */
  readonly charged?: Readonly<Record<string, NanoUsd>>;
  /** How many requests it stands for. */
  readonly count: number;
}

export interface JournalPage {
  readonly lines: readonly JournalLine[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

/** A counter as journal entries name it. */
export const counterName = ({ pk, sk }: CounterKey): string => `${pk}/${sk}`;

/** The part of a window's dollars and requests that is one model's, or one key's. */
export interface Share {
  readonly settledNanoUsd: NanoUsd;
  /** Those that the journal names, released ones included. */
  readonly requests: number;
}

/** A window's dollars by model or by key: the largest by name, and all others as one. */
export interface Shares {
  readonly named: ReadonlyMap<string, Share>;
  /** Undefined where every one is named. */
  readonly others?: Share;
}

/** What the journal says of one counter. */
export interface JournalTotals {
  readonly refusals: number;
  /** Charged in full and not settled since: of these nobody knows model and key. */
  readonly expiredNanoUsd: NanoUsd;
  readonly byModel: Shares;
  readonly byKey: Shares;
  /** Both `byModel` and `byKey` come to this. */
  readonly attributedNanoUsd: NanoUsd;
  /** False where it was given up to read all of it. */
  readonly isWhole: boolean;
}

/** What is kept of a window that has ended. */
export interface WindowSummary {
  readonly endsAtMs: number;
  readonly journal: JournalTotals;
  /** What was settled less what the journal tells of; never estimated, and so named. */
  readonly unattributedNanoUsd: NanoUsd;
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
  /** One page of the journal, strongly read; entries that cannot be read are left out. */
  journalPage(stretch: JournalStretch, next: string | undefined): Promise<JournalPage>;
  /** The counter as it is now, strongly read; undefined where it is gone. */
  read(counter: CounterKey): Promise<OpenCounter | undefined>;
  /** Keeps what is reserved on the counter as it was read, if no run saw more. Never rejects. */
  notePeak(open: OpenCounter): Promise<void>;
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
