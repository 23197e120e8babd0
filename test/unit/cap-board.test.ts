/**
 * Rules of the board of caps: order, pages, what is read for it, and what is never left out.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Board, MAX_COUNTERS, PAGE_ROWS } from '../../lambda/application/cap-board.ts';
import type { MalformedCap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { type BoardBench, books, createBoardBench, pastDays } from '../helpers/board-bench.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';

let bench: BoardBench;
beforeEach(() => {
  bench = createBoardBench();
});

const names = ({ rows }: Board) => rows.map(({ name }) => name);
const broken: MalformedCap = { capId: 'broken', field: 'window', problem: 'must be one of daily' };

describe('the order', () => {
  it('has caps over their limit first, then at it, near it, with room, and off', async () => {
    bench.add(cap({ capId: 'off', enabled: false }), books('10'));
    bench.add(cap({ capId: 'room' }), books('1'));
    bench.add(cap({ capId: 'near' }), books('2', '8'));
    bench.add(cap({ capId: 'full' }), books('10'));
    bench.add(cap({ capId: 'over' }), books('11'));

    const board = await bench.board();

    expect(names(board)).toEqual(['over', 'full', 'near', 'room', 'off']);
    expect(board.levels).toEqual({ over: 1, full: 1, near: 1, room: 1, off: 1 });
  });

  it('takes a limit of zero for full, and a raise for a higher limit', async () => {
    const raised = { limitNanoUsd: usd('20'), untilMs: bench.clock.nowMs() + 1 };
    bench.add(cap({ capId: 'zero', limitNanoUsd: usd('0') }));
    bench.add(cap({ capId: 'raised', raised }), books('9.5'));

    expect((await bench.board()).levels).toMatchObject({ full: 1, room: 1 });
  });

  it('has the fuller first within a level, and equal ones by name', async () => {
    bench.add(cap({ capId: 'b' }), books('1'));
    bench.add(cap({ capId: 'c' }), books('2'));
    bench.add(cap({ capId: 'a' }), books('1'));

    expect(names(await bench.board())).toEqual(['c', 'a', 'b']);
  });

  it('ends with split caps that nobody has used in this window', async () => {
    bench.add(cap({ capId: 'each', splitBy: 'key' }));
    bench.add(cap({ capId: 'z' }));

    expect((await bench.board()).rows.map(({ kind, name }) => [kind, name])).toEqual([
      ['counter', 'z'],
      ['unused', 'each'],
    ]);
  });
});

describe('pages', () => {
  beforeEach(() => {
    const each = cap({ capId: 'each', splitBy: 'key' });
    for (let key = 0; key < 250; key += 1) bench.add(each, books('1'), `k${1000 + key}`);
  });

  it('hold a hundred rows each, and every row is on one of them', async () => {
    const pages = await Promise.all([1, 2, 3].map((page) => bench.board({ page })));

    expect(pages.map(({ rows }) => rows.length)).toEqual([PAGE_ROWS, PAGE_ROWS, 50]);
    expect(new Set(pages.flatMap(names)).size).toBe(250);
    expect(pages[1]).toMatchObject({ page: 2, pages: 3, skipped: 100, total: 250 });
  });

  it.each([0, -3, 99, Number.NaN, 1.5])('take %s for a page that there is', async (page) => {
    const board = await bench.board({ page });

    expect(board.page).toBeGreaterThanOrEqual(1);
    expect(board.page).toBeLessThanOrEqual(3);
    expect(board.rows.length).toBeGreaterThan(0);
  });
});

describe('what is read', () => {
  it('is the counters that the filter lets through, and no others', async () => {
    const each = cap({ capId: 'each', splitBy: 'key' });
    bench.add(each, books('1'), 'alice');
    bench.add(each, books('1'), 'bob');
    bench.add(cap({ capId: 'all' }), books('1'));

    const board = await bench.board({ filter: 'key:alice' });

    expect(names(board)).toEqual(['each#alice']);
    expect(bench.read).toEqual(['each#alice']);
  });

  it('is bounded, and the board says how many are missing', async () => {
    const each = cap({ capId: 'each', splitBy: 'key' });
    for (let key = 0; key < MAX_COUNTERS + 7; key += 1) bench.add(each, books('1'), `k${key}`);

    const board = await bench.board();

    expect(board.unread).toBe(7);
    expect(bench.read).toHaveLength(MAX_COUNTERS);
  });
});

it('shows a cap that cannot be read whatever is filtered', async () => {
  bench.caps.push(broken);

  expect(await bench.board({ filter: 'nothing-like-it' })).toMatchObject({
    malformed: [broken],
    capCount: 1,
    total: 0,
  });
});

describe('past windows', () => {
  const settled = ({ histories }: Board) =>
    histories.map(({ windows }) => windows.map((one) => formatUsd(one.settledNanoUsd)));

  it('stand oldest first before the running one, and a window without a counter is zero', async () => {
    bench.add(cap({ capId: 'a' }), books('7'));
    const [yesterday, , threeDaysAgo] = pastDays(bench.clock.nowMs(), ['3', '9', '5'], '10');
    bench.past.set(
      'a',
      [yesterday, threeDaysAgo].filter((one) => one !== undefined),
    );

    const board = await bench.board();

    expect(settled(board)).toEqual([['5.00', '0.00', '3.00', '7.00']]);
    expect(board.histories[0]?.windows.map(({ isRunning }) => isRunning)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it('are of the first three rows that have some, while no cap is chosen', async () => {
    for (const [index, capId] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      bench.add(cap({ capId }), books(String(9 - index)));
      if (capId !== 'b') bench.past.set(capId, pastDays(bench.clock.nowMs(), ['1'], '10'));
    }

    expect((await bench.board()).histories.map(({ name }) => name)).toEqual(['a', 'c', 'd']);
  });

  it('are of the chosen row, also where it is on another page, and a lifetime has none', async () => {
    bench.add(cap({ capId: 'a' }), books('1'));
    bench.add(cap({ capId: 'life', window: windowRule('lifetime') }), books('2'));

    const chosen = await bench.board({ chosen: 'life' });

    expect(settled(chosen)).toEqual([['2.00']]);
    expect((await bench.board({ chosen: 'gone' })).histories).toEqual([]);
  });
});
