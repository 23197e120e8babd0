/**
 * What other gateways got wrong when their store did not answer: each test carries its number in
 * docs/known-failures.md. The store is real, and loses answers on demand.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expiresAtMs } from '../../lambda/domain/reservation.ts';
import { createBench } from '../contract/ledger-bench.ts';
import { usd } from '../helpers/builders.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startDynaliteLedger();
});
afterAll(() => table.close());

it('T9 counts a write once, however often its answer is lost and it is tried again', async () => {
  const bench = createBench(table);

  for (let i = 0; i < 5; i += 1) {
    bench.faults.nextWrites('answer-lost', 'server-error-after', undefined);
    const hold = await bench.hold('1');
    bench.faults.nextWrites('answer-lost', 'server-error-after', undefined);
    await bench.ledger.settle(hold, usd('0.25'));
  }

  expect(await bench.books()).toMatchObject({ committed: '1.25', settled: '1.25', inFlight: 0 });
});

it('T9 refuses nobody for a reserve that was given up after its answers were lost', async () => {
  const bench = createBench(table);
  bench.faults.nextWrites('answer-lost', 'answer-lost', 'answer-lost');
  const outcome = await bench.reserve('10');
  if (outcome.kind !== 'unavailable') throw new Error(`the reserve was ${outcome.kind}`);

  await bench.ledger.release(outcome.hold);

  expect((await bench.reserve('10')).kind).toBe('reserved');
});

it('T10 keeps the whole reservation where the settle fails, and charges it in the end', async () => {
  const bench = createBench(table);
  const hold = await bench.hold('4');
  bench.faults.nextWrites('request-lost', 'request-lost', 'request-lost');

  expect((await bench.ledger.settle(hold, usd('1'))).kind).toBe('unavailable');

  expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '0.00' });
  expect((await bench.reserve('7')).kind).toBe('refused');
  bench.clock.advance((expiresAtMs(hold.reservationId) ?? 0) - bench.clock.nowMs());
  await bench.maintenance.expire(bench.counter, hold.reservationId, hold.reservedNanoUsd);
  expect(await bench.books()).toMatchObject({ committed: '4.00', settled: '4.00' });
});

it('T10 takes the true cost of a settle that comes after the reservation was charged', async () => {
  const bench = createBench(table);
  const hold = await bench.hold('4');
  await bench.maintenance.expire(bench.counter, hold.reservationId, hold.reservedNanoUsd);

  await bench.ledger.settle(hold, usd('1'));
  await bench.ledger.settle(hold, usd('1'));

  expect(await bench.books()).toMatchObject({ committed: '1.00', settled: '1.00' });
});
