/**
 * Rules of lost answers, late requests and errors: each operation takes effect once or is fenced.
 */
import { expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { ReserveOutcome } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import type { Fault } from '../helpers/faulty-client.ts';
import type { NewBench } from './ledger.ts';

/** The hold of a reserve that nobody knows the end of. */
function unknownHold(outcome: ReserveOutcome) {
  if (outcome.kind !== 'unavailable') expect.fail(`expected unavailable, got ${outcome.kind}`);
  return outcome.hold;
}

export function faultRules(newBench: NewBench): void {
  reserveFaults(newBench);
  lateReserves(newBench);
  endFaults(newBench);
  crossedWrites(newBench);
}

function reserveFaults(newBench: NewBench): void {
  it.each<Fault>(['answer-lost', 'request-lost', 'server-error-after', 'server-error-before'])(
    'reserves once after an attempt that is %s',
    async (fault) => {
      const bench = newBench();
      bench.faults.nextWrites(fault);

      const outcome = await bench.reserve('3');

      expect(outcome).toMatchObject({ kind: 'reserved', hold: { ambiguous: true } });
      expect(outcome).toMatchObject({ state: { committedNanoUsd: usd('3'), inFlight: 1 } });
      expect(await bench.books()).toMatchObject({ committed: '3.00', inFlight: 1 });
    },
  );

  it('reserves once where all answers but the last are lost', async () => {
    const bench = newBench();
    bench.faults.nextWrites('answer-lost', 'answer-lost');

    expect(await bench.reserve('3')).toMatchObject({ kind: 'reserved' });
    expect(await bench.books()).toMatchObject({ committed: '3.00', inFlight: 1 });
  });

  it('gives up after three lost answers, and a release of it leaves zero', async () => {
    const bench = newBench();
    bench.faults.nextWrites('answer-lost', 'answer-lost', 'answer-lost');

    const hold = unknownHold(await bench.reserve('3'));

    expect(bench.faults.writes).toBe(3);
    expect(await bench.books()).toMatchObject({ committed: '3.00' });
    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '0.00', settled: '0.00', inFlight: 0 });
  });

  it('tries again after a throttled attempt, and is as certain as before', async () => {
    const bench = newBench();
    bench.faults.nextWrites('throttled');

    expect(await bench.reserve('3')).toMatchObject({
      kind: 'reserved',
      hold: { ambiguous: false },
    });
  });

  it('gives way where it is throttled again, certain that nothing stands', async () => {
    const bench = newBench();
    bench.faults.nextWrites('throttled', 'throttled');

    expect(unknownHold(await bench.reserve('3')).ambiguous).toBe(false);
    expect(bench.faults.writes).toBe(2);
    expect(await bench.ledger.read(bench.counter)).toBeUndefined();
  });

  it('gives up at once, and certain, where the store says no', async () => {
    const bench = newBench();
    bench.faults.nextWrites('denied');

    expect(unknownHold(await bench.reserve('3')).ambiguous).toBe(false);
    expect(bench.faults.writes).toBe(1);
  });

  it('fails closed where a counter cannot be read', async () => {
    const bench = newBench();
    bench.faults.nextReads('request-lost');

    await expect(bench.reserve('11')).rejects.toMatchObject({ code: 'ledger_unavailable' });
    bench.faults.nextReads('denied');
    await expect(bench.ledger.read(bench.counter)).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
  });
}

function lateReserves(newBench: NewBench): void {
  it('finds the tombstone where a reserve arrives after its release, and fails', async () => {
    const bench = newBench();
    bench.faults.nextWrites('delayed', 'request-lost', 'delayed');
    const hold = unknownHold(await bench.reserve('3'));

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect(bench.faults.delayed).toBe(2);
    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({
      committed: '0.00',
      inFlight: 0,
      reservations: { [hold.reservationId]: '0.00' },
    });
  });

  it('finds the tombstone where a reserve arrives after its settle, and fails', async () => {
    const bench = newBench();
    bench.faults.nextWrites('delayed');
    const hold = await bench.hold('3');
    await bench.ledger.settle(hold, usd('1'));

    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });
  });

  it('leaves no tombstone after attempts that were certain', async () => {
    const bench = newBench();
    bench.faults.nextWrites('throttled');

    await bench.ledger.settle(await bench.hold('3'), usd('1'));

    expect((await bench.books()).reservations).toEqual({});
  });

  it('keeps a refused reserve out for good, though room is made before it arrives', async () => {
    const bench = newBench();
    const other = await bench.hold('9');
    bench.faults.nextWrites('delayed');

    expect(await bench.reserve('2')).toMatchObject({ kind: 'refused' });
    await bench.ledger.release(other);
    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({ committed: '0.00', inFlight: 0 });
  });

  it('hands back the hold of a refused reserve that could not be fenced', async () => {
    const bench = newBench();
    const other = await bench.hold('9');
    bench.faults.nextWrites('delayed', undefined, 'request-lost', 'request-lost', 'request-lost');

    const hold = unknownHold(await bench.reserve('2'));

    expect(hold.ambiguous).toBe(true);
    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    await bench.ledger.release(other);
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '0.00', inFlight: 0 });
  });
}

