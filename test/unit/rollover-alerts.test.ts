/**
 * Alert thresholds: each is told once a window, by what is settled, at the limit that holds now.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { METRIC } from '../../lambda/contract.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import type { OpenCounter } from '../../lambda/ports/ledger.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  createRolloverBench,
  openCounter,
  type RolloverBench,
  TODAY,
} from '../helpers/fake-maintenance.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const MINUTE_MS = 60_000;
const THRESHOLDS = [50, 80, 100];

let bench: RolloverBench;
beforeEach(() => {
  bench = createRolloverBench();
});

/** A cap of $10 and a counter of it that has settled this much. */
function settled(dollars: string, rest: Partial<Cap> = {}, open: Partial<OpenCounter> = {}): void {
  const amount = usd(dollars);
  const state = { settledNanoUsd: amount, committedNanoUsd: amount, inFlight: 0 };
  bench.caps = [cap({ alertPercents: THRESHOLDS, ...rest })];
  bench.counters = [openCounter('team-budget', { state, ...open })];
}

const percentsTold = () =>
  bench.told
    .filter(({ name }) => name === 'hardcap.cap.threshold')
    .map(({ detail }) => detail.percent);

describe('a threshold', () => {
  it.each([
    ['4.999999999', []],
    ['5', [50]],
    ['7.999999999', [50]],
    ['8', [50, 80]],
    ['10', [50, 80, 100]],
  ])('of a cap of ten dollars is reached by %s: %j', async (dollars, percents) => {
    settled(dollars);

    const report = await bench.run();

    expect(percentsTold()).toEqual(percents);
    expect(report.thresholdsTold).toBe(percents.length);
  });

  it('is told with cap, window, limit and what is settled', async () => {
    settled('5', {}, { counter: { pk: 'COUNTER#team-budget#red#1', sk: TODAY } });

    await bench.run();

    expect(bench.told).toEqual([
      {
        name: 'hardcap.cap.threshold',
        detail: {
          eventId: `COUNTER#team-budget#red#1 ${TODAY} alert:50`,
          cap: 'team-budget',
          split: 'red#1',
          window: TODAY,
          percent: 50,
          limitUsd: '10.00',
          settledUsd: '5.00',
          remainingUsd: '5.00',
          resetsAtMs: NOON_MS + 12 * 60 * MINUTE_MS,
          subject: 'hardcap: cap team-budget (red#1) is at 50 % of $10.00 a day',
          message: expect.stringContaining('hardcap cap raise team-budget --to 15'),
        },
      },
    ]);
  });

  it('is told once, however often the run comes by', async () => {
    settled('5');

    await bench.run();
    await bench.run();

    expect(percentsTold()).toEqual([50]);
  });

  it('counts what is settled, not what is reserved', async () => {
    const state = { settledNanoUsd: usd('4'), committedNanoUsd: usd('4'), inFlight: 0 };
    settled('4', {}, { state: { ...state, committedNanoUsd: usd('9') } });

    await bench.run();

    expect(percentsTold()).toEqual([]);
  });

  it('goes by a raised limit while the raise lasts', async () => {
    const raised = { limitNanoUsd: usd('20'), untilMs: NOON_MS + MINUTE_MS };
    settled('5', { raised });

    await bench.run();
    expect(percentsTold()).toEqual([]);

    bench.clock.advance(MINUTE_MS);
    await bench.run();
    expect(percentsTold()).toEqual([50]);
  });

  it('of a window that has ended goes by the limit that was last seen in it', async () => {
    const yesterday = { pk: 'COUNTER#team-budget', sk: 'daily:2026-03-01T00+00:00@UTC' };
    settled('5', { limitNanoUsd: usd('1') }, { counter: yesterday, limitNanoUsd: usd('10') });

    await bench.run();

    expect(percentsTold()).toEqual([50]);
  });

  it('of a limit of zero is not reached by a counter that has settled nothing', async () => {
    settled('0', { limitNanoUsd: usd('0') });

    await bench.run();

    expect(percentsTold()).toEqual([]);
  });
});

describe('nothing is told', () => {
  it.each([
    ['of a cap that rests', { enabled: false }],
    ['of a cap that has ended', { expiresAtMs: NOON_MS }],
    ['of a cap without thresholds', { alertPercents: [] }],
    ['of a counter whose cap is gone', { capId: 'another' }],
  ])('%s', async (_title, rest) => {
    settled('10', rest);

    await bench.run();

    expect(percentsTold()).toEqual([]);
  });

  it('by a run that is not to tell, which leaves the marks to one that is', async () => {
    settled('5');
    const { events: _silent, ...ports } = bench.ports();
    const { ports: usual } = bench;
    bench.ports = () => ports;

    await bench.run();
    expect(bench.calls).toEqual([]);

    bench.ports = usual;
    await bench.run();
    expect(percentsTold()).toEqual([50]);
  });
});

