/**
 * The money path under any schedule of faults: the ledger's, the settings', Bedrock's, the
 * client's. Whatever fails, each reservation ends once, at a cost that nobody can call too low.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardedAnswer } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import type { NanoUsd } from '../../lambda/domain/money.ts';
import type { Telemetry } from '../../lambda/ports/telemetry.ts';
import { type Behaviour, behaviour, type Charged } from '../helpers/bedrock-behaviour.ts';
import { cap, usd } from '../helpers/builders.ts';
import type { EndCall, LedgerFault } from '../helpers/fake-ledger.ts';
import {
  callerKey,
  createFakePorts,
  createFakeSink,
  type FakeSink,
  guardedRequest,
  guardOptions,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const MAX_AGE_MS = 5_000;
const STEP_MS = 1_000;
/** The deadline of a request is after 60 s; what follows it takes a few more. */
const MAX_STEPS = 90;
/** 100 x $1 and 10 x $5 a million. */
const METERED_COST = usd('0.00015');

const limit = fc.constantFrom('0', '0.0006', '0.0012', '10', '10', '10');
const someCap = (capId: string) =>
  fc
    .record({ limitUsd: limit, action: fc.constantFrom<Cap['action']>('block', 'block', 'warn') })
    .map(({ limitUsd, action }) => cap({ capId, limitNanoUsd: usd(limitUsd), action }));

/** 1 to 4 caps, of which the first enforces. */
const caps = fc
  .tuple(limit, fc.nat(3), someCap('b'), someCap('c'), someCap('d'))
  .map(([first, more, ...others]) => [
    cap({ capId: 'a', limitNanoUsd: usd(first) }),
    ...others.slice(0, more),
  ]);

const fault = fc.record({
  fault: fc.constantFrom<LedgerFault | undefined>(
    ...Array<undefined>(12).fill(undefined),
    'lost',
    'unanswered',
    'throws',
  ),
  waitMs: fc.constantFrom(0, 0, 0, 100, 900),
});

const schedule = fc.record({
  caps,
  /** What the settings hold when they are read again; undefined: the same. */
  change: fc.constantFrom('none', 'none', 'lower', 'disable', 'add', 'unreadable', 'slow'),
  peek: fc.constantFrom('fresh', 'old', 'future', 'absent'),
  /** What happens to the settings once the request is sent. */
  later: fc.constantFrom('none', 'lower', 'disable', 'unreadable', 'hang'),
  ledger: fc.array(fault, { maxLength: 16 }),
  telemetryThrows: fc.boolean(),
  client: fc.constantFrom('reads', 'reads', 'never reads'),
});

type Schedule = typeof schedule extends fc.Arbitrary<infer Value> ? Value : never;

const lowered = (some: readonly Cap[]): Cap[] =>
  some.map((one) => ({ ...one, limitNanoUsd: usd('0') }));

/** Ports that play a schedule. */
function world(plan: Schedule) {
  const clock = createVirtualClock({ sleepsAtOnce: false });
  const ports = createFakePorts(clock);
  const faults = [...plan.ledger];
  ports.ledger.fault = async () => {
    const next = faults.shift();
    if (next === undefined) return undefined;
    if (next.waitMs > 0) await clock.sleep(next.waitMs);
    return next.fault;
  };
  setUpSettings(plan, ports);
  const broken = () => {
    throw new Error('no more metrics');
  };
  const telemetry: Telemetry = plan.telemetryThrows
    ? { info: broken, warn: broken, error: broken, count: broken, describe: broken, flush: broken }
    : ports.telemetry;
  const guard = createSpendGuard(
    { ...ports, telemetry },
    guardOptions({ settingsMaxAgeMs: MAX_AGE_MS }),
  );
  return { clock, ports, guard };
}

