/**
 * Rules of one counter that many use at once: exact to the nano-dollar, and never past the limit.
 */
import { expect, it } from 'vitest';
import { formatUsd, nanoUsd, sumUsd } from '../../lambda/domain/money.ts';
import type { CounterHold } from '../../lambda/domain/reservation.ts';
import type { ReserveOutcome } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import type { NewBench } from './ledger.ts';

const MANY = 1_000;

const holdsOf = (outcomes: readonly ReserveOutcome[]): CounterHold[] =>
  outcomes.flatMap((outcome) => (outcome.kind === 'reserved' ? [outcome.hold] : []));

export function parallelRules(newBench: NewBench): void {
  it('lets exactly the right number of 1,000 in at the edge of a limit', async () => {
    const bench = newBench();

    const outcomes = await Promise.all(
      Array.from({ length: MANY }, () => bench.reserve('0.01', { limit: '4.005' })),
    );

    expect(holdsOf(outcomes)).toHaveLength(400);
    const refused = outcomes.filter(({ kind }) => kind === 'refused');
    expect(refused).toHaveLength(600);
    expect(new Set(refused.map((outcome) => 'reason' in outcome && outcome.reason))).toEqual(
      new Set(['reserved-in-flight']),
    );
    expect(await bench.books()).toMatchObject({ committed: '4.00', inFlight: 400 });
  });

  it('ends 1,000 reserves of odd amounts exact to the nano-dollar, and their settles too', async () => {
    const bench = newBench();
    const amounts = Array.from({ length: MANY }, (_, i) => nanoUsd(BigInt(i * i * 7_919 + 1)));
    const total = formatUsd(sumUsd(amounts));

    const outcomes = await Promise.all(
      amounts.map((amount) => bench.reserve(formatUsd(amount), { limit: total })),
    );

    const holds = holdsOf(outcomes);
    expect(holds).toHaveLength(MANY);
    expect(await bench.books()).toMatchObject({ committed: total, inFlight: MANY });
    expect(await bench.reserve('0.000000001', { limit: total })).toMatchObject({ kind: 'refused' });

    const cost = (hold: CounterHold) => nanoUsd(hold.reservedNanoUsd / 3n);
    await Promise.all(holds.map((hold) => bench.ledger.settle(hold, cost(hold))));

    const settled = formatUsd(sumUsd(holds.map(cost)));
    expect(await bench.books()).toMatchObject({ committed: settled, settled, inFlight: 0 });
  });

  it('is never seen past the limit while requests come, cost less and go', async () => {
    const bench = newBench();
    const limit = '1';
    const seen: bigint[] = [];
    const refusals: string[] = [];

    const caller = async (index: number): Promise<bigint> => {
      let spent = 0n;
      for (let turn = 0; turn < 15; turn += 1) {
        const outcome = await bench.reserve('0.07', { limit });
        if (outcome.kind === 'unavailable') expect.fail('the ledger was there');
        seen.push(outcome.state.committedNanoUsd);
        if (outcome.kind === 'refused') {
          refusals.push(outcome.reason);
          continue;
        }
        const cost = nanoUsd(BigInt(1_000_003 * (index + 1) + turn));
        expect(await bench.ledger.settle(outcome.hold, cost)).toEqual({ kind: 'ended' });
        spent += cost;
      }
      return spent;
    };
    const spent = await Promise.all(Array.from({ length: 30 }, (_, index) => caller(index)));

    expect(seen.every((committed) => committed <= usd(limit))).toBe(true);
    expect(refusals).not.toHaveLength(0);
    const total = formatUsd(nanoUsd(spent.reduce((a, b) => a + b)));
    expect(await bench.books()).toMatchObject({ committed: total, settled: total, inFlight: 0 });
  });
}
