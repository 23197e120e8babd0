/**
 * One load on one shared cap: the real spend guard and ledger, on a table that throttles.
 *
 * Requests arrive by chance, at a rate that does not depend on how they fare. Each holds its
 * reservation for the time of a call to Bedrock.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createSpendGuard, type SpendGuard } from '../../lambda/application/spend-guard.ts';
import type { NanoUsd } from '../../lambda/domain/money.ts';
import type { Clock } from '../../lambda/ports/clock.ts';
import type { Settings } from '../../lambda/ports/settings.ts';
import type { Telemetry } from '../../lambda/ports/telemetry.ts';
import type { Upstream } from '../../lambda/ports/upstream.ts';
import { cap } from '../helpers/builders.ts';
import { converseAnswer, guardOptions, settingsTable } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';
import { Actor } from '../simulation/actor.ts';
import { booksOf } from '../simulation/counter-books.ts';
import { Scheduler } from '../simulation/scheduler.ts';
import { createRandom, type Random } from '../simulation/seeded-random.ts';
import { createSimulatedTable } from '../simulation/simulated-table.ts';
import { Course, type Outcome, USAGE } from './course.ts';
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

const MAX_EVENTS = 20_000_000;
/** Runs a load until nothing of it is under way. @throws Error where the books pass the limit */
export async function runLoad(load: Load): Promise<Outcome> {
  const random = createRandom(load.seed).fork('load');
  const scheduler = new Scheduler(NOON_MS);
  const table = createSimulatedTable();
  const course = new Course(load.limitNanoUsd, scheduler);
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

function createGuard(
  load: Load,
  course: Course,
  client: DynamoDBDocumentClient,
  clock: Clock,
): SpendGuard {
  const { maxInFlight, limitNanoUsd } = load;
  const ledger = createDynamoLedger({
    dynamo: documentCalls(client),
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
