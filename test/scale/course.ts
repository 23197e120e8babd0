/**
 * The requests of a load: what each asks for, and what became of it.
 */
import type { SpendGuard } from '../../lambda/application/spend-guard.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import type { Clock } from '../../lambda/ports/clock.ts';
import { createFakeSink, guardedRequest } from '../helpers/fake-ports.ts';
import { type Books, nano } from '../simulation/counter-books.ts';
import type { Scheduler } from '../simulation/scheduler.ts';

/** What became of the requests that arrived while they were counted. */
export interface Outcome {
  readonly arrived: number;
  /** Answered by Bedrock, and settled at their cost. */
  readonly served: number;
  /** Answered by Bedrock; their settle was given up, so that they are charged in full later. */
  readonly unsettled: number;
  /** 429 `budget_exceeded`, by its reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** 503 `ledger_unavailable`. */
  readonly unavailable: number;
  /** Milliseconds from a request's arrival until it is sent, of those that are sent. */
  readonly addedMs: { readonly p50: number; readonly p99: number };
  /** Most bytes of the counter's item, and most reservations on it. */
  readonly mostBytes: number;
  readonly mostInFlight: number;
  readonly unitsPerSecond: number;
  readonly throttledPerSecond: number;
  readonly limit: bigint;
  /** The counter's books when all have ended. */
  readonly books: Books;
  /** Most that was ever committed. */
  readonly mostCommitted: bigint;
  /** All that Bedrock was asked for, each at the cost of its answer. */
  readonly billed: bigint;
}

/** The gateway's own: a hold that is left stands for as long as the function might run. */
const FUNCTION_TIMEOUT_MS = 900_000;
/** Of Haiku 4.5 in the US, by the catalogue: $1.10 and $5.50 a million tokens. */
export const USAGE = { inputTokens: 200, outputTokens: 400 };
export const COST_NANO_USD = 200n * 1_100n + 400n * 5_500n;
/** What is reserved has as many digits as that of a real request. */
const BODY = parseBody(
  Buffer.from(
    JSON.stringify({
      messages: [{ role: 'user', content: [{ text: 'a prompt of some words. '.repeat(40) }] }],
      inferenceConfig: { maxTokens: 2_000 },
    }),
  ),
);

/** All requests of a load, and what is known of each. */
export class Course {
  readonly #limit: bigint;
  readonly #scheduler: Scheduler;
  readonly #runs = new Map<string, { readonly atMs: number; readonly isCounted: boolean }>();
  readonly #unsettled = new Set<string>();
  readonly #addedMs: number[] = [];
  readonly #refused = new Map<string, number>();
  #arrived = 0;
  #served = 0;
  #unavailable = 0;
  #sent = 0;
  #mostBytes = 0;
  #mostInFlight = 0;
  #mostCommitted = 0n;

  /** @param limit in nano-dollars */
  constructor(limit: bigint, scheduler: Scheduler) {
    this.#limit = limit;
    this.#scheduler = scheduler;
  }

  start(guard: SpendGuard, clock: Clock, isCounted: boolean): void {
    const requestId = `request-${this.#runs.size}`;
    this.#runs.set(requestId, { atMs: this.#scheduler.nowMs, isCounted });
    if (isCounted) this.#arrived += 1;
    const request = guardedRequest(clock, createFakeSink(), {
      requestId,
      body: BODY,
      upstreamPath: () => requestId,
      deadlineAtMs: clock.nowMs() + FUNCTION_TIMEOUT_MS,
    });
    void this.#follow(guard.handle(request), requestId, isCounted);
  }

  async #follow(answer: ReturnType<SpendGuard['handle']>, id: string, isCounted: boolean) {
    try {
      const outcome = await answer;
      await outcome.done;
      if (!isCounted) return;
      if (outcome.kind !== 'refused') this.#served += this.#unsettled.has(id) ? 0 : 1;
      else countIn(this.#refused, outcome.refusal.reason);
    } catch (error) {
      if (!(error instanceof HardcapError) || error.code !== 'ledger_unavailable') throw error;
      if (isCounted) this.#unavailable += 1;
    }
  }

  /** A request leaves for Bedrock, and is billed there. */
  sent(requestId: string): void {
    this.#sent += 1;
    const run = this.#runs.get(requestId);
    if (run?.isCounted === true) this.#addedMs.push(this.#scheduler.nowMs - run.atMs);
  }

  leftUnsettled(requestId: string): void {
    this.#unsettled.add(requestId);
  }

  written({ committedUsd, inFlight }: Readonly<Record<string, unknown>>, bytes: number): void {
    this.#mostBytes = Math.max(this.#mostBytes, bytes);
    if (inFlight !== undefined) {
      this.#mostInFlight = Math.max(this.#mostInFlight, Number(String(inFlight)));
    }
    const committed = nano(committedUsd ?? 0);
    if (committed > this.#mostCommitted) this.#mostCommitted = committed;
    if (committed > this.#limit) {
      throw new Error(`committed ${committed} passes the limit ${this.#limit}`);
    }
  }

  outcome() {
    const counted = [...this.#unsettled].filter((id) => this.#runs.get(id)?.isCounted === true);
    return {
      arrived: this.#arrived,
      served: this.#served,
      unsettled: counted.length,
      refused: this.#refused,
      unavailable: this.#unavailable,
      addedMs: { p50: quantile(this.#addedMs, 0.5), p99: quantile(this.#addedMs, 0.99) },
      mostBytes: this.#mostBytes,
      mostInFlight: this.#mostInFlight,
      mostCommitted: this.#mostCommitted,
      billed: BigInt(this.#sent) * COST_NANO_USD,
      limit: this.#limit,
    };
  }
}

const countIn = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** Not a number where there are no values. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
