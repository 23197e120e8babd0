/**
 * The journal as reports read it: one record a request, refusal or expired charge.
 */
import type { NanoUsd } from '../domain/money.ts';
import type { ReservationId } from '../domain/reservation.ts';
import type { JournalStretch } from './ledger.ts';

/** What one journal entry says. */
export interface JournalRecord {
  readonly kind: 'charge' | 'expired' | 'refusal';
  /** As the ledger wrote it, such as `settled` or `charged-in-full`. */
  readonly outcome: string;
  /** Epoch milliseconds: when the request began; of an expired charge, when it expired. */
  readonly atMs: number;
  /** Undefined for an expired charge: the ledger knows none. */
  readonly keyId?: string;
  /** Empty for an expired charge. */
  readonly modelId: string;
  readonly requestTags: Readonly<Record<string, string>>;
  readonly costNanoUsd: NanoUsd;
  /** By `counterName`. */
  readonly counters: readonly string[];
  /** Those of `counters` whose settle had no answer. */
  readonly unsettled: readonly string[];
  /** What each of `counters` was charged, where they differ. */
  readonly charged?: Readonly<Record<string, NanoUsd>>;
  /** Tokens and other units by name, where the usage is known. */
  readonly usage: Readonly<Record<string, number>>;
  /** Joins a request with the charge of its expired reservation. */
  readonly reservationId?: ReservationId;
  /** How many requests it stands for. */
  readonly count: number;
}

export interface JournalRecordPage {
  readonly records: readonly JournalRecord[];
  /** Entries that cannot be read. */
  readonly unreadable: number;
  /** Where the next page begins; undefined on the last one. */
  readonly next: string | undefined;
}

/** Reads of the journal, strongly consistent and in the order of time. */
export interface Journal {
  /** @throws HardcapError ledger_unavailable */
  page(stretch: JournalStretch, next: string | undefined): Promise<JournalRecordPage>;
}
