/**
 * Rules of a reservation that grows: within the limit, once, and settled by whichever amount stands.
 */
import { expect, it, vi } from 'vitest';
import type { CounterHold } from '../../lambda/domain/reservation.ts';
import { usd } from '../helpers/builders.ts';
import type { Fault } from '../helpers/faulty-client.ts';
import type { NewBench } from './ledger.ts';
import type { Bench } from './ledger-bench.ts';

const extend = (bench: Bench, hold: CounterHold, to: string, limit = '10') =>
  bench.ledger.extend({ hold, toNanoUsd: usd(to), limitNanoUsd: usd(limit) });

async function extended(bench: Bench, hold: CounterHold, to: string): Promise<CounterHold> {
  const outcome = await extend(bench, hold, to);
  if (outcome.kind !== 'extended') expect.fail(`not extended: ${outcome.kind}`);
  return outcome.hold;
}

/** A hold of $3 whose extension to $5 nobody knows the end of. */
async function unsure(bench: Bench, ...faults: readonly Fault[]): Promise<CounterHold> {
  const hold = await bench.hold('3');
  bench.faults.nextWrites(...faults);
  const outcome = await extend(bench, hold, '5');
  if (outcome.kind !== 'unavailable') expect.fail(`expected unavailable, got ${outcome.kind}`);
  return outcome.hold;
}

export function extendRules(newBench: NewBench): void {
  growthRules(newBench);
  roomRules(newBench);
  badNetworkRules(newBench);
  twoAmountRules(newBench);
}

function growthRules(newBench: NewBench): void {
  it('holds more, as one reservation, and is settled at its cost', async () => {
    const bench = newBench();
    const hold = await extended(bench, await bench.hold('3'), '5');

    expect(hold).toMatchObject({ reservedNanoUsd: usd('5') });
    expect(await bench.books()).toMatchObject({
      committed: '5.00',
      settled: '0.00',
      inFlight: 1,
      reservations: { [hold.reservationId]: '5.00' },
    });
    expect(await bench.ledger.settle(hold, usd('4'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '4.00', inFlight: 0 });
  });

  it('grows more than once, and tells the books that it left', async () => {
    const bench = newBench();
    const first = await extended(bench, await bench.hold('1'), '2');

    expect(await extend(bench, first, '7')).toMatchObject({
      kind: 'extended',
      state: { committedNanoUsd: usd('7') },
    });
    expect(await bench.books()).toMatchObject({ committed: '7.00', inFlight: 1 });
  });

  it('does not become smaller, nor grows from an amount that is not known', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');

    await expect(extend(bench, hold, '3')).rejects.toMatchObject({ code: 'invariant_broken' });
    const both = { ...hold, extendingToNanoUsd: usd('4') };
    await expect(extend(bench, both, '5')).rejects.toMatchObject({ code: 'invariant_broken' });
  });

  it('touches no reservation but its own', async () => {
    const bench = newBench();
    const other = await bench.hold('2');
    const hold = await extended(bench, await bench.hold('3'), '5');

    expect((await bench.books()).reservations).toEqual({
      [other.reservationId]: '2.00',
      [hold.reservationId]: '5.00',
    });
  });
}

function roomRules(newBench: NewBench): void {
  it('fills its cap to the nano-dollar, and not beyond', async () => {
    const bench = newBench();
    await bench.hold('4');
    const hold = await bench.hold('3');

    expect(await extend(bench, hold, '6.000000001')).toMatchObject({
      kind: 'refused',
      reason: 'reserved-in-flight',
      state: { committedNanoUsd: usd('7') },
    });
    expect(await bench.books()).toMatchObject({ committed: '7.00' });
    expect(await extend(bench, hold, '6')).toMatchObject({ kind: 'extended' });
  });

  it('says that what is spent is spent', async () => {
    const bench = newBench();
    await bench.ledger.settle(await bench.hold('6'), usd('6'));
    const hold = await bench.hold('3');

    expect(await extend(bench, hold, '5')).toMatchObject({ kind: 'refused', reason: 'spent' });
  });

  it('goes by the limit that it is given: one that was lowered meanwhile refuses', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');

    expect(await extend(bench, hold, '4', '3.5')).toMatchObject({ kind: 'refused' });
  });

  it('finds the room of another stream that was cut', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.ledger.cut(await bench.hold('7'), usd('1'), bench.clock.nowMs() + 10_000);

    expect(await extend(bench, hold, '8')).toMatchObject({ kind: 'extended' });
    expect(await bench.reserve('1')).toMatchObject({ kind: 'refused', reason: 'spent' });
  });

  it('is no more once the reservation has ended or expired', async () => {
    const bench = newBench();
    const settled = await bench.hold('1');
    await bench.ledger.settle(settled, usd('1'));
    const expired = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, expired.reservationId, usd('3'));

    expect(await extend(bench, settled, '2')).toEqual({ kind: 'ended', hold: settled });
    expect(await extend(bench, expired, '4')).toEqual({ kind: 'ended', hold: expired });
    expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '4.00' });
    expect(await bench.ledger.settle(expired, usd('2'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '3.00' });
  });
}

