/**
 * The books under any order of reserves, ends, expiries and clean-ups on a network that loses
 * answers and delays requests: what is counted is what the holders were told.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { ReserveOutcome } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import type { Fault } from '../helpers/faulty-client.ts';
import type { NewBench } from './ledger.ts';
import { type Bench, LIFE_MS } from './ledger-bench.ts';
import {
  expectBooks,
  expectFinalBooks,
  leastOf,
  type Model,
  mostOf,
  newModel,
  type Told,
  tellEnd,
  tellExtended,
  tellReserved,
} from './ledger-model.ts';

const LIMIT = '1';
const CUT_MS = 10_000;
const PERMILLE = 1_000n;

type Weather = readonly (Exclude<Fault, () => Promise<unknown>> | 'fine' | 'deliver-first')[];

const weather: fc.Arbitrary<Weather> = fc.array(
  fc.constantFrom(
    'fine',
    'fine',
    'answer-lost',
    'request-lost',
    'delayed',
    'delayed',
    'deliver-first',
    'throttled',
  ),
  { maxLength: 5 },
);

/** Whether every request of a call is answered; then the call may not give up. */
const isCalm = (faults: Weather): boolean =>
  faults.every((fault) => fault === 'fine' || fault === 'deliver-first');

function brew(bench: Bench, faults: Weather): void {
  bench.faults.nextWrites(
    ...faults.map((fault): Fault | undefined => {
      if (fault === 'deliver-first') return () => bench.faults.deliver();
      return fault === 'fine' ? undefined : fault;
    }),
  );
}

/** Notes a reserve, and releases it where nobody knows whether it stands; what stands then. */
async function noteReserve(
  bench: Bench,
  model: Model,
  outcome: ReserveOutcome,
): Promise<Told | undefined> {
  if (outcome.kind === 'refused') return undefined;
  const told = tellReserved(model, outcome.hold);
  if (outcome.kind === 'reserved') return told;
  tellEnd(told, 0n, await bench.ledger.release(outcome.hold));
  return undefined;
}

type Step = fc.AsyncCommand<Model, Bench>;

/** A step, followed by an audit of the books. */
const step = (name: string, run: (model: Model, bench: Bench) => Promise<void>): Step => ({
  check: () => true,
  run: async (model, bench) => {
    await run(model, bench);
    bench.faults.calm();
    await expectBooks(bench, model);
  },
  toString: () => name,
});

const pick = (model: Model, index: number): Told | undefined =>
  model.told[index % Math.max(1, model.told.length)];

const reserveStep = (cents: number, faults: Weather): Step =>
  step(`reserve(${cents} cents, ${faults})`, async (model, bench) => {
    const amount = nanoUsd(BigInt(cents) * 10_000_000n + 1n);
    const [least, most] = [leastOf(model), mostOf(model)];
    brew(bench, faults);
    const outcome = await bench.ledger.reserve({
      counter: bench.counter,
      reservationId: bench.newId(),
      amountNanoUsd: amount,
      limitNanoUsd: model.limitNanoUsd,
      shownLimitNanoUsd: model.limitNanoUsd,
    });
    if (isCalm(faults)) expect(outcome.kind).not.toBe('unavailable');
    if (outcome.kind === 'reserved') expect(least + amount <= model.limitNanoUsd).toBe(true);
    if (outcome.kind === 'refused') {
      const isCut = model.cutUntilMs >= bench.clock.nowMs();
      expect(isCut || most + amount > model.limitNanoUsd, 'refused for a reason').toBe(true);
    }
    await noteReserve(bench, model, outcome);
  });

const settleStep = (index: number, permille: number, isCut: boolean, faults: Weather): Step =>
  step(
    `${isCut ? 'cut' : 'settle'}(#${index}, ${permille} permille, ${faults})`,
    async (m, bench) => {
      const told = pick(m, index);
      if (told === undefined || told.phase === 'unsure') return;
      const cost = nanoUsd((told.hold.reservedNanoUsd * BigInt(permille)) / PERMILLE);
      const cutUntilMs = bench.clock.nowMs() + CUT_MS;
      brew(bench, faults);
      const outcome = isCut
        ? await bench.ledger.cut(told.hold, cost, cutUntilMs)
        : await bench.ledger.settle(told.hold, cost);
      if (isCut) m.cutUntilMs = cutUntilMs;
      if (isCalm(faults)) expect(outcome.kind).not.toBe('unavailable');
      if (told.phase === 'ended') return;
      expect(outcome.kind).not.toBe('already-ended');
      tellEnd(told, cost, outcome);
    },
  );

const extendStep = (index: number, cents: number, faults: Weather): Step =>
  step(`extend(#${index}, by ${cents} cents, ${faults})`, async (model, bench) => {
    const told = pick(model, index);
    if (told?.phase !== 'standing' || told.hold.extendingToNanoUsd !== undefined) return;
    const [least, most] = [leastOf(model), mostOf(model)];
    const delta = BigInt(cents) * 10_000_000n + 1n;
    const toNanoUsd = nanoUsd(told.hold.reservedNanoUsd + delta);
    brew(bench, faults);
    const { limitNanoUsd } = model;
    const outcome = await bench.ledger.extend({ hold: told.hold, toNanoUsd, limitNanoUsd });
    if (isCalm(faults)) expect(outcome.kind).not.toBe('unavailable');
    if (outcome.kind === 'extended') expect(least + delta <= limitNanoUsd).toBe(true);
    if (outcome.kind === 'refused') expect(most + delta > limitNanoUsd, 'for a reason').toBe(true);
    tellExtended(told, outcome);
  });

