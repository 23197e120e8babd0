/**
 * One run: the plan of a seed, through the real spend guard, ledger adapter and rollover.
 */
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import type { GuardedRequest } from '../../lambda/application/guarded-request.ts';
import { JournalSums } from '../../lambda/application/journal-sums.ts';
import { runRollover } from '../../lambda/application/rollover.ts';
import { createSpendGuard, type SpendGuard } from '../../lambda/application/spend-guard.ts';
import { formatKey } from '../../lambda/domain/caller-key.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { WindowClock } from '../../lambda/domain/window.ts';
import type { EventDetail } from '../../lambda/ports/events.ts';
import type { AnswerSink } from '../../lambda/ports/stream.ts';
import type { Telemetry } from '../../lambda/ports/telemetry.ts';
import { Actor } from './actor.ts';
import { createFaultyClient } from './faulty-table.ts';
import { Oracle, type RequestEnd, Violation } from './oracle.ts';
import { type Disturbance, drawPlan, type Plan, type PlannedRequest } from './plan.ts';
import { Scheduler } from './scheduler.ts';
import { createRandom, type Random } from './seeded-random.ts';
import {
  bodyOf,
  boundOf,
  MAX_TOKENS,
  MODEL,
  MODEL_ID,
  TRANCHE_TOKENS,
} from './simulated-requests.ts';
import { createSimulatedSettings } from './simulated-settings.ts';
import { createSimulatedTable } from './simulated-table.ts';
import { createSimulatedFrameReader, createSimulatedUpstream } from './simulated-upstream.ts';
import { countFault, currentRun, note, type RequestRun, type Script, type World } from './world.ts';

export interface RunReport {
  readonly seed: number;
  readonly events: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly counts: Readonly<Record<string, number>>;
  readonly outcomes: ReadonlyMap<string, number>;
  /** The shapes of all states that the counters were in together. */
  readonly states: ReadonlySet<string>;
}

const KEY_ID = 'caller';
const KEY_TEXT = formatKey(KEY_ID, 'S'.repeat(43));
const TABLE_NAME = 'ledger';
const MAX_EVENTS = 20_000;
const CUT_HOLD_MS = 10_000;
const MAX_ANSWER_BYTES = 1_000_000;
/** After which no reservation, freeze, late write or tombstone of a run can matter. */
const REST_AFTER_MS = 24 * 3_600_000;
const DAY_MS = 24 * 3_600_000;
const ROLLOVER_TIME_MS = 55_000;
const COUNTER_DAYS = 35;
const PRUNED_AFTER_DAYS = [3, 50, 100];

/** One request as it went. */
interface Course {
  readonly request: PlannedRequest;
  readonly run: RequestRun;
  readonly gateway: Gateway;
  outcome: string;
  isDone: boolean;
}

interface Gateway {
  readonly actor: Actor;
  readonly guard: SpendGuard;
  /** Requests whose settle had no answer, as the log names them. */
  readonly leftHolds: Set<string>;
}

/**
 * Runs the schedule of a seed to its rest.
 *
 * @throws Violation where a rule does not hold, with the seed in its message
 */
export function runSchedule(seed: number, trace?: string[]): Promise<RunReport> {
  const plan = drawPlan(createRandom(seed).fork('plan'));
  return runPlan(plan, seed, trace === undefined ? {} : { trace });
}

/**
 * Runs a plan to its rest; the seed draws what the plan leaves open.
 *
 * @throws Violation where a rule does not hold
 */
export async function runPlan(
  plan: Plan,
  seed: number,
  options: { readonly trace?: string[]; readonly script?: Script } = {},
): Promise<RunReport> {
  const world = createWorld(plan, createRandom(seed).fork('world'), options);
  try {
    const courses = await play(world, plan);
    await comeToRest(world, plan, courses);
    const outcomes = new Map<string, number>();
    for (const { outcome } of courses) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const { counts, states, listed } = world.oracle;
    for (const line of listed) note(world, `not in the journal: ${line}`);
    return { seed, events: world.events, faults: world.faults, counts, outcomes, states };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    throw new Violation(`seed ${seed}: ${error.message}`, { cause: error });
  }
}

type RunWorld = World & { events: number };

function createWorld(
  plan: Plan,
  random: Random,
  { trace, script }: { readonly trace?: string[]; readonly script?: Script },
): RunWorld {
  const scheduler = new Scheduler(plan.startMs);
  const table = createSimulatedTable();
  const settings = [{ fromMs: 0, caps: plan.settings[0]?.caps ?? [], isKeyEnabled: true }];
  const oracle = new Oracle({
    table,
    price: MODEL.price,
    settings,
    settingsMaxAgeMs: plan.settingsMaxAgeMs,
    smallestNanoUsd: boundOf(MAX_TOKENS[0]),
  });
  const faults = new Map<string, number>();
  return {
    scheduler,
    random,
    table,
    oracle,
    rollovers: [],
    settings,
    faults,
    isCalm: false,
    trace,
    script,
    events: 0,
  };
}

