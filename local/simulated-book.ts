/**
 * The simulated Bedrock's own book: what it was asked and what it billed.
 *
 * It is the other side's account of the money, so that a test can hold hardcap's ledger against
 * it. Totals count everything; single records are kept up to a bound.
 */

import { UNITS, type UnitCounts } from '../lambda/domain/unit.ts';

/** Metered tokens, in the words of the domain. Input excludes what came from the cache. */
export interface BilledTokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
}

/** One request; `billed` says whether its tokens were billed. Headers are lower-cased. */
export interface BookRecord extends BilledTokens {
  /** From 1, in the order of arrival. */
  readonly sequence: number;
  readonly modelId: string;
  readonly operation: string;
  readonly outcome: 'billed' | 'not-billed';
  /** The status that was answered; 0 for a connection that was reset instead. */
  readonly status: number;
  /** The output limit that the request named. */
  readonly maxTokens?: number;
  /** What was billed by other units than tokens; absent: nothing. */
  readonly units?: UnitCounts;
  readonly requestBodyBytes: number;
  /** As Converse has it in its body, the others in a header; absent: none. */
  readonly requestMetadata?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The book as `GET /__book` gives it. */
export interface BookPage {
  readonly requests: number;
  readonly billedRequests: number;
  readonly billed: BilledTokens;
  readonly billedByModel: Readonly<Record<string, BilledTokens>>;
  readonly billedUnitsByModel: Readonly<Record<string, UnitCounts>>;
  /** The newest records, oldest first. */
  readonly records: readonly BookRecord[];
}

export const NO_TOKENS: BilledTokens = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
};

const MAX_RECORDS = 20_000;

const addTokens = (a: BilledTokens, b: BilledTokens): BilledTokens => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  cacheWrite5mTokens: a.cacheWrite5mTokens + b.cacheWrite5mTokens,
  cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
});

const addUnits = (a: UnitCounts, b: UnitCounts): UnitCounts =>
  Object.fromEntries(
    UNITS.map((unit) => [unit, (a[unit] ?? 0) + (b[unit] ?? 0)] as const).filter(
      ([, count]) => count > 0,
    ),
  );

/** Requests and billed tokens since the start or the last `reset`. */
export class Book {
  #requests = 0;
  #billedRequests = 0;
  #billedByModel = new Map<string, BilledTokens>();
  #billedUnitsByModel = new Map<string, UnitCounts>();
  #records: BookRecord[] = [];

  /** Writes one request down; the oldest record makes room beyond 20,000. */
  enter(record: Omit<BookRecord, 'sequence'>): void {
    this.#requests += 1;
    this.#records.push({ sequence: this.#requests, ...record });
    if (this.#records.length > MAX_RECORDS) this.#records.shift();
    if (record.outcome === 'not-billed') return;
    this.#billedRequests += 1;
    const billed = this.#billedByModel.get(record.modelId) ?? NO_TOKENS;
    this.#billedByModel.set(record.modelId, addTokens(billed, record));
    if (record.units === undefined) return;
    const units = this.#billedUnitsByModel.get(record.modelId) ?? {};
    this.#billedUnitsByModel.set(record.modelId, addUnits(units, record.units));
  }

  /** The book as it stands; later entries do not change it. */
  page(): BookPage {
    return {
      requests: this.#requests,
      billedRequests: this.#billedRequests,
      billed: [...this.#billedByModel.values()].reduce(addTokens, NO_TOKENS),
      billedByModel: Object.fromEntries(this.#billedByModel),
      billedUnitsByModel: Object.fromEntries(this.#billedUnitsByModel),
      records: [...this.#records],
    };
  }

  /** Forgets everything. */
  reset(): void {
    this.#requests = 0;
    this.#billedRequests = 0;
    this.#billedByModel = new Map();
    this.#billedUnitsByModel = new Map();
    this.#records = [];
  }
}