function setUpSettings(plan: Schedule, { settings, clock }: ReturnType<typeof createFakePorts>) {
  const before = settingsTable({ caps: plan.caps });
  const ageMs = { fresh: 0, old: MAX_AGE_MS + 1, future: -1, absent: 0 }[plan.peek];
  settings.last =
    plan.peek === 'absent' ? undefined : { ...before, readAtMs: clock.nowMs() - ageMs };
  settings.table = {
    ...before,
    ...(plan.change === 'lower' ? { caps: lowered(plan.caps) } : {}),
    ...(plan.change === 'add' ? { caps: [...plan.caps, cap({ capId: 'new' })] } : {}),
    ...(plan.change === 'disable' ? { key: callerKey({ enabled: false }) } : {}),
  };
  settings.fault = async () => {
    if (plan.change === 'slow') await clock.sleep(700);
    if (plan.change === 'unreadable') throw new HardcapError('settings_unavailable', 'no answer');
  };
}

/** Settings change while the request runs. */
function changeLater(plan: Schedule, { settings, ledger }: ReturnType<typeof createFakePorts>) {
  if (plan.later === 'disable')
    settings.table = settingsTable({ key: callerKey({ enabled: false }) });
  if (plan.later === 'lower') {
    for (const books of ledger.counters.values()) books.settledNanoUsd = usd('1');
    settings.table = settingsTable({ caps: lowered(plan.caps) });
  }
  settings.fault = () => {
    if (plan.later === 'hang') return new Promise(() => undefined);
    if (plan.later === 'unreadable') throw new Error('no answer');
    return undefined;
  };
}

interface Told {
  answer?: GuardedAnswer;
  error?: unknown;
  isDone: boolean;
}

function follow(answering: Promise<GuardedAnswer>): Told {
  const told: Told = { isDone: false };
  answering.then(
    async (answer) => {
      told.answer = answer;
      if (answer.kind === 'complete') await answer.settled;
      await answer.done;
      told.isDone = true;
    },
    (error: unknown) => {
      told.error = error;
      told.isDone = true;
    },
  );
  return told;
}

/** Lets time pass until all are done; the test fails where they never are. */
async function playOut(clock: ReturnType<typeof createVirtualClock>, all: readonly Told[]) {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    await settleDown();
    if (all.every(({ isDone }) => isDone)) break;
    clock.advance(STEP_MS);
  }
  expect(all.filter(({ isDone }) => !isDone)).toEqual([]);
  // What nobody waits for, such as the journal of a request that failed.
  clock.advance(STEP_MS);
  await settleDown();
  clock.advance(STEP_MS);
  await settleDown();
}

/** Each hold that anybody was told of is ended by exactly one call, or named in the log. */
function checkEnds(plan: Schedule, { ledger, telemetry }: ReturnType<typeof createFakePorts>) {
  const nameOf = ({ hold }: Pick<EndCall, 'hold'>) => `${hold.counter.pk} ${hold.reservationId}`;
  const told = ledger.told.map((hold) => nameOf({ hold }));
  expect(ledger.ends.map(nameOf).sort()).toEqual(told.sort());
  if (plan.telemetryThrows) return;
  const named = telemetry.lines
    .filter(({ level }) => level === 'error')
    .map(({ fields }) => `${fields.counter} ${fields.reservationId}`);
  for (const standing of ledger.standing()) {
    const [counter = '', id] = standing.split(' ');
    expect(named).toContain(`${counter.split('/')[0]} ${id}`);
  }
}

const costOf = (charged: Charged, bound: NanoUsd): NanoUsd =>
  ({ nothing: usd('0'), metered: METERED_COST, full: bound })[charged];

/** A client that never reads may keep the usage from being seen; then it is charged in full. */
function allowedCosts(plan: Schedule, did: Behaviour, bound: NanoUsd): readonly NanoUsd[] {
  const costs = [costOf(did.charged, bound)];
  if (plan.client === 'never reads' && did.isStream) costs.push(bound);
  return costs;
}

