/**
 * Closing windows: a summary and an event once, and the counter leaves the list only when clean.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { reservationId } from '../../lambda/domain/reservation.ts';
import type { OpenCounter } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import {
  createRolloverBench,
  openCounter,
  type RolloverBench,
} from '../helpers/fake-maintenance.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const MARGIN_MS = 10 * MINUTE_MS;
const ELEVEN = 'hourly:2026-03-02T11+00:00@UTC';

let bench: RolloverBench;
beforeEach(() => {
  bench = createRolloverBench();
});

/** A counter of the hour that ended at noon. */
const ended = (rest: Partial<OpenCounter> = {}): OpenCounter =>
  openCounter('a', { counter: { pk: 'COUNTER#a', sk: ELEVEN }, ...rest });

const WHOLE_CLOSING = [
  'summarise COUNTER#a 1',
  'telling COUNTER#a closed:1',
  'told COUNTER#a closed:1',
  'close COUNTER#a',
];

describe('a window', () => {
  it('that has ended is summarised, told and closed after a margin, and not before', async () => {
    bench.counters = [ended()];
    bench.clock.advance(MARGIN_MS - 1);
    await bench.run();
    expect(bench.calls).toEqual([]);

    bench.clock.advance(1);
    const report = await bench.run();

    expect(bench.calls).toEqual(WHOLE_CLOSING);
    expect(report).toMatchObject({ windowsSummarised: 1, countersClosed: 1 });
    expect(bench.told).toEqual([
      {
        name: 'hardcap.window.closed',
        detail: {
          eventId: `COUNTER#a ${ELEVEN} closed:1`,
          cap: 'a',
          window: ELEVEN,
          windowEndsAtMs: NOON_MS,
          settledUsd: '1.00',
          limitUsd: '10.00',
          peakReservedUsd: '0.00',
          unattributedUsd: '1.00',
          requests: 1,
          refusals: 0,
          expired: 0,
          overruns: 0,
          revision: 1,
          subject: 'hardcap: cap a spent $1.00 of $10.00 (10 %)',
          message: expect.stringContaining('Requests:  1 admitted, 0 refused'),
        },
      },
    ]);
  });

  it('that ended long ago is closed by the first run after that', async () => {
    bench.counters = [ended()];
    bench.clock.advance(30 * DAY_MS);

    await bench.run();

    expect(bench.calls).toEqual(WHOLE_CLOSING);
  });

  it('of a lifetime is never closed', async () => {
    bench.counters = [ended({ counter: { pk: 'COUNTER#a', sk: 'lifetime' } })];
    bench.clock.advance(10_000 * DAY_MS);

    await bench.run();

    expect(bench.calls).toEqual([]);
  });

  it('with a reservation in flight stays open', async () => {
    const id = reservationId(NOON_MS + DAY_MS, 'aaaaaaaaaa');
    bench.counters = [
      ended({
        state: { settledNanoUsd: usd('1'), committedNanoUsd: usd('2'), inFlight: 1 },
        reservations: [{ id, amountNanoUsd: usd('1') }],
        isClean: false,
      }),
    ];
    bench.clock.advance(MARGIN_MS);

    await bench.run();

    expect(bench.calls).toEqual([]);
  });

  it('that can still be settled late is summarised at once and closed later', async () => {
    bench.counters = [ended({ isClean: false })];
    bench.clock.advance(MARGIN_MS);
    await bench.run();
    expect(bench.calls).toEqual(WHOLE_CLOSING.slice(0, -1));

    await bench.run();
    expect(bench.calls).toEqual(WHOLE_CLOSING.slice(0, -1));

    bench.counters = [ended()];
    await bench.run();
    expect(bench.calls).toEqual(WHOLE_CLOSING);
    expect(bench.told).toHaveLength(1);
  });

  it('that was settled late after its summary is summarised anew, as a correction', async () => {
    bench.counters = [ended({ isClean: false })];
    bench.clock.advance(MARGIN_MS);
    await bench.run();
    const tally = { requests: 1, ends: 2, expired: 0, overruns: 0 };
    bench.counters = [ended({ tally })];

    await bench.run();

    expect(bench.told.map(({ name, detail }) => [name, detail.revision])).toEqual([
      ['hardcap.window.closed', 1],
      ['hardcap.window.corrected', 2],
    ]);
    expect(bench.calls.slice(-1)).toEqual(['close COUNTER#a']);
  });

  it('that holds nothing but the fence of a reserve is closed without a word', async () => {
    const tally = { requests: 0, ends: 1, expired: 0, overruns: 0 };
    const state = { settledNanoUsd: usd('0'), committedNanoUsd: usd('0'), inFlight: 0 };
    bench.counters = [ended({ tally, state })];
    bench.clock.advance(MARGIN_MS);

    await bench.run();

    expect(bench.calls).toEqual(['close COUNTER#a']);
    expect(bench.told).toEqual([]);
  });

  it('that another run is about to tell is left to it', async () => {
    bench.counters = [ended()];
    bench.clock.advance(MARGIN_MS);
    const claim = { state: 'telling', atMs: bench.clock.nowMs(), by: 'another' } as const;
    bench.marks.set('COUNTER#a closed:1', claim);

    const report = await bench.run();

    expect(report).toMatchObject({ windowsSummarised: 0, countersClosed: 0, failed: 0 });
    expect(bench.told).toEqual([]);
  });

  it('of a run without events is neither summarised nor closed', async () => {
    bench.counters = [ended()];
    bench.clock.advance(MARGIN_MS);
    const { events: _silent, ...ports } = bench.ports();
    bench.ports = () => ports;

    await bench.run();

    expect(bench.calls).toEqual([]);
  });
});

describe('a closed counter', () => {
  const closed = (name: string, windowEndsAtMs: number, closedAtMs = windowEndsAtMs) => ({
    counter: { pk: `COUNTER#${name}`, sk: ELEVEN },
    windowEndsAtMs,
    closedAtMs,
  });

  it('is deleted when its retention is over, and not before', async () => {
    bench.closed = [
      closed('old', NOON_MS - 400 * DAY_MS - 1),
      closed('young', NOON_MS - 400 * DAY_MS),
    ];

    const report = await bench.run();

    expect(bench.calls).toEqual(['prune COUNTER#old']);
    expect(report.countersPruned).toBe(1);
  });

  it('is kept as long as the setting says', async () => {
    bench.closed = [closed('a', NOON_MS - 41 * DAY_MS)];

    await bench.run(NOON_MS + MINUTE_MS, 41);
    expect(bench.calls).toEqual([]);

    await bench.run(NOON_MS + MINUTE_MS, 40);
    expect(bench.calls).toEqual(['prune COUNTER#a']);
  });

  it('is kept where it was closed only now, by a clock that may be years ahead', async () => {
    bench.closed = [closed('a', NOON_MS - 500 * DAY_MS, NOON_MS)];

    await bench.run();

    expect(bench.calls).toEqual([]);
  });

  it('that is open again is kept, and not counted', async () => {
    bench.closed = [closed('a', NOON_MS - 500 * DAY_MS)];
    bench.faults = { prune: async () => false };

    expect(await bench.run()).toMatchObject({ countersPruned: 0, failed: 0 });
  });

  it('is left to the next run when the time has ended', async () => {
    bench.closed = [closed('a', NOON_MS - 500 * DAY_MS)];

    expect(await bench.run(NOON_MS)).toMatchObject({ countersPruned: 0, complete: false });
    expect(bench.calls).toEqual([]);
  });
});
