/**
 * The sums of a usage report: dollars, requests, refusals and tokens by group and by time.
 *
 * Invariant: money is exact. Of the total each request is a part once, whatever it is grouped by.
 *            Memory is bounded by `MAX_GROUPS`: further names are summed as one.
 */
import { addUsd, maxUsd, type NanoUsd, nanoUsd, ZERO_USD } from '../domain/money.ts';
import type { JournalRecord } from '../ports/journal.ts';

/** What a group of requests used. */
export interface UsageSum {
  readonly costNanoUsd: NanoUsd;
  /** Part of the cost: reservations that were charged in full as nobody settled them. */
  readonly expiredNanoUsd: NanoUsd;
  /** Those that were admitted, released ones included. */
  readonly requests: number;
  /** Of `requests`, those that cost nothing as Bedrock billed nothing. */
  readonly released: number;
  /** Of `requests`, those whose usage is unknown: none of their tokens are counted. */
  readonly withoutUsage: number;
  readonly refusals: number;
  /** Tokens and other units by their names in the journal. */
  readonly usage: ReadonlyMap<string, number>;
}

type MutableSum = {
  -readonly [Name in keyof UsageSum]: Name extends 'usage' ? Map<string, number> : UsageSum[Name];
};

/** One line of a report. */
export interface UsageRow extends UsageSum {
  /** Undefined for all the names that were too many to keep. */
  readonly name: string | undefined;
  /** Epoch milliseconds: the start of its hour or day; undefined where time is not divided. */
  readonly bucketMs: number | undefined;
}

/** Names and times of their own in one report; about 500 bytes each. */
export const MAX_GROUPS = 50_000;

const newSum = (): MutableSum => ({
  costNanoUsd: ZERO_USD,
  expiredNanoUsd: ZERO_USD,
  requests: 0,
  released: 0,
  withoutUsage: 0,
  refusals: 0,
  usage: new Map(),
});

/** Adds a request or refusal at this cost. */
function addRecord(sum: MutableSum, record: JournalRecord, costNanoUsd: NanoUsd): void {
  if (record.kind === 'refusal') {
    sum.refusals += record.count;
    return;
  }
  sum.costNanoUsd = addUsd(sum.costNanoUsd, costNanoUsd);
  sum.requests += record.count;
  if (record.outcome === 'released') sum.released += record.count;
  const used = Object.entries(record.usage);
  if (used.length === 0 && record.outcome !== 'released') sum.withoutUsage += record.count;
  for (const [name, count] of used) sum.usage.set(name, (sum.usage.get(name) ?? 0) + count);
}

function addExpired(sum: MutableSum, amountNanoUsd: NanoUsd): void {
  sum.costNanoUsd = addUsd(sum.costNanoUsd, amountNanoUsd);
  sum.expiredNanoUsd = addUsd(sum.expiredNanoUsd, amountNanoUsd);
}

/** The sums by name and time. */
export class UsageSums {
  readonly #bucketMs: number | undefined;
  readonly #maxGroups: number;
  readonly #groups = new Map<string, { name: string; bucketMs: number; sum: MutableSum }>();
  readonly #others = new Map<number, MutableSum>();
  readonly #total = newSum();
  readonly #notAttributed = newSum();

  /** @param bucketMs the length of an hour or day, in UTC; undefined: time is not divided */
  constructor(bucketMs: number | undefined, maxGroups: number = MAX_GROUPS) {
    this.#bucketMs = bucketMs;
    this.#maxGroups = maxGroups;
  }

  /** A request or refusal, as part of one group at this cost. */
  add(name: string, record: JournalRecord, costNanoUsd: NanoUsd): void {
    addRecord(this.#sumOf(name, record.atMs), record, costNanoUsd);
  }

  /** Dollars of an expired reservation, as part of one group. */
  addExpired(name: string, atMs: number, amountNanoUsd: NanoUsd): void {
    addExpired(this.#sumOf(name, atMs), amountNanoUsd);
  }

  /** A request or refusal as part of the total. */
  addToTotal(record: JournalRecord): void {
    addRecord(this.#total, record, record.costNanoUsd);
  }

  /** Dollars of an expired reservation whose request is part of the total already. */
  addExpiredToTotal(amountNanoUsd: NanoUsd): void {
    addExpired(this.#total, amountNanoUsd);
  }

  /** An expired reservation of which nobody knows the request; part of the total. */
  addNotAttributed(amountNanoUsd: NanoUsd): void {
    for (const sum of [this.#notAttributed, this.#total]) {
      addExpired(sum, amountNanoUsd);
      sum.requests += 1;
      sum.withoutUsage += 1;
    }
  }

  get total(): UsageSum {
    return this.#total;
  }

  get notAttributed(): UsageSum {
    return this.#notAttributed;
  }

  /** By time, then the dearest first; the names that were too many are last of their time. */
  rows(): UsageRow[] {
    const named = [...this.#groups.values()].map(({ name, bucketMs, sum }) => ({
      name,
      bucketMs: this.#shownBucket(bucketMs),
      ...sum,
    }));
    const others = [...this.#others].map(([bucketMs, sum]) => ({
      name: undefined,
      bucketMs: this.#shownBucket(bucketMs),
      ...sum,
    }));
    return [...named, ...others].sort(inOrder);
  }

  #shownBucket(bucketMs: number): number | undefined {
    return this.#bucketMs === undefined ? undefined : bucketMs;
  }

  #sumOf(name: string, atMs: number): MutableSum {
    const bucketMs =
      this.#bucketMs === undefined ? 0 : Math.floor(atMs / this.#bucketMs) * this.#bucketMs;
    const id = `${bucketMs} ${name}`;
    const known = this.#groups.get(id);
    if (known !== undefined) return known.sum;
    if (this.#groups.size >= this.#maxGroups) {
      const others = this.#others.get(bucketMs) ?? newSum();
      this.#others.set(bucketMs, others);
      return others;
    }
    const sum = newSum();
    this.#groups.set(id, { name, bucketMs, sum });
    return sum;
  }
}

/** What is left to charge of an expired reservation beyond what its request's entry says. */
export const beyond = (amountNanoUsd: NanoUsd, costNanoUsd: NanoUsd): NanoUsd =>
  nanoUsd(maxUsd(amountNanoUsd, costNanoUsd) - costNanoUsd);

function inOrder(a: UsageRow, b: UsageRow): number {
  const byTime = (a.bucketMs ?? 0) - (b.bucketMs ?? 0);
  if (byTime !== 0) return byTime;
  if (a.name === undefined || b.name === undefined) return a.name === b.name ? 0 : lastIf(a);
  return (
    compare(b.costNanoUsd, a.costNanoUsd) ||
    b.requests - a.requests ||
    b.refusals - a.refusals ||
    compare(a.name, b.name)
  );
}

const lastIf = ({ name }: UsageRow): number => (name === undefined ? 1 : -1);

const compare = (a: string | bigint, b: string | bigint): number => (a < b ? -1 : a > b ? 1 : 0);
