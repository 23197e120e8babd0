/**
 * A board's ports in memory, and caps that are near, at and over their limits.
 */
import type { BoardPorts, BoardRequest } from '../../lambda/application/cap-board.ts';
import { readBoard } from '../../lambda/application/cap-board.ts';
import type { Cap, MalformedCap } from '../../lambda/domain/cap.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { PastWindow } from '../../lambda/ports/board.ts';
import type { CounterState } from '../../lambda/ports/ledger.ts';
import { cap, usd, windowRule } from './builders.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** What a counter has settled and committed, and how many requests are in flight on it. */
export const books = (settled: string, committed = settled, inFlight = 0): CounterState => ({
  settledNanoUsd: usd(settled),
  committedNanoUsd: usd(committed),
  inFlight,
});

/** A bench on which a test lays out caps and counters by name (`cap` or `cap#value`). */
export function createBoardBench() {
  const clock = createVirtualClock();
  const bench = {
    clock,
    caps: [] as (Cap | MalformedCap)[],
    /** By name, of the cap's running window. */
    counters: new Map<string, CounterState>(),
    /** By name, of windows that have ended. */
    past: new Map<string, readonly PastWindow[]>(),
    /** Names of the counters that were read. */
    read: [] as string[],
    add(one: Cap, state?: CounterState, value?: string) {
      if (!bench.caps.includes(one)) bench.caps.push(one);
      const name = value === undefined ? one.capId : `${one.capId}#${value}`;
      if (state !== undefined) bench.counters.set(name, state);
    },
    board: (request: Partial<BoardRequest> = {}) =>
      readBoard(bench.ports(), { filter: '', page: 1, ...request }),
    ports: (): BoardPorts => ({
      caps: { readAll: async () => bench.caps },
      counters: {
        openKeys: async () =>
          [...bench.counters.keys()].map((name) => ({
            pk: `COUNTER#${name}`,
            sk: windowIdOf(bench.caps, name, clock.nowMs()),
          })),
        read: async (keys) => {
          const names = keys.map(({ pk }) => pk.slice('COUNTER#'.length));
          bench.read.push(...names);
          return names.map((name) => bench.counters.get(name));
        },
        latestWindows: async (pk) => bench.past.get(pk.slice('COUNTER#'.length)) ?? [],
      },
      clock,
    }),
  };
  return bench;
}

export type BoardBench = ReturnType<typeof createBoardBench>;

function windowIdOf(caps: readonly (Cap | MalformedCap)[], name: string, nowMs: number): string {
  const found = caps.find(({ capId }) => capId === name.split('#')[0]);
  if (found === undefined || 'problem' in found) throw new Error(`no cap of the counter ${name}`);
  return windowAt(found.window, nowMs).id;
}

/** Windows of a daily cap in UTC that settled these dollars, the newest first. */
export const pastDays = (nowMs: number, settled: readonly string[], limit: string): PastWindow[] =>
  settled.map((amount, index) => ({
    id: windowAt(windowRule('daily'), nowMs - (index + 1) * 86_400_000).id,
    settledNanoUsd: usd(amount),
    limitNanoUsd: usd(limit),
  }));

/** What a company of some teams may have on its board. */
export function fillBoard(bench: BoardBench): void {
  const nowMs = bench.clock.nowMs();
  const daily = (capId: string, limit: string, rest: Partial<Cap> = {}) =>
    cap({ capId, limitNanoUsd: usd(limit), ...rest });
  bench.add(daily('prod', '200'), books('171.2034', '188.41', 12));
  bench.past.set(
    'prod',
    pastDays(
      nowMs,
      ['142.10', '200', '161.2', '88', '41.5', '151', '171', '164.2', '199.2'],
      '200',
    ),
  );
  bench.add(daily('staging', '5', { selectors: { keys: ['staging'] } }), books('5.0000'));
  bench.past.set('staging', pastDays(nowMs, ['4.1', '2.2', '5', '0.3', '5', '4.9'], '5'));
  bench.add(
    daily('research-pool', '1000', {
      window: windowRule('monthly', { timeZone: 'Europe/Paris' }),
      selectors: { teams: ['research'] },
      action: 'clamp',
    }),
    books('412.5', '431.75', 3),
  );
  const each = daily('each-developer', '10', { splitBy: 'key', selectors: { teams: ['dev*'] } });
  bench.add(each, books('10.4', '10.4'), 'alice');
  bench.add(each, books('8.35', '8.60', 1), 'bob');
  bench.add(each, books('0.0412'), 'carmen-with-a-rather-long-key-name-of-40-c');
  bench.add(
    daily('lifetime-trial', '25', { window: windowRule('lifetime'), streaming: 'progressive' }),
    books('3.9'),
  );
  bench.add(
    daily('shadow-opus', '50', {
      action: 'warn',
      window: windowRule('weekly'),
      selectors: { models: ['*opus*'] },
    }),
    books('64.002', '66', 1),
  );
  bench.add(daily('old-campaign', '100', { enabled: false }), books('12'));
  bench.add(daily('per-run', '2', { splitBy: 'tag:run', window: windowRule('hourly') }));
  bench.caps.push({
    capId: 'brokn',
    field: 'window',
    problem: 'must be one of hourly, daily, weekly, monthly, lifetime; it is "dayly"',
  });
}
