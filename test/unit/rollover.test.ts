/**
 * The rollover's rules: what is stale is charged, what is broken is told, nothing is stopped by it.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { METRIC } from '../../lambda/contract.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import type { OpenCounter } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import {
  createRolloverBench,
  openCounter,
  type RolloverBench,
} from '../helpers/fake-maintenance.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const LATE_MS = NOON_MS + HOUR_MS;
const idAt = (expiresAtMs: number) => reservationId(expiresAtMs, 'aaaaaaaaaa');

let bench: RolloverBench;
beforeEach(() => {
  bench = createRolloverBench();
});

const holding = (name: string, expiresAtMs: number, amount = '2'): OpenCounter =>
  openCounter(name, {
    state: { settledNanoUsd: usd('1'), committedNanoUsd: usd('3'), inFlight: 1 },
    reservations: [{ id: idAt(expiresAtMs), amountNanoUsd: usd(amount) }],
    isClean: false,
  });

describe('a reservation', () => {
  it('that is stale is charged in full from its very second on, and told to the journal', async () => {
    bench.counters = [holding('a', NOON_MS)];

    const report = await bench.run();

    expect(bench.calls).toEqual([
      `expire COUNTER#a ${idAt(NOON_MS)} ${usd('2')}`,
      `journal COUNTER#a ${idAt(NOON_MS)}`,
    ]);
    expect(report).toMatchObject({ counters: 1, expired: 1, journalled: 1, broken: 0, failed: 0 });
    expect(report.complete).toBe(true);
    expect(bench.telemetry.metrics.get(METRIC.expired)).toBe(1);
  });

  it('that is not stale yet is left alone', async () => {
    bench.counters = [holding('a', NOON_MS + 1_000)];

    await bench.run();

    expect(bench.calls).toEqual([]);
  });

  it('that had ended before is neither counted as expired nor told to the journal', async () => {
    bench.counters = [holding('a', NOON_MS)];
    bench.faults = { expire: async () => false };

    const report = await bench.run();

    expect(report.expired).toBe(0);
    expect(bench.telemetry.metrics.has(METRIC.expired)).toBe(false);
    expect(bench.calls).toEqual([]);
  });

  it('whose id is not one of ours is left alone', async () => {
    const odd = { id: 'ODD', amountNanoUsd: usd('2') };
    bench.counters = [{ ...holding('a', NOON_MS), reservations: [odd] }];

    await bench.run();

    expect(bench.calls).toEqual([]);
  });

  it('that another run or a gateway expired is told to the journal', async () => {
    const expired = { id: idAt(NOON_MS), amountNanoUsd: usd('1') };
    bench.counters = [openCounter('a', { unjournalled: [expired], isClean: false })];

    const report = await bench.run();

    expect(bench.calls).toEqual([`journal COUNTER#a ${expired.id}`]);
    expect(report).toMatchObject({ expired: 0, journalled: 1 });
    expect(bench.telemetry.metrics.get(METRIC.expired)).toBe(1);
  });

  it('that was settled late is taken out of the journal before its tombstone goes', async () => {
    const id = idAt(NOON_MS - 6 * HOUR_MS);
    bench.counters = [openCounter('a', { settledLate: [id], tombstones: [id], isClean: false })];

    const report = await bench.run();

    expect(bench.calls).toEqual([`correct COUNTER#a ${id}`, `remove COUNTER#a ${id}`]);
    expect(report.corrected).toBe(1);
  });
});

describe('a tombstone', () => {
  it('goes once no late write can meet it any more, and not before', async () => {
    const old = idAt(NOON_MS - 6 * HOUR_MS);
    const young = idAt(NOON_MS - 59_000);
    bench.counters = [openCounter('a', { tombstones: [old, young], isClean: false })];

    const report = await bench.run();

    expect(bench.calls).toEqual([`remove COUNTER#a ${old}`]);
    expect(report.tombstonesRemoved).toBe(1);
  });
});

describe('books that do not add up', () => {
  it('are told with all their numbers, and not repaired', async () => {
    bench.counters = [holding('a', LATE_MS, '1.5')];

    const report = await bench.run();

    expect(report.broken).toBe(1);
    expect(bench.calls).toEqual([]);
    expect(bench.telemetry.metrics.get(METRIC.invariantBroken)).toBe(1);
    expect(bench.telemetry.lines).toMatchObject([
      {
        level: 'error',
        fields: {
          counter: 'COUNTER#a',
          committedUsd: '3.00',
          settledUsd: '1.00',
          reservedUsd: '1.50',
        },
      },
    ]);
  });

  it('are told where more are said to be in flight than there are', async () => {
    const state = { settledNanoUsd: usd('1'), committedNanoUsd: usd('1'), inFlight: 1 };
    bench.counters = [openCounter('a', { state })];

    expect(await bench.run()).toMatchObject({ broken: 1 });
  });

  it('are told where the window cannot be read, as it would never be closed', async () => {
    bench.counters = [openCounter('a', { counter: { pk: 'COUNTER#a', sk: 'daily' } })];

    expect(await bench.run()).toMatchObject({ broken: 1 });
    expect(bench.calls).toEqual([]);
  });
});

describe('a failure', () => {
  it('on one counter is told, and the others are worked on all the same', async () => {
    bench.counters = [holding('a', NOON_MS), holding('b', NOON_MS)];
    bench.faults = {
      expire: async ({ pk }: { pk: string }) => {
        if (pk.endsWith('a')) throw new Error('throttled');
        return true;
      },
    };

    const report = await bench.run();

    expect(report).toMatchObject({ counters: 2, expired: 1, failed: 1, complete: true });
    expect(bench.telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        fields: expect.objectContaining({ counter: 'COUNTER#a' }),
      }),
    );
  });

  it('to list counters is a failure; a counter that cannot be read is a broken one', async () => {
    const failing = (error: Error) => ({
      openCounters: () => ({
        [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
      }),
    });
    bench.faults = failing(new HardcapError('ledger_unavailable', 'no answer'));
    expect(await bench.run()).toMatchObject({ failed: 1, broken: 0, complete: false });

    bench.faults = failing(new HardcapError('invariant_broken', 'not dollars'));
    expect(await bench.run()).toMatchObject({ failed: 0, broken: 1, complete: false });
  });

  it('to read the caps keeps no stale reservation from being charged', async () => {
    bench.counters = [holding('a', NOON_MS)];
    const caps = { readAll: () => Promise.reject(new Error('no settings')) };
    const ports = bench.ports();
    bench.ports = () => ({ ...ports, caps });

    expect(await bench.run()).toMatchObject({ capsRead: false, expired: 1, failed: 0 });
  });
});

describe('the deadline', () => {
  it('stops before the next counter, and says that the run is not complete', async () => {
    bench.counters = [holding('a', NOON_MS), holding('b', NOON_MS)];
    bench.faults = {
      expire: async () => {
        bench.clock.advance(1_000);
        return true;
      },
    };

    const report = await bench.run(NOON_MS + 1_000);

    expect(report).toMatchObject({ counters: 1, expired: 1, complete: false });
  });
});
