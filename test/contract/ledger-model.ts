/**
 * What the holders of reservations were told, and so what a counter may say.
 *
 * Owns: for each reservation the least and the most that it may count for. It knows nothing of
 *       how the ledger writes, so a fault that both shared could not hide here.
 */
import { expect } from 'vitest';
import { type NanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import { type CounterHold, mostHeld } from '../../lambda/domain/reservation.ts';
import type { EndOutcome, ExtendOutcome } from '../../lambda/ports/ledger.ts';
import type { Bench } from './ledger-bench.ts';

/** One reservation as its holder knows it. */
export interface Told {
  hold: CounterHold;
  phase: 'standing' | 'unsure' | 'ended';
  /** What it counts for in committedUsd: the same number twice where that is known. */
  leastNanoUsd: bigint;
  mostNanoUsd: bigint;
}

export interface Model {
  readonly limitNanoUsd: NanoUsd;
  readonly told: Told[];
  /** The latest time up to which the counter may be cut. */
  cutUntilMs: number;
}

export const newModel = (limitNanoUsd: NanoUsd): Model => ({
  limitNanoUsd,
  told: [],
  cutUntilMs: 0,
});

export const leastOf = (model: Model): bigint =>
  model.told.reduce((sum, { leastNanoUsd }) => sum + leastNanoUsd, 0n);
export const mostOf = (model: Model): bigint =>
  model.told.reduce((sum, { mostNanoUsd }) => sum + mostNanoUsd, 0n);

/** A reservation that stands in full. */
export function tellReserved(model: Model, hold: CounterHold): Told {
  const amount = hold.reservedNanoUsd;
  const told: Told = { hold, phase: 'standing', leastNanoUsd: amount, mostNanoUsd: amount };
  model.told.push(told);
  return told;
}

/** An extension: it stands at the new amount, at either, or as it did. */
export function tellExtended(told: Told, outcome: ExtendOutcome): void {
  if (outcome.kind !== 'extended' && outcome.kind !== 'unavailable') return;
  told.hold = outcome.hold;
  told.mostNanoUsd = mostHeld(outcome.hold);
  if (outcome.kind === 'extended') told.leastNanoUsd = told.mostNanoUsd;
}

/** An end at `costNanoUsd`, which is not more than what was reserved. */
export function tellEnd(told: Told, costNanoUsd: bigint, outcome: EndOutcome): void {
  told.leastNanoUsd = costNanoUsd;
  // Given up: it may have been ended, or it stands until it expires in full.
  told.mostNanoUsd = outcome.kind === 'unavailable' ? mostHeld(told.hold) : costNanoUsd;
  told.phase = outcome.kind === 'unavailable' ? 'unsure' : 'ended';
}

/** Fails the test where the counter says what no holder's knowledge allows, or is past its limit. */
export async function expectBooks(bench: Bench, model: Model): Promise<void> {
  const committed = parseUsd((await bench.books()).committed) ?? -1n;
  expect(committed <= model.limitNanoUsd, 'committed is within the limit').toBe(true);
  expect(committed >= leastOf(model), 'nothing that was spent is missing').toBe(true);
  expect(committed <= mostOf(model), 'nothing is counted twice').toBe(true);
}

/** Lets everything late arrive, expires what is left, and checks the books for the last time. */
export async function expectFinalBooks(bench: Bench, model: Model): Promise<void> {
  bench.faults.calm();
  await bench.faults.deliver();
  const { reservations } = await bench.books();
  for (const [id, amount] of Object.entries(reservations)) {
    const amountNanoUsd = parseUsd(amount);
    if (amountNanoUsd) await bench.maintenance.expire(bench.counter, id, amountNanoUsd);
  }
  const books = await bench.books();
  expect(books.settled).toBe(books.committed);
  expect(books.inFlight).toBe(0);
  await expectBooks(bench, model);
}