async function play(world: RunWorld, plan: Plan): Promise<Course[]> {
  const courses: Course[] = [];
  const gateways = Array.from({ length: plan.gateways }, (_, index) =>
    createGateway(world, plan, index, courses),
  );
  for (const { atMs, caps, isKeyEnabled } of plan.settings.slice(1)) {
    world.scheduler.after(atMs, () => {
      note(world, 'settings change');
      countFault(world, 'settings:changed');
      world.settings.push({ fromMs: world.scheduler.nowMs, caps, isKeyEnabled });
    });
  }
  for (const disturbance of plan.disturbances) disturb(world, gateways, disturbance);
  for (const request of plan.requests) {
    const gateway = gateways[request.gateway];
    if (gateway === undefined) continue;
    world.scheduler.after(request.atMs, () => start(world, plan, gateway, request, courses));
  }
  plan.rollovers.forEach(({ atMs, skewMs, diesAtAwait }, index) => {
    const actor = new Actor(`rollover-${index}`, world.scheduler, world.random.fork(`r${index}`));
    actor.moveClock(skewMs);
    if (skewMs !== 0) countFault(world, 'rollover:wrong-clock');
    if (diesAtAwait !== undefined) {
      countFault(world, 'rollover:crash-at-await');
      actor.dieAtAwait(diesAtAwait);
    }
    world.scheduler.after(atMs, () => rollOver(world, actor, plan.tableFaultChance));
  });
  world.events += await world.scheduler.run(() => world.oracle.check(), MAX_EVENTS);
  return courses;
}

function createGateway(world: World, plan: Plan, index: number, courses: Course[]): Gateway {
  const actor = new Actor(`gateway-${index}`, world.scheduler, world.random.fork(`g${index}`));
  const { clock } = actor;
  const leftHolds = new Set<string>();
  const guard = createSpendGuard(
    {
      ledger: createDynamoLedger({
        dynamo: documentCalls(createFaultyClient(world, actor, plan.tableFaultChance)),
        tableName: TABLE_NAME,
        clock,
        maxInFlight: plan.maxInFlight,
        journalDays: 1,
      }),
      settings: createSimulatedSettings(world, actor, KEY_TEXT, plan.settingsFaultChance),
      upstream: createSimulatedUpstream(world, actor, () => answerOf(courses)),
      clock,
      telemetry: createTelemetry(world, leftHolds),
    },
    {
      windows: new WindowClock(),
      allowUncovered: false,
      maxTagCounters: 1_000,
      notesReservation: true,
      allowFields: new Set(),
      settingsMaxAgeMs: plan.settingsMaxAgeMs,
      trancheTokens: TRANCHE_TOKENS,
      overCapStatus: 429,
      reservationMarginMs: plan.reservationMarginMs,
      cutHoldMs: CUT_HOLD_MS,
      whenClientLeaves: 'drain',
      maxAnswerBytes: MAX_ANSWER_BYTES,
    },
  );
  return { actor, guard, leftHolds };
}

function answerOf(courses: readonly Course[]) {
  const run = currentRun.getStore();
  const course = courses.find((one) => one.run === run);
  if (course === undefined) throw new Violation('a request was sent on nobody’s behalf');
  return course.request.answer;
}

function createTelemetry(world: World, leftHolds: Set<string>): Telemetry {
  return {
    info: () => undefined,
    warn: (message) => note(world, `warning: ${message}`),
    error: (message) => {
      note(world, `error: ${message}`);
      const run = currentRun.getStore();
      if (run !== undefined) leftHolds.add(run.name);
    },
    count: () => undefined,
    describe: () => undefined,
    flush: () => undefined,
  };
}

function start(
  world: World,
  plan: Plan,
  gateway: Gateway,
  request: PlannedRequest,
  courses: Course[],
): void {
  if (gateway.actor.isDead) return;
  const run: RequestRun = { name: request.name, startedAtMs: world.scheduler.nowMs };
  const course: Course = { request, run, gateway, outcome: 'under way', isDone: false };
  courses.push(course);
  gateway.actor.deliver(() => {
    const guarded = guardedRequest(world, plan, gateway, request);
    void currentRun.run(run, () => follow(world, gateway, guarded, course));
  });
}

async function follow(
  world: World,
  gateway: Gateway,
  request: GuardedRequest,
  course: Course,
): Promise<void> {
  try {
    const answer = await gateway.guard.handle(request);
    course.outcome = answer.kind;
    if (answer.kind === 'refused') world.oracle.refusal(course.run, answer.refusal);
    await answer.done;
  } catch (error) {
    // The judge keeps what it throws, and ends the run by it, with its seed.
    if (error instanceof Violation) return;
    if (!(error instanceof HardcapError)) throw error;
    course.outcome = error.code;
  }
  note(world, `${course.run.name} is done: ${course.outcome}`);
  course.isDone = true;
}

