/**
 * One shared cap, far below what its counter carries and far past it: `npm run scale`, in short.
 */
import { expect, test } from 'vitest';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { COST_NANO_USD, type Load, runLoad } from '../scale/load.ts';
import { standingIn } from './counter-books.ts';

const load = (rest: Partial<Load>): Load => ({
  seed: 1,
  callMs: 1_000,
  requestsPerSecond: 300,
  warmUpMs: 3_000,
  measuredMs: 3_000,
  limitNanoUsd: nanoUsd(1_000_000_000_000_000n),
  maxInFlight: 2_000,
  ...rest,
});

test('serves all at half of the bound, and charges each what it cost', async () => {
  const outcome = await runLoad(load({ requestsPerSecond: 70 }));

  expect(outcome).toMatchObject({ served: outcome.arrived, unavailable: 0, unsettled: 0 });
  expect(outcome.books).toMatchObject({ committed: outcome.billed, settled: outcome.billed });
  expect(outcome.addedMs.p99).toBeLessThan(20);
});

test('past the bound refuses some with 503 and goes on serving what one counter carries', async () => {
  const outcome = await runLoad(load({}));

  expect(outcome.throttledPerSecond).toBeGreaterThan(100);
  expect(outcome.unavailable).toBeGreaterThan(300);
  expect(outcome.served).toBeGreaterThan(200);
  // What is given up at its end would be charged in full, and make every write dearer.
  expect(outcome.unsettled).toBe(0);
  expect(outcome.books).toMatchObject({ committed: outcome.billed, inFlight: 0 });
});

test('past the bound never admits what passes the limit', async () => {
  const limitNanoUsd = nanoUsd(100n * COST_NANO_USD);

  const { refused, books, billed, mostCommitted } = await runLoad(load({ limitNanoUsd }));

  expect(refused.get('reserved-in-flight')).toBeGreaterThan(100);
  expect(mostCommitted).toBeGreaterThan((limitNanoUsd * 9n) / 10n);
  expect(mostCommitted).toBeLessThanOrEqual(limitNanoUsd);
  expect(billed).toBeLessThanOrEqual(limitNanoUsd);
  expect(standingIn(books)).toEqual([]);
  expect(books.settled).toBe(billed);
});

test('refuses with in_flight_limit what a counter may not hold at a time', async () => {
  const { refused, mostInFlight } = await runLoad(
    load({ requestsPerSecond: 100, maxInFlight: 50 }),
  );

  expect(mostInFlight).toBe(50);
  expect([...refused.keys()]).toEqual(['in-flight-limit']);
});
