/**
 * Rules of the ends of a reservation: settle, release and cut, each of which takes effect once.
 */
import { expect, it } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { usd } from '../helpers/builders.ts';
import type { NewBench } from './ledger.ts';

const CUT_MS = 10_000;

export function endRules(newBench: NewBench): void {
  settleRules(newBench);
  cutRules(newBench);
}

function settleRules(newBench: NewBench): void {
  it('gives back what a request did not cost', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');

    expect(await bench.ledger.settle(hold, usd('1.234567891'))).toEqual({ kind: 'ended' });

    expect(await bench.books()).toMatchObject({
      committed: '1.234567891',
      settled: '1.234567891',
      inFlight: 0,
      reservations: {},
    });
  });

  it('records an overrun in full, past the limit, and refuses what follows', async () => {
    const bench = newBench();
    const hold = await bench.hold('9');

    expect(await bench.ledger.settle(hold, usd('11'))).toEqual({ kind: 'ended' });

    expect(await bench.books()).toMatchObject({ committed: '11.00', settled: '11.00' });
    expect(await bench.reserve('0.01')).toMatchObject({ kind: 'refused', reason: 'spent' });
  });

  it('leaves nothing of a released reservation', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');

    expect(await bench.ledger.release(hold)).toEqual({ kind: 'ended' });

    expect(await bench.books()).toMatchObject({
      committed: '0.00',
      settled: '0.00',
      inFlight: 0,
      reservations: {},
    });
  });

  it('ends a reservation once: a second settle changes nothing and says so', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    await bench.ledger.settle(hold, usd('2'));

    expect(await bench.ledger.settle(hold, usd('1'))).toEqual({ kind: 'already-ended' });
    expect(await bench.ledger.release(hold)).toEqual({ kind: 'already-ended' });
    expect(await bench.books()).toMatchObject({ committed: '2.00', settled: '2.00' });
  });

  it('takes no cost below zero, which would make room on the cap', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');

    await expect(bench.ledger.settle(hold, nanoUsd(-1n))).rejects.toMatchObject({
      code: 'invariant_broken',
    });
    expect(await bench.books()).toMatchObject({ committed: '3.00', settled: '0.00' });
  });

  it('touches no reservation but its own', async () => {
    const bench = newBench();
    const first = await bench.hold('3');
    const second = await bench.hold('3');

    await bench.ledger.settle(first, usd('1'));

    const { reservations } = await bench.books();
    expect(reservations).toEqual({ [second.reservationId]: '3.00' });
  });
}

function cutRules(newBench: NewBench): void {
  it('refuses new reservations after a cut until it has passed, and lets them in then', async () => {
    const bench = newBench();
    const hold = await bench.hold('3');
    const cutUntilMs = bench.clock.nowMs() + CUT_MS;

    expect(await bench.ledger.cut(hold, usd('2'), cutUntilMs)).toEqual({ kind: 'ended' });

    expect(await bench.books()).toMatchObject({ committed: '2.00', settled: '2.00', cutUntilMs });
    expect(await bench.reserve('1')).toMatchObject({ kind: 'refused', reason: 'spent' });
    bench.clock.advance(CUT_MS);
    expect(await bench.reserve('1')).toMatchObject({ kind: 'refused', reason: 'spent' });
    bench.clock.advance(1);
    expect(await bench.reserve('1')).toMatchObject({ kind: 'reserved' });
  });

  it('lets reservations made before a cut settle during it', async () => {
    const bench = newBench();
    const running = await bench.hold('3');
    await bench.ledger.cut(await bench.hold('3'), usd('2'), bench.clock.nowMs() + CUT_MS);

    expect(await bench.ledger.settle(running, usd('1'))).toEqual({ kind: 'ended' });
    expect(await bench.books()).toMatchObject({ committed: '3.00', inFlight: 0 });
  });
}
