/**
 * Rules of counters that a caller's own word names: how many new ones a key may open in a day.
 */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { CounterKey } from '../../lambda/domain/reservation.ts';
import type { ReserveOutcome } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import type { NewBench } from './ledger.ts';
import type { Bench } from './ledger-bench.ts';

const A_DAY_MS = 86_400_000;

/** A key of its own, so that no test meets the counters of another, and its counters by name. */
function opener(bench: Bench, mostADay: number) {
  const opening = { keyId: randomUUID(), mostADay };
  const counterOf = (name: string): CounterKey => ({
    pk: `COUNTER#run##${opening.keyId}-${name}`,
    sk: 'lifetime',
  });
  return {
    counterOf,
    reserve: (name: string, limit: string | undefined = '10'): Promise<ReserveOutcome> =>
      bench.ledger.reserve({
        counter: counterOf(name),
        reservationId: bench.newId(),
        amountNanoUsd: usd('1'),
        shownLimitNanoUsd: usd(limit),
        limitNanoUsd: usd(limit),
        opening,
      }),
    warn: (name: string): Promise<ReserveOutcome> =>
      bench.ledger.reserve({
        counter: counterOf(name),
        reservationId: bench.newId(),
        amountNanoUsd: usd('1'),
        shownLimitNanoUsd: usd('10'),
        opening,
      }),
  };
}

const REFUSED = { kind: 'refused', reason: 'tag-counter-limit', state: { inFlight: 0 } };

export function tagRules(newBench: NewBench): void {
  it('opens as many as the bound, refuses the next, and leaves nothing of it', async () => {
    const bench = newBench();
    const { reserve, warn, counterOf } = opener(bench, 2);

    expect(await reserve('a')).toMatchObject({ kind: 'reserved' });
    expect(await warn('b')).toMatchObject({ kind: 'reserved' });
    expect(await reserve('c')).toMatchObject(REFUSED);
    expect(await warn('d')).toMatchObject(REFUSED);
    // A second try finds no counter that the first one left.
    expect(await reserve('c')).toMatchObject(REFUSED);
    expect(await bench.ledger.read(counterOf('c'))).toBeUndefined();
  });

  it('goes on with those that are open, in one write each', async () => {
    const bench = newBench();
    const { reserve } = opener(bench, 1);
    await reserve('a');
    const before = bench.faults.writes;

    expect(await reserve('a')).toMatchObject({ kind: 'reserved', state: { inFlight: 2 } });
    expect(bench.faults.writes).toBe(before + 1);
  });

  it('opens more on the next day, and none where the bound is zero', async () => {
    const bench = newBench();
    const { reserve } = opener(bench, 1);
    await reserve('a');
    expect(await reserve('b')).toMatchObject(REFUSED);

    bench.clock.advance(A_DAY_MS);

    expect(await reserve('b')).toMatchObject({ kind: 'reserved' });
    expect(await opener(bench, 0).reserve('a')).toMatchObject(REFUSED);
  });

  it('counts a counter once, however many open it at a time', async () => {
    const bench = newBench();
    const { reserve } = opener(bench, 2);

    const first = await Promise.all(Array.from({ length: 8 }, () => reserve('a')));
    const others = await Promise.all(['b', 'c', 'd', 'e'].map((name) => reserve(name)));

    expect(first.every(({ kind }) => kind === 'reserved')).toBe(true);
    expect(others.filter(({ kind }) => kind === 'reserved')).toHaveLength(1);
  });

  it('keeps the limit of each by itself', async () => {
    const { reserve } = opener(newBench(), 5);
    await reserve('a', '1.5');

    expect(await reserve('a', '1.5')).toMatchObject({ reason: 'reserved-in-flight' });
    expect(await reserve('b', '1.5')).toMatchObject({ kind: 'reserved' });
  });

  it('opens nothing while nobody knows whether there is a place for it', async () => {
    const bench = newBench();
    const { reserve, counterOf } = opener(bench, 5);
    bench.faults.nextWrites(undefined, 'request-lost', 'request-lost', 'request-lost');

    await expect(reserve('a')).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect(await bench.ledger.read(counterOf('a'))).toBeUndefined();
  });

  it('counts once where the answer to its entry was lost', async () => {
    const bench = newBench();
    const { reserve } = opener(bench, 1);
    bench.faults.nextWrites(undefined, 'answer-lost');

    expect(await reserve('a')).toMatchObject({ kind: 'reserved', hold: { ambiguous: false } });
    expect(await reserve('b')).toMatchObject(REFUSED);
  });
}
