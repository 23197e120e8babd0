/**
 * What the journal says of windows that have ended: read once for all of them, bounded in memory.
 *
 * Owns:      which stretches of which partitions are read, and how far that has come. It outlives
 *            a run: what one run could not read, the next one of the same process goes on with.
 * Invariant: each partition is read at most once a run. A window is `isWhole` only where every
 *            stretch that can name it was read to its end.
 */
import { addUsd, type NanoUsd, ZERO_USD } from '../domain/money.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  JournalLine,
  JournalStretch,
  JournalTotals,
  LedgerMaintenance,
} from '../ports/ledger.ts';
import { sharesOf } from './window-shares.ts';

/** A window that has ended. */
export interface EndedSpan {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** Part of the journal of one UTC date, as far as it was read. */
interface Day {
  readonly fromMs: number;
  readonly toMs: number;
  /** Whether entries may still come: then it is read anew by each run. */
  readonly isFinal: boolean;
  /** Where reading goes on, by key; a key that is absent was not begun. */
  readonly cursors: Map<KeyOrNone, string | typeof WHOLE>;
  readonly counters: Map<string, CounterSums>;
  size: number;
  /** Whether the stretches of all keys were read to their end. */
  isRead: boolean;
}

/** Undefined: the partition of expired charges. */
type KeyOrNone = string | undefined;

interface CounterSums {
  refusals: number;
  expiredNanoUsd: NanoUsd;
  readonly byKey: Map<string, Map<string, MutableShare>>;
}

export interface MutableShare {
  settledNanoUsd: NanoUsd;
  requests: number;
}

const WHOLE = Symbol('whole');
const DAY_MS = 86_400_000;
/** A request is in the journal by its start, and in the window by its reserve; clocks differ. */
const EDGE_MS = 600_000;
/** The longest request has ended by then, and its entry was written. */
const FINAL_AFTER_MS = 1_800_000;
/** An expired charge is in the journal by its expiry, which is after its window's end. */
const EXPIRY_MS = DAY_MS;
const PARALLEL = 8;
/** Partitions and sums in memory, about 500 bytes each. */
const MAX_SIZE = 200_000;

export class JournalSums {
  #keyIds: readonly string[] = [];
  #knowsAllKeys = true;
  #byKey = new Map<number, Day>();
  #expired = new Map<number, Day>();

  /** Says what is wanted; what was read before is kept where it is wanted still. */
  plan(
    spans: readonly EndedSpan[],
    { keyIds, isWhole }: { readonly keyIds: readonly string[]; readonly isWhole: boolean },
    nowMs: number,
  ): void {
    this.#keyIds = keyIds;
    this.#knowsAllKeys = isWhole;
    this.#byKey = planned(spans, EDGE_MS, this.#byKey, nowMs);
    // What was expired may be settled late whenever: those entries are never final.
    this.#expired = planned(spans, EXPIRY_MS, new Map(), nowMs);
  }

