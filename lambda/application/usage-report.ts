/**
 * What was used in a period, by key, model, cap or whatever names a request; read from the journal.
 *
 * Owns:      which stretches of which partitions are read, and what belongs to the period.
 * Invariant: a request belongs to the period that it began in. Grouped by cap, a charge belongs to
 *            the window that it was counted in, where that window is wholly inside the period or
 *            wholly outside: so a period that is a window sums to what its counter says.
 *
 * An expired reservation has an entry for each of its counters, and no key. It is joined with its
 * request where that has an entry of its own (`settle-failed`), and is not attributed elsewhere.
 */
import { parseCounterName } from '../domain/counter-name.ts';
import { maxUsd, type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { type Window, windowOf } from '../domain/window.ts';
import type { Journal, JournalRecord } from '../ports/journal.ts';
import type { JournalStretch } from '../ports/ledger.ts';
import { beyond, type UsageRow, type UsageSum, UsageSums } from './usage-sums.ts';

/** What is asked. */
export interface UsageQuestion {
  /** Epoch milliseconds; requests that began then or later, and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether the period goes on: a window that began in it and runs still is wholly inside. */
  readonly isOpen?: boolean;
  /** Whose entries are read. */
  readonly keyIds: readonly string[];
  /** Whether expired charges are read, whose keys nobody knows. */
  readonly withExpired: boolean;
  /** An hour or a day; undefined: time is not divided. */
  readonly bucketMs?: number;
  /** The one group of a request, or `cap`: each of its caps. */
  readonly groupBy: 'cap' | ((record: JournalRecord) => string);
}

export interface UsageReport {
  readonly rows: readonly UsageRow[];
  /** Expired reservations of which nobody knows the request; grouped by cap they have a row. */
  readonly notAttributed: UsageSum;
  readonly total: UsageSum;
  /** Entries that were read. */
  readonly entries: number;
  /** Entries that could not be read, and are in no sum. */
  readonly unreadable: number;
}

/** How far it is: partitions read of all, and entries in them. */
export type TellProgress = (read: number, all: number, entries: number) => void;

const DAY_MS = 86_400_000;
/** A request is in the journal by its start, and in the window by its reserve; clocks differ. */
const EDGE_MS = 600_000;
/** A reservation expires when its function has surely ended: 15 minutes and a margin. */
const EXPIRES_WITHIN_MS = 3_600_000;
const PARALLEL = 8;
/** Requests whose settle had no answer, and that may be joined with an expired charge. */
const MAX_UNSETTLED = 100_000;

/**
 * Reads the journal and sums it.
 *
 * @throws HardcapError ledger_unavailable
 */
export async function usageReport(
  journal: Journal,
  question: UsageQuestion,
  tell: TellProgress = () => {},
): Promise<UsageReport> {
  const books = new Books(question);
  const byKey = keyStretches(question);
  const expired = question.withExpired ? expiredStretches(question) : [];
  const all = byKey.length + expired.length;
  let [read, entries, unreadable] = [0, 0, 0];
  const readAll = async (stretch: JournalStretch, add: (record: JournalRecord) => void) => {
    let next: string | undefined;
    do {
      const page = await journal.page(stretch, next);
      for (const record of page.records) add(record);
      entries += page.records.length;
      unreadable += page.unreadable;
      next = page.next;
      tell(read, all, entries);
    } while (next !== undefined);
    read += 1;
  };
  await inParallel(byKey, (stretch) => readAll(stretch, (record) => books.request(record)));
  // After the requests that they may be of, and in their order: those of one reservation follow
  // each other, and so none has to be remembered.
  for (const stretch of expired) await readAll(stretch, (record) => books.expired(record));
  books.endExpired();
  const { sums } = books;
  return {
    rows: sums.rows(),
    notAttributed: sums.notAttributed,
    total: sums.total,
    entries,
    unreadable,
  };
}

async function inParallel<T>(work: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const waiting = work.values();
  const one = async () => {
    for (const item of waiting) await each(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, one));
}

/** For each date and key; from earlier on, for what expired in the period and began before it. */
const keyStretches = ({ fromMs, toMs, keyIds, groupBy }: UsageQuestion): JournalStretch[] =>
  stretchesOf(fromMs - EXPIRES_WITHIN_MS, toMs + (groupBy === 'cap' ? EDGE_MS : 0)).flatMap(
    (stretch) => keyIds.map((keyId) => ({ keyId, ...stretch })),
  );

/** A charge expires after its window's end, and is told by its expiry. */
const expiredStretches = ({ fromMs, toMs }: UsageQuestion): JournalStretch[] =>
  stretchesOf(fromMs, toMs + EXPIRES_WITHIN_MS).map((stretch) => ({
    keyId: undefined,
    ...stretch,
  }));

/** Cut where UTC dates change, as each partition is of one date. */
function stretchesOf(fromMs: number, toMs: number): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = [];
  for (let date = Math.floor(fromMs / DAY_MS) * DAY_MS; date < toMs; date += DAY_MS) {
    stretches.push({ fromMs: Math.max(date, fromMs), toMs: Math.min(date + DAY_MS, toMs) });
  }
  return stretches;
}