function endFaults(newBench: NewBench): void {
  it('settles however long it is throttled, up to a bound', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites(...Array<Fault>(29).fill('throttled'));

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', inFlight: 0 });

    const other = await bench.hold('3');
    bench.faults.nextWrites(...Array<Fault>(30).fill('throttled'));
    expect(await bench.ledger.settle(other, usd('1'))).toMatchObject({ kind: 'unavailable' });
  });

  it.each<Fault>(['answer-lost', 'request-lost', 'server-error-after', 'throttled'])(
    'settles once after an attempt that is %s',
    async (fault) => {
      const bench = newBench();
      const hold = await bench.hold('3');
      bench.faults.nextWrites(fault);

      expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
      expect(await bench.books()).toMatchObject({
        committed: '1.00',
        settled: '1.00',
        inFlight: 0,
      });
    },
  );

  it('settles an ambiguous reservation once though the settle is ambiguous too', async () => {
    const bench = newBench();
    bench.faults.nextWrites('answer-lost');
    const hold = await bench.hold('3');
    bench.faults.nextWrites('answer-lost');

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00' });
  });

  it('cuts once where the answer is lost', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    const cutUntilMs = bench.clock.nowMs() + 10_000;
    bench.faults.nextWrites('answer-lost');

    expect(await bench.ledger.cut(hold, usd('1'), cutUntilMs)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', cutUntilMs });
  });

  it('says so where a settle is given up, and the reservation still stands', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites('request-lost', 'request-lost', 'request-lost');

    expect(await bench.ledger.settle(hold, usd('1'))).toMatchObject({ kind: 'unavailable' });
    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '0.00', inFlight: 1 });
  });

  it('fences once where the answer of the fence is lost', async () => {
    const bench = newBench();
    bench.faults.nextWrites('request-lost', 'request-lost', 'request-lost');
    const hold = unknownHold(await bench.reserve('3'));
    bench.faults.nextWrites(undefined, 'answer-lost');

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect((await bench.books()).reservations).toEqual({ [hold.reservationId]: '0.00' });
  });

  it('says so where a release is given up', async () => {
    const bench = newBench();
    bench.faults.nextWrites('delayed', 'request-lost', 'request-lost');
    const hold = unknownHold(await bench.reserve('3'));
    bench.faults.nextWrites(undefined, 'request-lost', 'request-lost', 'request-lost');

    expect(await bench.ledger.release(hold)).toMatchObject({ kind: 'unavailable' });
    await bench.faults.deliver();
    expect(await bench.books()).toMatchObject({ committed: '3.00', inFlight: 1 });
  });
}

function crossedWrites(newBench: NewBench): void {
  it('chases a reserve that lands between the two writes of its release', async () => {
    const bench = newBench();
    bench.faults.nextWrites('delayed', 'request-lost', 'request-lost');
    const hold = unknownHold(await bench.reserve('3'));
    bench.faults.nextWrites(undefined, () => bench.faults.deliver());

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '0.00', inFlight: 0 });
  });

  it('gives the true cost where the reservation expires between two attempts to settle', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    const { counter, reservationId: id } = hold;
    bench.faults.nextWrites('delayed', () => bench.maintenance.expire(counter, id, usd('3')));

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00', expired: {} });
  });

  it('settles late once where the answer of the late settle is lost', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));
    bench.faults.nextWrites(undefined, 'answer-lost');

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00' });
  });

  it('charges in full once where a settle arrives after the reservation has expired', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    bench.faults.nextWrites('delayed', 'request-lost', 'request-lost');
    await bench.ledger.settle(hold, usd('1'));
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));

    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '3.00' });
  });

  it('uses no reservation that expired before its reserve was answered', async () => {
    const bench = newBench();
    const id = bench.newId();
    bench.faults.nextWrites('answer-lost', () =>
      bench.maintenance.expire(bench.counter, id, usd('3')),
    );

    const hold = unknownHold(await bench.reserve('3', { id }));

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '0.00', settled: '0.00', inFlight: 0 });
  });

  it('lets a late reserve of an expired and settled reservation find its tombstone', async () => {
    const bench = newBench();
    bench.faults.nextWrites('delayed');
    const hold = await bench.hold('3');
    await bench.maintenance.expire(bench.counter, hold.reservationId, usd('3'));
    await bench.faults.deliver();
    bench.faults.nextWrites('delayed');
    await bench.ledger.settle(hold, nanoUsd(0n));

    await bench.faults.deliver();

    expect(await bench.books()).toMatchObject({ committed: '0.00', settled: '0.00', inFlight: 0 });
  });
}