function guardedRequest(
  world: World,
  plan: Plan,
  { actor }: Gateway,
  request: PlannedRequest,
): GuardedRequest {
  return {
    requestId: request.name,
    keyText: KEY_TEXT,
    keyId: KEY_ID,
    operation: request.answer.isStream ? 'converse-stream' : 'converse',
    modelId: MODEL_ID,
    region: 'us-east-1',
    body: bodyOf(request.maxTokens),
    headers: {},
    upstreamPath: () => '/',
    upstreamHeaders: {},
    deadlineAtMs: actor.clock.nowMs() + plan.functionTimeoutMs,
    createFrameReader: createSimulatedFrameReader,
    openSink: () => createSink(world, actor, request.readMs),
  };
}

/** A client that takes its time, or has gone. */
function createSink(world: World, actor: Actor, readMs: number | undefined): AnswerSink {
  let wake: (() => void) | undefined;
  return {
    write: () =>
      readMs === undefined || readMs === 0
        ? undefined
        : new Promise<void>((resolve) => {
            wake = resolve;
            world.scheduler.after(readMs, () => actor.deliver(resolve));
          }),
    interrupt: () => wake?.(),
    fail: () => undefined,
    end: () => undefined,
  };
}

function disturb(world: World, gateways: readonly Gateway[], disturbance: Disturbance): void {
  const actor = gateways[disturbance.gateway]?.actor;
  if (actor === undefined) return;
  countFault(world, `actor:${disturbance.kind}`);
  switch (disturbance.kind) {
    case 'crash':
      world.scheduler.after(disturbance.atMs, () => actor.die());
      return;
    case 'crash-at-await':
      actor.dieAtAwait(disturbance.number);
      return;
    case 'freeze':
      world.scheduler.after(disturbance.atMs, () => actor.freeze(disturbance.durationMs));
      return;
    case 'clock':
      world.scheduler.after(disturbance.atMs, () => actor.moveClock(disturbance.byMs));
  }
}

function rollOver(world: World, actor: Actor, faultChance: number): void {
  const { clock } = actor;
  const client = createFaultyClient(world, actor, faultChance);
  const maintenance = createDynamoMaintenance({
    dynamo: documentCalls(client),
    tableName: TABLE_NAME,
    clock,
  });
  const telemetry = createTelemetry(world, new Set());
  world.rollovers.push(actor);
  note(world, `${actor.name} runs`);
  const caps = { readAll: async () => world.settings.at(-1)?.caps ?? [] };
  const events = {
    emit: async (name: string, { eventId }: EventDetail) => {
      note(world, `${actor.name} tells ${name} ${eventId}`);
      // One that is hurt may have taken the claim of one that is well.
      world.oracle.told(
        eventId,
        world.rollovers.every(({ isWell }) => isWell),
      );
    },
  };
  const keys = { readIds: async () => ({ keyIds: [KEY_ID], isWhole: true }) };
  const journal = new JournalSums();
  const ports = { maintenance, caps, keys, journal, events, clock, telemetry };
  runRollover(ports, clock.nowMs() + ROLLOVER_TIME_MS, COUNTER_DAYS).then(
    (report) => {
      // Thrown here it would end the process, and the seed would not be told.
      if (report.broken > 0) world.oracle.found(`${actor.name} found broken books`);
    },
    (error) => note(world, `${actor.name} failed: ${String(error)}`),
  );
}

/** A day later, with nothing going wrong any more: the rollover recovers what crashed. */
async function comeToRest(world: RunWorld, plan: Plan, courses: readonly Course[]): Promise<void> {
  world.isCalm = true;
  const actor = new Actor('rollover-at-rest', world.scheduler, world.random);
  world.scheduler.after(REST_AFTER_MS, () => rollOver(world, actor, 0));
  world.events += await world.scheduler.run(() => world.oracle.check(), MAX_EVENTS);
  for (const { gateway, isDone, run } of courses) {
    if (!isDone && !gateway.actor.isDead) throw new Violation(`${run.name} never came to an end`);
  }
  world.oracle.judgeRest(courses.map(endOf));
  if (plan.isPruned) await prune(world);
}

/** Three runs, each long after the one before: the last finds every window closed long ago. */
async function prune(world: RunWorld): Promise<void> {
  for (const days of PRUNED_AFTER_DAYS) {
    const actor = new Actor(`rollover-after-${days}`, world.scheduler, world.random);
    world.scheduler.after(days * DAY_MS, () => rollOver(world, actor, 0));
  }
  world.events += await world.scheduler.run(() => world.oracle.check(), MAX_EVENTS);
  world.oracle.judgePruned();
}

function endOf({ request, gateway, run, isDone, outcome }: Course): RequestEnd {
  return {
    name: run.name,
    isDone,
    isFree: request.answer.fate === 'refuses-unbilled' && outcome === 'complete',
    hasLeftHolds: gateway.leftHolds.has(run.name),
  };
}