/** A request whose own entry says that a counter may hold more than its cost. */
interface Unsettled {
  readonly name: string;
  readonly atMs: number;
  readonly costNanoUsd: NanoUsd;
}

/** An expired reservation, over the counters that it stood on. */
interface Expired {
  readonly id: string;
  readonly atMs: number;
  amountNanoUsd: NanoUsd;
}

class Books {
  readonly sums: UsageSums;
  readonly #question: UsageQuestion;
  readonly #unsettled = new Map<string, Unsettled>();
  #expired: Expired | undefined;
  readonly #windows = new Map<string, Window | undefined>();

  constructor(question: UsageQuestion) {
    this.#question = question;
    this.sums = new UsageSums(question.bucketMs);
  }

  /** A request or a refusal. */
  request(record: JournalRecord): void {
    const { groupBy } = this.#question;
    const name = groupBy === 'cap' ? '' : groupBy(record);
    const { reservationId, unsettled, atMs, costNanoUsd } = record;
    const mayExpire = unsettled.length > 0 && reservationId !== undefined;
    if (mayExpire && this.#unsettled.size < MAX_UNSETTLED) {
      this.#unsettled.set(reservationId, { name, atMs, costNanoUsd });
    }
    if (this.#isWithin(atMs)) this.sums.addToTotal(record);
    if (groupBy === 'cap') this.#addToCaps(record);
    else if (this.#isWithin(atMs)) this.sums.add(name, record, costNanoUsd);
  }

  /** One counter's charge of an expired reservation. */
  expired(record: JournalRecord): void {
    if (record.costNanoUsd === ZERO_USD) return;
    if (this.#question.groupBy === 'cap') this.#addExpiredToCaps(record);
    const { reservationId: id = '', atMs, costNanoUsd } = record;
    if (this.#expired?.id !== id) {
      this.endExpired();
      this.#expired = { id, atMs, amountNanoUsd: ZERO_USD };
    }
    this.#expired.amountNanoUsd = maxUsd(this.#expired.amountNanoUsd, costNanoUsd);
  }

  /** The last expired reservation has no more counters: it is charged, once. */
  endExpired(): void {
    const expired = this.#expired;
    this.#expired = undefined;
    if (expired === undefined) return;
    const request = this.#unsettled.get(expired.id);
    if (request === undefined) {
      if (this.#isWithin(expired.atMs)) this.sums.addNotAttributed(expired.amountNanoUsd);
    } else if (this.#isWithin(request.atMs)) {
      const amount = beyond(expired.amountNanoUsd, request.costNanoUsd);
      this.sums.addExpiredToTotal(amount);
      if (this.#question.groupBy !== 'cap') {
        this.sums.addExpired(request.name, request.atMs, amount);
      }
    }
  }

  #addToCaps(record: JournalRecord): void {
    const inside = { ...record, atMs: this.#clamped(record.atMs) };
    for (const counter of record.counters) {
      const name = this.#capIn(counter, record.atMs);
      if (name === undefined) continue;
      const isCharged = !record.unsettled.includes(counter);
      const cost = isCharged ? (record.charged?.[counter] ?? record.costNanoUsd) : ZERO_USD;
      this.sums.add(name, inside, cost);
    }
  }

  #addExpiredToCaps({ counters, atMs, costNanoUsd }: JournalRecord): void {
    for (const counter of counters) {
      const name = this.#capIn(counter, atMs);
      if (name !== undefined) this.sums.addExpired(name, this.#clamped(atMs), costNanoUsd);
    }
  }

  #isWithin(atMs: number): boolean {
    return atMs >= this.#question.fromMs && atMs < this.#question.toMs;
  }

  /** What is counted in a window of the period may have its entry a moment beside it. */
  #clamped(atMs: number): number {
    const { fromMs, toMs } = this.#question;
    return Math.min(Math.max(atMs, fromMs), toMs - 1);
  }

  /** The counter's cap, where what was charged on it belongs to the period. */
  #capIn(counter: string, atMs: number): string | undefined {
    const named = parseCounterName(counter);
    if (named === undefined) return this.#isWithin(atMs) ? counter : undefined;
    return this.#countsIn(this.#windowOf(named.windowId), atMs) ? named.capId : undefined;
  }

  #countsIn(window: Window | undefined, atMs: number): boolean {
    const { fromMs, toMs, isOpen } = this.#question;
    if (window?.endsAtMs === undefined) return this.#isWithin(atMs);
    const begins = window.startsAtMs >= fromMs && window.startsAtMs < toMs;
    if (begins && (window.endsAtMs <= toMs || isOpen === true)) return true;
    const isOutside = window.endsAtMs <= fromMs || window.startsAtMs >= toMs;
    return !isOutside && this.#isWithin(atMs);
  }

  #windowOf(id: string): Window | undefined {
    if (!this.#windows.has(id)) this.#windows.set(id, windowOf(id));
    return this.#windows.get(id);
  }
}
