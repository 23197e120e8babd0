/**
 * The summary of a window by the journal: each partition read once, to its end, or not at all.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import type { JournalLine, OpenCounter } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import {
  createRolloverBench,
  type FakeEntry,
  openCounter,
  type RolloverBench,
} from '../helpers/fake-maintenance.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const ELEVEN = 'hourly:2026-03-02T11+00:00@UTC';
const FEBRUARY = 'monthly:2026-02-01T00+00:00@UTC';

let bench: RolloverBench;
beforeEach(() => {
  bench = createRolloverBench();
  bench.clock.advance(10 * MINUTE_MS);
});

const counterOf = (name: string, sk = ELEVEN, rest: Partial<OpenCounter> = {}): OpenCounter =>
  openCounter(name, { counter: { pk: `COUNTER#${name}`, sk }, ...rest });

const entry = (
  cost: string,
  rest: Partial<JournalLine> = {},
  at: Partial<FakeEntry> = {},
): FakeEntry => ({
  keyId: 'red',
  atMs: NOON_MS - MINUTE_MS,
  line: {
    kind: 'charge',
    counters: [`COUNTER#a/${ELEVEN}`],
    unsettled: [],
    modelId: 'small',
    costNanoUsd: usd(cost),
    count: 1,
    ...rest,
  },
  ...at,
});

const share = (dollars: string, requests: number) => ({ settledNanoUsd: usd(dollars), requests });

describe('a summary', () => {
  it('splits what was settled by model and by key, and adds up to it', async () => {
    bench.keyIds = ['red', 'blue'];
    bench.counters = [counterOf('a')];
    bench.entries = [
      entry('0.2'),
      entry('0.1', { modelId: 'large' }),
      entry('0.3', {}, { keyId: 'blue' }),
      entry('9', { counters: [`COUNTER#b/${ELEVEN}`] }),
      entry('0.05', { unsettled: [`COUNTER#a/${ELEVEN}`] }),
      entry('0', { kind: 'refusal', count: 4 }),
      entry('0.25', { kind: 'expired', modelId: '' }, { keyId: undefined }),
    ];

    await bench.run();

    const [summary] = bench.summaries;
    expect(summary?.journal).toEqual({
      refusals: 4,
      expiredNanoUsd: usd('0.25'),
      byModel: {
        named: new Map([
          ['small', share('0.5', 3)],
          ['large', share('0.1', 1)],
        ]),
      },
      byKey: {
        named: new Map([
          ['blue', share('0.3', 1)],
          ['red', share('0.3', 3)],
        ]),
      },
      attributedNanoUsd: usd('0.6'),
      isWhole: true,
    });
    expect(summary?.unattributedNanoUsd).toBe(usd('0.15'));
    expect(bench.told[0]?.detail).toMatchObject({ refusals: 4, unattributedUsd: '0.15' });
  });

  it('takes in a request that started before the window and was reserved in it', async () => {
    bench.counters = [counterOf('a')];
    bench.entries = [entry('1', {}, { atMs: NOON_MS - 61 * MINUTE_MS })];

    await bench.run();

    expect(bench.summaries[0]?.unattributedNanoUsd).toBe(0n);
  });

  it('tells what keys spent that were deleted since as not attributed', async () => {
    bench.counters = [counterOf('a')];
    bench.entries = [entry('0.4'), entry('0.6', {}, { keyId: 'deleted' })];

    await bench.run();

    expect(bench.summaries[0]?.unattributedNanoUsd).toBe(usd('0.6'));
  });

  it('names the fifty dearest models, and all others as one', async () => {
    bench.counters = [counterOf('a')];
    bench.entries = Array.from({ length: 60 }, (_, index) =>
      entry('0', { modelId: `m${index}`, costNanoUsd: nanoUsd(BigInt(index + 1)) }),
    );

    await bench.run();

    const byModel = bench.summaries[0]?.journal.byModel;
    expect(byModel?.named.size).toBe(50);
    expect(byModel?.named.has('m59')).toBe(true);
    expect(byModel?.others).toEqual({ settledNanoUsd: nanoUsd(55n), requests: 10 });
  });

  it('waits while the counter is in use again, as the journal is ahead of what was read', async () => {
    const open = counterOf('a');
    bench.counters = [open];
    const tally = { ...open.tally, ends: 2 };
    bench.faults = { read: async () => ({ ...open, tally }) };

    await bench.run();

    expect(bench.calls).toEqual([]);
  });
});

describe('the journal', () => {
  it('is read once for all windows, page by page', async () => {
    bench.pageSize = 2;
    bench.counters = ['a', 'b', 'c'].map((name) => counterOf(name));
    bench.entries = Array.from({ length: 5 }, () => entry('0.2'));

    await bench.run();

    expect(bench.pagesRead.filter((page) => page.includes('red'))).toEqual([
      '2026-03-02 red',
      '2026-03-02 red 2',
      '2026-03-02 red 4',
    ]);
    expect(new Set(bench.pagesRead).size).toBe(bench.pagesRead.length);
    expect(bench.summaries[0]?.journal.attributedNanoUsd).toBe(usd('1'));
    expect(bench.summaries).toHaveLength(3);
  });

  it('is not read for windows that were told, or have not ended', async () => {
    bench.counters = [counterOf('a')];
    await bench.run();
    bench.pagesRead.length = 0;
    bench.counters = [counterOf('a'), openCounter('b')];

    await bench.run();

    expect(bench.pagesRead).toEqual([]);
  });

  it('goes on in the next run where the time ended, and no window is closed before', async () => {
    bench.pageSize = 1;
    bench.counters = [counterOf('a', FEBRUARY)];
    const counters = [`COUNTER#a/${FEBRUARY}`];
    const atMs = Date.UTC(2026, 1, 10);
    bench.entries = Array.from({ length: 50 }, () => entry('0.01', { counters }, { atMs }));
    // Each page takes a second.
    const { journalPage } = bench.ports().maintenance;
    bench.faults = {
      journalPage: (...of) => {
        bench.clock.advance(1_000);
        return journalPage(...of);
      },
    };

    const first = await bench.run(bench.clock.nowMs() + 40_000);
    expect(first).toMatchObject({ windowsWaiting: 1, windowsSummarised: 0, complete: false });
    expect(bench.calls).toEqual([]);
    let runs = 1;
    for (; bench.summaries.length === 0 && runs < 20; runs += 1) {
      await bench.run(bench.clock.nowMs() + 120_000);
    }

    expect(runs).toBeGreaterThan(1);
    expect(bench.summaries[0]?.journal).toMatchObject({
      attributedNanoUsd: usd('0.5'),
      isWhole: true,
    });
    const ofTheTenth = bench.pagesRead.filter((page) => page.startsWith('2026-02-10 red'));
    expect(new Set(ofTheTenth).size).toBe(ofTheTenth.length);
  });

  it('that cannot be read keeps windows open, and that is a failure of the run', async () => {
    bench.counters = [counterOf('a')];
    bench.faults = {
      journalPage: async () => {
        throw new HardcapError('ledger_unavailable', 'no answer');
      },
    };

    expect(await bench.run()).toMatchObject({ failed: 1, windowsWaiting: 1, complete: false });
    expect(bench.calls).toEqual([]);
  });

  it('that was not read a week after the end is told as far as it was', async () => {
    bench.counters = [counterOf('a')];
    bench.clock.advance(7 * DAY_MS);
    bench.faults = {
      journalPage: async () => {
        throw new HardcapError('ledger_unavailable', 'no answer');
      },
    };

    await bench.run();

    expect(bench.summaries[0]).toMatchObject({
      journal: { isWhole: false },
      unattributedNanoUsd: usd('1'),
    });
  });
});

describe('the peak reserved', () => {
  const reserved = (peak?: string): OpenCounter =>
    openCounter('a', {
      state: { settledNanoUsd: usd('1'), committedNanoUsd: usd('3'), inFlight: 0 },
      ...(peak === undefined ? {} : { peakReservedNanoUsd: usd(peak) }),
    });

  it('is kept where more is reserved than any run saw, and else not written', async () => {
    bench.counters = [reserved(), reserved('1.9'), reserved('2')];

    await bench.run();

    expect(bench.peaks).toEqual(['COUNTER#a 2000000000', 'COUNTER#a 2000000000']);
  });
});