function badNetworkRules(newBench: NewBench): void {
  it.each<Fault>(['answer-lost', 'request-lost', 'server-error-after', 'throttled', 'delayed'])(
    'extends once after an attempt that is %s',
    async (fault) => {
      const bench = newBench();
      const first = await bench.hold('3');
      bench.faults.nextWrites(fault);
      const hold = await extended(bench, first, '5');
      await bench.faults.deliver();

      expect(hold).toEqual({ ...first, reservedNanoUsd: usd('5') });
      expect(await bench.books()).toMatchObject({ committed: '5.00', inFlight: 1 });
    },
  );

  it('knows the amount at which it expired after an attempt without an answer', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites('answer-lost');
    // It is written, then expired while its holder waits to send it again.
    const { counter, maintenance } = bench;
    vi.spyOn(bench.clock, 'sleep').mockImplementationOnce(async () => {
      expect(await maintenance.expire(counter, hold.reservationId, usd('5'))).toBe(true);
    });
    const outcome = await extend(bench, hold, '5');

    expect(outcome).toMatchObject({ kind: 'ended', hold: { reservedNanoUsd: usd('5') } });
    if (outcome.kind !== 'ended') expect.fail();
    expect(await bench.ledger.settle(outcome.hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });

  it('is certain where the store says no', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites('denied');

    expect(await extend(bench, hold, '5')).toMatchObject({ kind: 'unavailable', hold });
  });

  it('is unsure where it was refused after an attempt that may still find room', async () => {
    const bench = newBench();
    const other = await bench.hold('6');
    const hold = await bench.hold('3');
    bench.faults.nextWrites('delayed');
    const outcome = await extend(bench, hold, '5');

    expect(outcome).toMatchObject({ kind: 'unavailable', hold: { extendingToNanoUsd: usd('5') } });
    await bench.ledger.release(other);
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '5.00' });
    if (outcome.kind !== 'unavailable') expect.fail();
    expect(await bench.ledger.settle(outcome.hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });

  it('finds nothing where an extension arrives after the settle, or after the next one', async () => {
    const bench = newBench();
    const first = await bench.hold('3');
    bench.faults.nextWrites('delayed');
    const second = await extended(bench, first, '5');
    const third = await extended(bench, second, '6');
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '6.00' });

    bench.faults.nextWrites('delayed', 'request-lost', 'request-lost');
    const outcome = await extend(bench, third, '8');
    if (outcome.kind !== 'unavailable') expect.fail();
    await bench.ledger.settle(outcome.hold, usd('1'));
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });
}

function twoAmountRules(newBench: NewBench): void {
  const LOST = ['request-lost', 'request-lost', 'request-lost'] as const;
  const LANDED = ['answer-lost', 'request-lost', 'request-lost'] as const;

  it.each([
    ['is not written', LOST],
    ['is written', LANDED],
  ])('settles at the true cost where an extension without an answer %s', async (_, faults) => {
    const bench = newBench();
    const hold = await unsure(bench, ...faults);

    expect(hold).toMatchObject({ reservedNanoUsd: usd('3'), extendingToNanoUsd: usd('5') });
    expect(await bench.ledger.settle(hold, usd('4'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '4.00', inFlight: 0 });
  });

  it.each([
    ['old', LOST, '3'],
    ['new', LANDED, '5'],
  ])('settles late what expired at the %s amount', async (_, faults, standing) => {
    const bench = newBench();
    const hold = await unsure(bench, ...faults);
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd(standing));
    expect(await bench.books()).toMatchObject({ settled: `${standing}.00` });

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', expired: {} });
  });

  it('releases and cuts by either amount', async () => {
    const bench = newBench();
    const released = await unsure(bench, ...LOST);
    const cut = await unsure(bench, ...LANDED);
    const cutUntilMs = bench.clock.nowMs() + 10_000;

    expect(await bench.ledger.release(released)).toEqual({ kind: 'ended' });
    expect(await bench.ledger.cut(cut, usd('5'), cutUntilMs)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '5.00', settled: '5.00', cutUntilMs });
  });

  it('chases an extension that lands between two settles', async () => {
    const bench = newBench();
    const hold = await unsure(bench, 'delayed', 'request-lost', 'request-lost');
    // The first settle expects the new amount and finds the old one; then the extension lands.
    bench.faults.nextWrites(undefined, () => bench.faults.deliver());

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });

  it('ends once where a settle without an answer lands after the extension did', async () => {
    const bench = newBench();
    const hold = await unsure(bench, 'delayed', 'request-lost', 'request-lost');
    bench.faults.nextWrites('delayed', undefined, () => bench.faults.deliver());

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });

  it('settles in the meantime of an extension that its holder has not heard of', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites('delayed', undefined);
    const under = { ...hold, extendingToNanoUsd: usd('5') };

    const [, settled] = await Promise.all([
      extend(bench, hold, '5'),
      bench.ledger.settle(under, usd('2')),
    ]);
    await bench.faults.deliver();

    expect(settled).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '2.00', settled: '2.00', inFlight: 0 });
  });
}
