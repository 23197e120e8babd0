/**
 * Rules of reservations whose holder is gone, or only seems to be: expire, late settle, clean-up.
 */
import { expect, it, vi } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { OpenCounter } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import type { NewBench } from './ledger.ts';
import { type Bench, LIFE_MS } from './ledger-bench.ts';

const DAY_MS = 86_400_000;

/** The bench's counter as the rollover function sees it. */
async function openCounter(bench: Bench): Promise<OpenCounter | undefined> {
  for await (const open of bench.maintenance.openCounters()) {
    if (open.counter.pk === bench.counter.pk) return open;
  }
  return undefined;
}

export function expiryRules(newBench: NewBench): void {
  expireRules(newBench);
  lateRules(newBench);
  staleRules(newBench);
  cleaningRules(newBench);
}

function expireRules(newBench: NewBench): void {
  it('charges an expired reservation in full, once, and makes no room by it', async () => {
    const bench = newBench();
    const { reservationId: id } = await bench.hold('3');

    expect(await bench.maintenance.expire(bench.counter, id, usd('3'))).toBe(true);
    expect(await bench.maintenance.expire(bench.counter, id, usd('3'))).toBe(false);

    expect(await bench.books()).toEqual({
      committed: '3.00',
      settled: '3.00',
      inFlight: 0,
      reservations: {},
      expired: { [id]: '3.00' },
      cutUntilMs: 0,
    });
  });

  it('expires nothing that has ended, and nothing of another amount', async () => {
    const bench = newBench();
    const ended = await bench.hold('3');
    await bench.ledger.settle(ended, usd('1'));
    const live = await bench.hold('2');

    expect(await bench.maintenance.expire(bench.counter, ended.reservationId, usd('3'))).toBe(
      false,
    );
    expect(await bench.maintenance.expire(bench.counter, live.reservationId, usd('1'))).toBe(false);
    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '1.00', expired: {} });
  });

  it('says that it expired where the answer was lost', async () => {
    const bench = newBench();
    const { reservationId: id } = await bench.hold('3');
    bench.faults.nextWrites('answer-lost');

    expect(await bench.maintenance.expire(bench.counter, id, usd('3'))).toBe(true);
    expect(await bench.books()).toMatchObject({ settled: '3.00' });
  });

  it('does not say so of another amount, at which somebody else expired it', async () => {
    const bench = newBench();
    const { counter, ledger, maintenance } = bench;
    const hold = await bench.hold('3');
    bench.faults.nextWrites('request-lost');
    vi.spyOn(bench.clock, 'sleep').mockImplementationOnce(async () => {
      await ledger.extend({ hold, toNanoUsd: usd('5'), limitNanoUsd: usd('10') });
      await maintenance.expire(counter, hold.reservationId, usd('5'));
    });

    expect(await maintenance.expire(counter, hold.reservationId, usd('3'))).toBe(false);
    expect(await bench.books()).toMatchObject({ expired: { [hold.reservationId]: '5.00' } });
  });

  it('fails where nobody knows whether it expired', async () => {
    const bench = newBench();
    const { reservationId: id } = await bench.hold('3');
    bench.faults.nextWrites('request-lost', 'request-lost', 'request-lost');

    await expect(bench.maintenance.expire(bench.counter, id, usd('3'))).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
  });
}

function lateRules(newBench: NewBench): void {
  it('gives an expired reservation its true cost when its holder settles after all', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));

    expect(await bench.ledger.settle(hold, usd('1.5'))).toEqual({ kind: 'ended' });
    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'already-ended' });

    expect(await bench.books()).toMatchObject({
      committed: '1.50',
      settled: '1.50',
      inFlight: 0,
      reservations: { [hold.reservationId]: '0.00' },
      expired: {},
    });
  });

  it('records an overrun of an expired reservation', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));

    await bench.ledger.settle(hold, usd('4'));

    expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '4.00' });
  });

  it('leaves zero of an expired reservation that is released', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '0.00', settled: '0.00' });
  });

  it('cuts by an expired reservation too', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));

    await bench.ledger.cut(hold, usd('2'), bench.clock.nowMs() + 10_000);

    expect(await bench.books()).toMatchObject({ committed: '2.00', settled: '2.00' });
    expect(await bench.reserve('1')).toMatchObject({ kind: 'refused', reason: 'spent' });
  });
}