describe('one request, whatever fails', () => {
  it('ends each reservation once, is sent once at most, and is never charged too little', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, behaviour, async (plan, did) => {
        const { clock, ports, guard } = world(plan);
        const { ledger, settings, upstream, sink } = ports;
        if (plan.client === 'never reads') sink.room = () => new Promise(() => undefined);
        const isFresh = plan.peek === 'fresh';
        const inForce = isFresh ? (settings.last ?? settings.table) : settings.table;
        let endsBeforeSend = 0;
        upstream.respond = async (_, signal) => {
          expectReservedByAll(inForce.caps, ledger);
          endsBeforeSend = ledger.ends.length;
          changeLater(plan, ports);
          return did.respond(signal);
        };

        const operation = did.isStream ? 'converse-stream' : 'converse';
        const told = follow(guard.handle(guardedRequest(clock, sink, { operation })));
        await playOut(clock, [told]);

        expect(upstream.sent.length).toBeLessThanOrEqual(1);
        checkEnds(plan, ports);
        if (told.error !== undefined) expect(told.error).toBeInstanceOf(HardcapError);
        const [entry] = ledger.journal;
        for (const { call, hold, costNanoUsd } of ledger.ends.slice(0, endsBeforeSend)) {
          expect([call, costNanoUsd]).toEqual(['release', 0n]);
          expect(hold.reservedNanoUsd).toBeGreaterThan(0n);
        }
        if (upstream.sent.length === 0) {
          expect(ledger.ends.every(({ call }) => call === 'release')).toBe(true);
          return;
        }
        for (const { hold, costNanoUsd } of ledger.ends.slice(endsBeforeSend)) {
          expect(allowedCosts(plan, did, hold.reservedNanoUsd)).toContain(costNanoUsd);
        }
        if (entry !== undefined) expect(ledger.journal).toHaveLength(1);
        checkSink(told, sink, ports.events);
      }),
      { numRuns: 1_500 },
    );
  });
});

/** Nothing is sent before a reservation stands on every enforced cap that is in force. */
function expectReservedByAll(
  inForce: readonly Cap[],
  ledger: ReturnType<typeof createFakePorts>['ledger'],
) {
  const standing = new Set(ledger.standing().map((name) => name.split('/')[0]));
  for (const { capId, action } of inForce) {
    if (action !== 'warn') expect(standing).toContain(`COUNTER#${capId}`);
  }
}

/** A stream's body ends once, with at most one error before it, and a cap's cut after its hold. */
function checkSink({ answer }: Told, sink: FakeSink, events: readonly string[]) {
  const isStream = answer?.kind === 'stream';
  expect(events.filter((event) => event === 'end of body')).toHaveLength(isStream ? 1 : 0);
  expect(sink.errors.length).toBeLessThanOrEqual(1);
  const cutAt = events.findIndex((event) => event.startsWith('cut '));
  const errorAt = events.indexOf('error frame');
  if (cutAt >= 0) expect(errorAt).toBeGreaterThan(cutAt);
}

describe('several requests at once', () => {
  it('never commit more than a limit, and end all that they reserve', async () => {
    const requests = fc.array(behaviour, { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(schedule, requests, async (plan, behaviours) => {
        const { clock, ports, guard } = world({ ...plan, later: 'none' });
        const { ledger, upstream } = ports;
        upstream.respond = async ({ headers }, signal) => {
          const did = behaviours[Number(headers.turn)];
          if (did === undefined) throw new Error('a request that nobody made');
          return did.respond(signal);
        };

        const all = behaviours.map((did, turn) => {
          const operation = did.isStream ? 'converse-stream' : 'converse';
          const upstreamHeaders = { turn: String(turn) };
          const sink = createFakeSink();
          return follow(guard.handle(guardedRequest(clock, sink, { operation, upstreamHeaders })));
        });
        await playOut(clock, all);

        const turns = upstream.sent.map(({ headers }) => headers.turn);
        expect(new Set(turns).size).toBe(turns.length);
        checkEnds(plan, ports);
        for (const { capId, action, limitNanoUsd } of plan.caps) {
          if (action === 'warn') continue;
          const { settledNanoUsd, reservations } = ledger.books(`COUNTER#${capId}`);
          const reserved = [...reservations.values()].reduce((sum, one) => sum + one, 0n);
          expect(settledNanoUsd + reserved).toBeLessThanOrEqual(limitNanoUsd);
        }
      }),
      { numRuns: 500 },
    );
  });
});