const releaseStep = (index: number, faults: Weather): Step =>
  step(`release(#${index}, ${faults})`, async (model, bench) => {
    const told = pick(model, index);
    if (told?.phase !== 'standing') return;
    brew(bench, faults);
    const outcome = await bench.ledger.release(told.hold);
    if (isCalm(faults)) expect(outcome).toEqual({ kind: 'ended' });
    tellEnd(told, 0n, outcome);
  });

const expireStep = (index: number, faults: Weather): Step =>
  step(`expire(#${index}, ${faults})`, async (model, bench) => {
    const told = pick(model, index);
    if (told === undefined) return;
    const { reservationId: id, reservedNanoUsd, extendingToNanoUsd } = told.hold;
    brew(bench, faults);
    // A rollover reads what stands; here either may be tried.
    for (const amount of [reservedNanoUsd, extendingToNanoUsd]) {
      if (amount === undefined) continue;
      await bench.maintenance.expire(bench.counter, id, amount).catch(() => undefined);
    }
  });

const cleanStep = (index: number): Step =>
  step(`removeTombstone(#${index})`, async (model, bench) => {
    const told = pick(model, index);
    // The rollover function waits until nothing can be under way.
    if (told?.phase !== 'ended' || bench.faults.delayed > 0) return;
    await bench.maintenance.removeTombstone(bench.counter, told.hold.reservationId);
  });

const anyIndex = fc.nat({ max: 20 });
const steps = [
  fc.tuple(fc.integer({ min: 0, max: 40 }), weather).map((args) => reserveStep(...args)),
  fc.tuple(fc.integer({ min: 0, max: 40 }), weather).map((args) => reserveStep(...args)),
  fc
    .tuple(anyIndex, fc.integer({ min: 0, max: 1_000 }), fc.boolean(), weather)
    .map((args) => settleStep(...args)),
  fc.tuple(anyIndex, fc.integer({ min: 0, max: 40 }), weather).map((args) => extendStep(...args)),
  fc.tuple(anyIndex, weather).map((args) => releaseStep(...args)),
  fc.tuple(anyIndex, weather).map((args) => expireStep(...args)),
  anyIndex.map((index) => cleanStep(index)),
  fc.constant(step('deliver', (_, bench) => bench.faults.deliver())),
  fc
    .integer({ min: 1, max: LIFE_MS })
    .map((ms) => step(`advance(${ms} ms)`, async (_, bench) => bench.clock.advance(ms))),
];

interface Plan {
  readonly cents: number;
  readonly permille: number;
  readonly end: 'settle' | 'release' | 'crash';
  readonly isExpiredEarly: boolean;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  cents: fc.integer({ min: 10, max: 30 }),
  permille: fc.integer({ min: 0, max: 1_000 }),
  end: fc.constantFrom('settle', 'release', 'crash'),
  isExpiredEarly: fc.boolean(),
});

/** One holder's life, from reserve to end, among others. */
async function live(bench: Bench, model: Model, holder: Plan): Promise<void> {
  const outcome = await bench.reserve(`0.${holder.cents}`, { limit: LIMIT });
  const told = await noteReserve(bench, model, outcome);
  if (told === undefined) return;
  const { counter, reservationId: id, reservedNanoUsd } = told.hold;
  const expiry = holder.isExpiredEarly
    ? bench.maintenance.expire(counter, id, reservedNanoUsd).catch(() => false)
    : Promise.resolve(false);
  const cost = nanoUsd((reservedNanoUsd * BigInt(holder.permille)) / PERMILLE);
  if (holder.end === 'settle') tellEnd(told, cost, await bench.ledger.settle(told.hold, cost));
  if (holder.end === 'release') tellEnd(told, 0n, await bench.ledger.release(told.hold));
  await expiry;
}

export function interleavingRules(newBench: NewBench): void {
  it('counts what the holders were told, one step after another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), async (commands) => {
        const bench = newBench();
        const model = newModel(usd(LIMIT));
        await fc.asyncModelRun(() => ({ model, real: bench }), commands);
        await expectFinalBooks(bench, model);
      }),
      { numRuns: 100 },
    );
  });

  it('counts what the holders were told, all at once', async () => {
    const holders = fc.array(plan, { minLength: 10, maxLength: 30 });
    const faults = fc.array(weather, { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(holders, faults, async (plans, weathers) => {
        const bench = newBench();
        const model = newModel(usd(LIMIT));
        brew(bench, weathers.flat());
        await Promise.all(plans.map((holder) => live(bench, model, holder)));
        await expectFinalBooks(bench, model);
      }),
      { numRuns: 20 },
    );
  });
}