function staleRules(newBench: NewBench): void {
  it('expires a stale reservation that a refused reserve sees, and tells the true reason', async () => {
    const bench = newBench();
    const { reservationId: id } = await bench.hold('9');
    bench.clock.advance(LIFE_MS);

    const outcome = await bench.reserve('2');

    expect(outcome).toEqual({
      kind: 'refused',
      reason: 'spent',
      state: { settledNanoUsd: usd('9'), committedNanoUsd: usd('9'), inFlight: 0 },
    });
    expect(await bench.books()).toMatchObject({ expired: { [id]: '9.00' } });
  });

  it('leaves a reservation alone that is not stale', async () => {
    const bench = newBench();
    await bench.hold('9');
    bench.clock.advance(LIFE_MS - 1);

    expect(await bench.reserve('2')).toMatchObject({ reason: 'reserved-in-flight' });
    expect(await bench.books()).toMatchObject({ expired: {}, inFlight: 1 });
  });

  it('makes room in flight by expiring what is stale', async () => {
    const bench = newBench(1);
    await bench.hold('1');
    bench.clock.advance(LIFE_MS);

    expect(await bench.reserve('1')).toMatchObject({ kind: 'reserved' });
    expect(await bench.books()).toMatchObject({ committed: '2.00', settled: '1.00', inFlight: 1 });
  });

  it('expires only some of many before it answers, as a caller is waiting', async () => {
    const bench = newBench();
    await Promise.all(Array.from({ length: 80 }, () => bench.hold('0.1')));
    bench.clock.advance(LIFE_MS);
    const before = bench.faults.writes;

    const outcome = await bench.reserve('3');

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'reserved-in-flight' });
    expect(bench.faults.writes - before).toBeLessThanOrEqual(5 * (1 + 10));
  });

  it('writes nothing more where the cap is spent anyway', async () => {
    const bench = newBench();
    await bench.ledger.settle(await bench.hold('9'), usd('9'));
    await bench.hold('1');
    bench.clock.advance(LIFE_MS);
    const before = bench.faults.writes;

    expect(await bench.reserve('2')).toMatchObject({ reason: 'spent' });
    expect(bench.faults.writes - before).toBe(1);
  });
}

function cleaningRules(newBench: NewBench): void {
  it('lists an open counter with its books, its reservations and its tombstones', async () => {
    const bench = newBench();
    const live = await bench.hold('3');
    bench.faults.nextWrites('answer-lost');
    const ambiguous = await bench.hold('2');
    await bench.ledger.settle(ambiguous, usd('1'));

    expect(await openCounter(bench)).toEqual({
      counter: bench.counter,
      state: { settledNanoUsd: usd('1'), committedNanoUsd: usd('4'), inFlight: 1 },
      reservations: [{ id: live.reservationId, amountNanoUsd: usd('3') }],
      tombstones: [ambiguous.reservationId],
      unjournalled: [],
      settledLate: [],
      isClean: false,
      tally: { requests: 2, ends: 1, expired: 0, overruns: 0 },
      limitNanoUsd: usd('10'),
      marks: new Map(),
    });
  });

  it('removes a tombstone, and never a reservation', async () => {
    const bench = newBench();
    const live = await bench.hold('3');
    bench.faults.nextWrites('answer-lost');
    const ended = await bench.hold('2');
    await bench.ledger.release(ended);

    await bench.maintenance.removeTombstone(bench.counter, ended.reservationId);
    await bench.maintenance.removeTombstone(bench.counter, live.reservationId);

    expect((await bench.books()).reservations).toEqual({ [live.reservationId]: '3.00' });
  });

  it('keeps the note of an expired charge for a day, then lists it as a tombstone', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));
    bench.clock.advance(LIFE_MS + DAY_MS - 1);
    expect((await openCounter(bench))?.tombstones).toEqual([]);

    bench.clock.advance(1);
    expect((await openCounter(bench))?.tombstones).toEqual([hold.reservationId]);
    await bench.maintenance.removeTombstone(bench.counter, hold.reservationId);
    // The journal has still to be told.
    expect(await bench.books()).toMatchObject({ expired: { [hold.reservationId]: '3.00' } });
    await bench.maintenance.journalExpired(bench.counter, hold.reservationId, usd('3'));
    await bench.maintenance.removeTombstone(bench.counter, hold.reservationId);

    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '3.00', expired: {} });
    expect(await bench.ledger.settle(hold, nanoUsd(0n))).toEqual({ kind: 'already-ended' });
    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '3.00' });
  });

  it('makes no counter by removing a tombstone where there is none', async () => {
    const bench = newBench();

    await bench.maintenance.removeTombstone(bench.counter, bench.newId());

    expect(await bench.ledger.read(bench.counter)).toBeUndefined();
  });
}
