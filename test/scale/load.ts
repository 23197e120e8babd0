/**
 * One load on one shared cap: the real spend guard and ledger, on a table that throttles.
 *
 * Requests arrive by chance, at a rate that does not depend on how they fare. Each holds its
 * reservation for the time of a call to Bedrock.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createSpendGuard, type SpendGuard } from '../../lambda/application/spend-guard.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import type { NanoUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import type { Clock } from '../../lambda/ports/clock.ts';
import type { Settings } from '../../lambda/ports/settings.ts';
import type { Telemetry } from '../../lambda/ports/telemetry.ts';
import type { Upstream } from '../../lambda/ports/upstream.ts';
import { cap } from '../helpers/builders.ts';
import {
  converseAnswer,
  createFakeSink,
  guardedRequest,
  guardOptions,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';
import { Actor } from '../simulation/actor.ts';
import { type Books, booksOf, nano } from '../simulation/counter-books.ts';
import { Scheduler } from '../simulation/scheduler.ts';
import { createRandom, type Random } from '../simulation/seeded-random.ts';
import { createSimulatedTable } from '../simulation/simulated-table.ts';
import { rememberZoneOffsets } from '../simulation/zone-offsets.ts';
import { createMeteredTable } from './metered-table.ts';

export interface Load {
  readonly seed: number;
  /** How long Bedrock takes to answer. */
  readonly callMs: number;
  readonly requestsPerSecond: number;
  /** How long requests arrive before they are counted, and then while they are. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly limitNanoUsd: NanoUsd;
  readonly maxInFlight: number;
}

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

const MAX_EVENTS = 20_000_000;
/** The gateway's own: a hold that is left stands for as long as the function might run. */
const FUNCTION_TIMEOUT_MS = 900_000;
/** Of Haiku 4.5 in the US, by the catalogue: $1.10 and $5.50 a million tokens. */
const USAGE = { inputTokens: 200, outputTokens: 400 };
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

rememberZoneOffsets();

/** Runs a load until nothing of it is under way. @throws Error where the books pass the limit */
export async function runLoad(load: Load): Promise<Outcome> {
  const random = createRandom(load.seed).fork('load');
  const scheduler = new Scheduler(NOON_MS);
  const table = createSimulatedTable();
  const course = new Course(load, scheduler);
  const metered = createMeteredTable({
    table,
    scheduler,
    random: random.fork('table'),
    onWritten: (attributes, bytes) => course.written(attributes, bytes),
  });
  const { clock } = new Actor('gateways', scheduler, random.fork('clock'));
  const guard = createGuard(load, course, metered.client, clock);
  const endMs = load.warmUpMs + load.measuredMs;
  let spent = { units: 0, throttled: 0 };
  scheduler.after(load.warmUpMs, () => {
    spent = { units: metered.units(), throttled: metered.throttled() };
  });
  scheduler.after(endMs, () => {
    spent = {
      units: metered.units() - spent.units,
      throttled: metered.throttled() - spent.throttled,
    };
  });
  for (const atMs of arrivals(random.fork('arrivals'), load.requestsPerSecond, endMs)) {
    scheduler.after(atMs, () => course.start(guard, clock, atMs >= load.warmUpMs));
  }
  await scheduler.run(() => undefined, MAX_EVENTS);
  const [counter] = [...table.items()].filter(({ pk }) => String(pk).startsWith('COUNTER#'));
  const seconds = load.measuredMs / 1000;
  return {
    ...course.outcome(),
    unitsPerSecond: spent.units / seconds,
    throttledPerSecond: spent.throttled / seconds,
    books: booksOf(counter),
  };
}

/** Times at which requests come, as a Poisson process has them. */
function* arrivals(random: Random, perSecond: number, endMs: number): Generator<number> {
  for (let atMs = 0; ; ) {
    atMs += (-Math.log(1 - random.next()) * 1000) / perSecond;
    if (atMs >= endMs) return;
    yield atMs;
  }
}

/** All requests of a load, and what is known of each. */
class Course {
  readonly #load: Load;
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

  constructor(load: Load, scheduler: Scheduler) {
    this.#load = load;
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
    if (committed > this.#load.limitNanoUsd) {
      throw new Error(`committed ${committed} passes the limit ${this.#load.limitNanoUsd}`);
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
      limit: this.#load.limitNanoUsd,
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

function createGuard(
  load: Load,
  course: Course,
  client: DynamoDBDocumentClient,
  clock: Clock,
): SpendGuard {
  const { maxInFlight, limitNanoUsd } = load;
  const ledger = createDynamoLedger({
    client,
    tableName: 'ledger',
    clock,
    maxInFlight,
    journalDays: 1,
  });
  const table = settingsTable({ caps: [cap({ limitNanoUsd })], prices: new Map() });
  const view = () => ({ ...table, readAtMs: clock.nowMs() });
  const settings: Settings = { peek: view, read: async () => view() };
  const upstream: Upstream = {
    async send({ path }) {
      course.sent(path);
      await clock.sleep(load.callMs);
      return converseAnswer(USAGE.inputTokens, USAGE.outputTokens);
    },
  };
  const telemetry = telemetryOf((requestId) => course.leftUnsettled(requestId));
  return createSpendGuard({ ledger, settings, upstream, clock, telemetry }, guardOptions());
}

const telemetryOf = (onLeft: (requestId: string) => void): Telemetry => ({
  info: () => undefined,
  warn: () => undefined,
  // A reserve that was given up names no request: nothing of it stands.
  error: (_message, fields) => {
    if (fields?.requestId !== undefined) onLeft(String(fields.requestId));
  },
  count: () => undefined,
  describe: () => undefined,
  flush: () => undefined,
});