describe('a run that died while it told', () => {
  it('before it marked the alert as told has it told again, five minutes later', async () => {
    settled('5');
    const left = { state: 'telling', atMs: NOON_MS, by: 'killed' } as const;
    bench.marks.set('COUNTER#team-budget alert:50', left);

    await bench.run();
    expect(percentsTold()).toEqual([]);
    bench.clock.advance(5 * MINUTE_MS);
    await bench.run();
    expect(percentsTold()).toEqual([50]);
  });

  it('with a clock far ahead does not keep it untold', async () => {
    settled('5');
    const ahead = { state: 'telling', atMs: NOON_MS + 365 * 1440 * MINUTE_MS, by: 'x' } as const;
    bench.marks.set('COUNTER#team-budget alert:50', ahead);

    await bench.run();

    expect(percentsTold()).toEqual([50]);
  });
});

describe('a bus that does not answer', () => {
  const failing = async () => {
    throw new Error('the bus did not answer');
  };

  it('leaves the threshold to the next run, says so, and fails nothing else', async () => {
    settled('5');
    bench.bus = failing;
    expect(await bench.run()).toMatchObject({ failed: 0, thresholdsTold: 0, eventsFailed: 1 });
    expect(bench.telemetry.metrics.get(METRIC.eventFailures)).toBe(1);

    bench.bus = async () => undefined;
    await bench.run();
    await bench.run();

    expect(percentsTold()).toEqual([50]);
  });

  it('keeps an ended window open until all its thresholds are told', async () => {
    const yesterday = { pk: 'COUNTER#team-budget', sk: 'daily:2026-03-01T00+00:00@UTC' };
    settled('5', {}, { counter: yesterday });
    bench.bus = failing;
    await bench.run();
    expect(bench.calls.filter((call) => /close|summarise/.test(call))).toEqual([]);

    bench.bus = async () => undefined;
    await bench.run();

    expect(bench.told.map(({ name }) => name)).toEqual([
      'hardcap.cap.threshold',
      'hardcap.window.closed',
    ]);
    expect(bench.calls.at(-1)).toBe('close COUNTER#team-budget');
  });
});

describe('who spent most', () => {
  const entry = (keyId: string, modelId: string, dollars: string) => ({
    keyId,
    atMs: NOON_MS - MINUTE_MS,
    line: {
      kind: 'charge',
      counters: [`COUNTER#team-budget/${TODAY}`],
      unsettled: [],
      modelId,
      costNanoUsd: usd(dollars),
      count: 1,
    } as const,
  });

  it('is told of keys and models by the journal, the dearest first', async () => {
    settled('5');
    bench.keyIds = ['red', 'blue'];
    bench.entries = [entry('red', 'haiku', '1'), entry('blue', 'opus', '4')];

    await bench.run();

    const { detail } = bench.told[0] ?? {};
    expect(detail).toMatchObject({
      topKeys: 'blue 4.00, red 1.00',
      topModels: 'opus 4.00, haiku 1.00',
    });
    expect(detail?.message).toContain('Most by key:    blue $4.00 (80 %), red $1.00 (20 %)');
  });

  it('is looked for only among the keys that the cap selects', async () => {
    settled('5', { selectors: { keys: ['b*'] } });
    bench.keyIds = ['red', 'blue'];
    bench.entries = [entry('blue', 'opus', '5')];

    await bench.run();

    expect(bench.pagesRead.filter((page) => page.includes('red'))).toEqual([]);
    expect(bench.told[0]?.detail).toMatchObject({ topKeys: 'blue 5.00' });
  });

  it('is said to be unknown where only a part of the journal was read in the time for it', async () => {
    settled('5');
    bench.keyIds = ['red', 'blue'];
    bench.faults = {
      journalPage: async ({ keyId }, next) => {
        if (keyId !== 'red' || next !== undefined) return { lines: [], next: undefined };
        bench.clock.advance(11_000);
        return { lines: [entry('red', 'haiku', '1').line], next: 'more' };
      },
    };

    await bench.run();

    expect(percentsTold()).toEqual([50]);
    expect(bench.told[0]?.detail).not.toHaveProperty('topKeys');
  });

  it('is said to be unknown where the journal cannot be read, and the threshold is told', async () => {
    settled('5');
    bench.faults = { journalPage: () => Promise.reject(new Error('throttled')) };

    await bench.run();

    expect(percentsTold()).toEqual([50]);
    expect(bench.told[0]?.detail).not.toHaveProperty('topKeys');
    expect(bench.told[0]?.detail.message).toContain('Who spent most is not known');
  });
});