  /**
   * Reads until all is read, or the time or the memory ends.
   *
   * @throws HardcapError ledger_unavailable; what was read before that is kept
   */
  async read(maintenance: LedgerMaintenance, clock: Clock, untilMs: number): Promise<void> {
    const waiting = this.#waiting();
    const failures: unknown[] = [];
    const work = async () => {
      for (;;) {
        const next = waiting.next();
        if (next.done === true) return;
        await readStretch(maintenance, next.value, () => {
          const isOver = clock.nowMs() >= untilMs || this.#size() >= MAX_SIZE;
          return isOver || failures.length > 0;
        });
      }
    };
    const guarded = () => work().catch((error: unknown) => failures.push(error));
    await Promise.all(Array.from({ length: PARALLEL }, guarded));
    for (const day of this.#byKey.values()) day.isRead = isRead(day, this.#keyIds);
    for (const day of this.#expired.values()) day.isRead = isRead(day, [undefined]);
    if (failures.length > 0) throw failures[0];
  }

  /** Whether all that can name the window was read. */
  isWhole(span: EndedSpan): boolean {
    return (
      datesOf(span, EDGE_MS).every((date) => this.#byKey.get(date)?.isRead === true) &&
      datesOf(span, EXPIRY_MS).every((date) => this.#expired.get(date)?.isRead === true)
    );
  }

  /** What was read of a counter, by its `counterName`. */
  totals(name: string, span: EndedSpan): JournalTotals {
    const byModel = new Map<string, MutableShare>();
    const byKey = new Map<string, MutableShare>();
    let refusals = 0;
    let attributedNanoUsd = ZERO_USD;
    for (const date of datesOf(span, EDGE_MS)) {
      const sums = this.#byKey.get(date)?.counters.get(name);
      refusals += sums?.refusals ?? 0;
      for (const [keyId, models] of sums?.byKey ?? []) {
        for (const [modelId, share] of models) {
          addShare(byModel, modelId, share);
          addShare(byKey, keyId, share);
          attributedNanoUsd = addUsd(attributedNanoUsd, share.settledNanoUsd);
        }
      }
    }
    let expiredNanoUsd = ZERO_USD;
    for (const date of datesOf(span, EXPIRY_MS)) {
      const sums = this.#expired.get(date)?.counters.get(name);
      expiredNanoUsd = addUsd(expiredNanoUsd, sums?.expiredNanoUsd ?? ZERO_USD);
    }
    return {
      refusals,
      expiredNanoUsd,
      byModel: sharesOf(byModel),
      byKey: sharesOf(byKey),
      attributedNanoUsd,
      isWhole: this.#knowsAllKeys && this.isWhole(span),
    };
  }

  #size(): number {
    let size = 0;
    for (const day of [...this.#byKey.values(), ...this.#expired.values()]) size += day.size;
    return size;
  }

  /** Every stretch that is not read to its end, those of the shortest windows first. */
  *#waiting(): Generator<Stretch> {
    for (const day of this.#expired.values()) yield { day, keyId: undefined };
    for (const day of this.#byKey.values()) {
      for (const keyId of this.#keyIds) {
        if (day.cursors.get(keyId) !== WHOLE) yield { day, keyId };
      }
    }
  }
}

interface Stretch {
  readonly day: Day;
  readonly keyId: KeyOrNone;
}

/** The first instants of the UTC dates that may name the window. */
function datesOf(span: EndedSpan, afterMs: number): number[] {
  const dates: number[] = [];
  const first = Math.floor((span.startsAtMs - EDGE_MS) / DAY_MS) * DAY_MS;
  for (let dateMs = first; dateMs < span.endsAtMs + afterMs; dateMs += DAY_MS) dates.push(dateMs);
  return dates;
}

/** One stretch for each date, as long as all windows together need; shortest windows first. */
function planned(
  spans: readonly EndedSpan[],
  afterMs: number,
  before: ReadonlyMap<number, Day>,
  nowMs: number,
): Map<number, Day> {
  const lasting = ({ startsAtMs, endsAtMs }: EndedSpan) => endsAtMs - startsAtMs;
  const stretches = new Map<number, { fromMs: number; toMs: number }>();
  for (const span of spans.toSorted((a, b) => lasting(a) - lasting(b))) {
    for (const date of datesOf(span, afterMs)) {
      const fromMs = Math.max(date, span.startsAtMs - EDGE_MS);
      const toMs = Math.min(date + DAY_MS, span.endsAtMs + afterMs);
      const known = stretches.get(date) ?? { fromMs, toMs };
      stretches.set(date, {
        fromMs: Math.min(known.fromMs, fromMs),
        toMs: Math.max(known.toMs, toMs),
      });
    }
  }
  const days = [...stretches].map(([date, { fromMs, toMs }]): [number, Day] => {
    const known = before.get(date);
    const isKept = known?.isFinal === true && known.fromMs === fromMs && known.toMs === toMs;
    return [date, isKept ? known : newDay(fromMs, toMs, nowMs)];
  });
  return new Map(days);
}

const newDay = (fromMs: number, toMs: number, nowMs: number): Day => ({
  fromMs,
  toMs,
  isFinal: toMs + FINAL_AFTER_MS <= nowMs,
  cursors: new Map(),
  counters: new Map(),
  size: 0,
  isRead: false,
});

const isRead = (day: Day, keyIds: readonly KeyOrNone[]): boolean =>
  keyIds.every((keyId) => day.cursors.get(keyId) === WHOLE);

async function readStretch(
  maintenance: LedgerMaintenance,
  { day, keyId }: Stretch,
  isOver: () => boolean,
): Promise<void> {
  const stretch: JournalStretch = { keyId, fromMs: day.fromMs, toMs: day.toMs };
  let cursor = day.cursors.get(keyId);
  while (cursor !== WHOLE && !isOver()) {
    const page = await maintenance.journalPage(stretch, cursor);
    for (const line of page.lines) addLine(day, keyId, line);
    if (cursor === undefined) day.size += 1;
    cursor = page.next ?? WHOLE;
    day.cursors.set(keyId, cursor);
  }
}

/** Counters of a lifetime are never summarised. */
const LIFETIME = '/lifetime';

function addLine(day: Day, keyId: KeyOrNone, line: JournalLine): void {
  for (const name of line.counters) {
    if (name.endsWith(LIFETIME)) continue;
    const sums = sumsOf(day, name);
    if (line.kind === 'refusal') sums.refusals += line.count;
    else if (line.kind === 'expired') {
      sums.expiredNanoUsd = addUsd(sums.expiredNanoUsd, line.costNanoUsd);
    } else if (keyId !== undefined) {
      const models = sums.byKey.get(keyId) ?? new Map<string, MutableShare>();
      if (!models.has(line.modelId)) day.size += 1;
      const isCharged = !line.unsettled.includes(name);
      addShare(models, line.modelId, {
        settledNanoUsd: isCharged ? (line.charged?.[name] ?? line.costNanoUsd) : ZERO_USD,
        requests: line.count,
      });
      sums.byKey.set(keyId, models);
    }
  }
}

function sumsOf(day: Day, name: string): CounterSums {
  const known = day.counters.get(name);
  if (known !== undefined) return known;
  const sums: CounterSums = { refusals: 0, expiredNanoUsd: ZERO_USD, byKey: new Map() };
  day.counters.set(name, sums);
  day.size += 1;
  return sums;
}

function addShare(
  shares: Map<string, MutableShare>,
  name: string,
  { settledNanoUsd, requests }: MutableShare,
): void {
  const share = shares.get(name) ?? { settledNanoUsd: ZERO_USD, requests: 0 };
  share.settledNanoUsd = addUsd(share.settledNanoUsd, settledNanoUsd);
  share.requests += requests;
  shares.set(name, share);
}
