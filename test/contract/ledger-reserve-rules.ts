/**
 * Rules of reserve: what is let in, what is refused, and for which reason.
 */
import { expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { usd } from '../helpers/builders.ts';
import type { NewBench } from './ledger.ts';

export function reserveRules(newBench: NewBench): void {
  roomRules(newBench);
  reasonRules(newBench);
  refusedAmounts(newBench);
}

function roomRules(newBench: NewBench): void {
  it('answers with the books right after it', async () => {
    const bench = newBench();
    await bench.ledger.settle(await bench.hold('2'), usd('0.5'));
    await bench.hold('1');

    const third = await bench.reserve('3.25');

    expect(third).toMatchObject({
      kind: 'reserved',
      hold: { counter: bench.counter, reservedNanoUsd: usd('3.25'), ambiguous: false },
      state: { settledNanoUsd: usd('0.5'), committedNanoUsd: usd('4.75'), inFlight: 2 },
    });
    expect(await bench.ledger.read(bench.counter)).toEqual({
      settledNanoUsd: usd('0.5'),
      committedNanoUsd: usd('4.75'),
      inFlight: 2,
    });
  });

  it('reads nothing of a counter that was never reserved on', async () => {
    const bench = newBench();

    expect(await bench.ledger.read(bench.counter)).toBeUndefined();
  });

  it('lets the last nano-dollar in and refuses the next', async () => {
    const bench = newBench();
    await bench.hold('9.999999999');

    expect((await bench.reserve('0.000000001')).kind).toBe('reserved');
    expect((await bench.reserve('0.000000001')).kind).toBe('refused');
    expect((await bench.books()).committed).toBe('10.00');
  });

  it('refuses an amount larger than the limit on a counter that does not exist', async () => {
    const bench = newBench();

    const outcome = await bench.reserve('10.000000001');

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'larger-than-limit' });
    expect(bench.faults.writes).toBe(0);
  });

  it('refuses the smallest amount under a limit of zero', async () => {
    const bench = newBench();

    const outcome = await bench.reserve('0.000000001', { limit: '0' });

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'larger-than-limit' });
    expect(await bench.ledger.read(bench.counter)).toBeUndefined();
  });
}

function reasonRules(newBench: NewBench): void {
  it('says reserved-in-flight while others hold what is missing, with the books', async () => {
    const bench = newBench();
    await bench.ledger.settle(await bench.hold('4'), usd('4'));
    await bench.hold('5');

    expect(await bench.reserve('2')).toEqual({
      kind: 'refused',
      reason: 'reserved-in-flight',
      state: { settledNanoUsd: usd('4'), committedNanoUsd: usd('9'), inFlight: 1 },
    });
  });

  it('says spent where what is settled leaves no room, whatever is in flight', async () => {
    const bench = newBench();
    await bench.ledger.settle(await bench.hold('9'), usd('9'));
    await bench.hold('1');

    expect(await bench.reserve('2')).toMatchObject({ kind: 'refused', reason: 'spent' });
  });

  it('counts by the limit of each request: a lowered one stops at once', async () => {
    const bench = newBench();
    await bench.hold('4');

    expect(await bench.reserve('1', { limit: '4.5' })).toMatchObject({ kind: 'refused' });
    expect(await bench.reserve('1', { limit: '5' })).toMatchObject({ kind: 'reserved' });
  });

  it('always writes without a limit, however much is committed', async () => {
    const bench = newBench(1);
    await bench.hold('1000', { limit: 'none' });

    const second = await bench.reserve('1000', { limit: 'none' });

    expect(second).toMatchObject({ kind: 'reserved', state: { committedNanoUsd: usd('2000') } });
  });

  it('refuses past the bound of reservations in flight, and lets in when one ends', async () => {
    const bench = newBench(2);
    const first = await bench.hold('0.01');
    await bench.hold('0.01');

    expect(await bench.reserve('0.01')).toMatchObject({
      kind: 'refused',
      reason: 'in-flight-limit',
      state: { inFlight: 2 },
    });
    await bench.ledger.release(first);
    expect(await bench.reserve('0.01')).toMatchObject({ kind: 'reserved' });
  });
}

function refusedAmounts(newBench: NewBench): void {
  it('fails loudly where one id is reserved twice, and leaves the first alone', async () => {
    const bench = newBench();
    const id = bench.newId();
    await bench.hold('1', { id });

    await expect(bench.reserve('1', { id })).rejects.toMatchObject({ code: 'invariant_broken' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', inFlight: 1 });
  });

  it.each(['0', '-1'])('takes no amount of %s, which would open the cap', async (amount) => {
    const bench = newBench();

    await expect(bench.reserve(amount)).rejects.toMatchObject({ code: 'invariant_broken' });
    expect(await bench.ledger.read(bench.counter)).toBeUndefined();
  });

  it('holds a free request of one nano-dollar as a reservation, not as a tombstone', async () => {
    const bench = newBench();
    const hold = await bench.hold('0.000000001');

    await bench.maintenance.removeTombstone(bench.counter, hold.reservationId);

    expect(await bench.books()).toMatchObject({ committed: '0.000000001', inFlight: 1 });
    expect(await bench.ledger.settle(hold, nanoUsd(0n))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '0.00', reservations: {} });
  });
}
