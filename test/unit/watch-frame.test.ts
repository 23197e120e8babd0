/**
 * Rules of the watched screen: it fits any terminal, hides nothing in silence, and obeys nobody's
 * text.
 */
import { describe, expect, it } from 'vitest';
import { type FrameSize, type Paint, watchFrame } from '../../bin/commands/watch-frame.ts';
import {
  requestRate,
  viewAfter,
  viewAfterFailure,
  type WatchView,
  watchJson,
} from '../../bin/commands/watch-view.ts';
import { shownWidth } from '../../bin/commands/wrapping.ts';
import type { RecentEntry } from '../../lambda/ports/board.ts';
import { type BoardBench, books, createBoardBench, fillBoard } from '../helpers/board-bench.ts';
import { cap, usd } from '../helpers/builders.ts';

const plain: Paint = (_style, text) => text;
const SIZES = [60, 80, 120].flatMap((columns) => [10, 40].map((rows) => ({ columns, rows })));

const entry = (rest: Partial<RecentEntry> = {}): RecentEntry => ({
  atMs: 0,
  requestId: 'one',
  keyId: 'alice',
  modelId: 'amazon.nova-pro-v1:0',
  outcome: 'refused',
  reason: 'spent',
  reservedNanoUsd: usd('1'),
  costNanoUsd: usd('0'),
  count: 1,
  counters: ['COUNTER#staging/daily:x'],
  ...rest,
});

async function viewOf(bench: BoardBench, entries: RecentEntry[] = []): Promise<WatchView> {
  const board = await bench.board({ withHistories: false });
  return viewAfter(undefined, 'the local gateway', {
    board,
    requests: { entries, isWhole: true },
    reads: 1,
  });
}

const frameOf = (view: WatchView, size: FrameSize) => watchFrame(view, size, 2_000, plain);

function manyCaps(count: number): BoardBench {
  const bench = createBoardBench();
  for (let n = 0; n < count; n += 1) {
    bench.add(cap({ capId: `team-${n}` }), books(String(n % 12)));
  }
  return bench;
}

const HOSTILE = '\u001b[2Jid\u202e\n\u0007\u2028全角ＡＢ';

describe.each(SIZES)('at $columns columns and $rows rows', (size) => {
  const refusals = Array.from({ length: 30 }, (_, n) =>
    entry({ requestId: `r${n}`, atMs: n, reason: HOSTILE, keyId: HOSTILE.repeat(5) }),
  );
  const benches = {
    none: createBoardBench(),
    many: manyCaps(200),
    mixed: createBoardBench(),
    hostile: createBoardBench(),
  };
  fillBoard(benches.mixed);
  const named = cap({ capId: HOSTILE.repeat(9), splitBy: 'key' });
  benches.hostile.add(named, books('9', '11', 2), HOSTILE.repeat(9));
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    benches.hostile.caps.push({ capId: HOSTILE + id, field: HOSTILE, problem: HOSTILE.repeat(9) });
  }

  it.each(Object.entries(benches))('%s caps fit', async (_name, bench) => {
    const view = await viewOf(bench, refusals);
    const failed = viewAfterFailure(view, `${HOSTILE.repeat(30)}\nagain`, 0);

    for (const lines of [frameOf(view, size), frameOf(failed, size)]) {
      expect(lines.length).toBeLessThanOrEqual(size.rows);
      expect(Math.max(...lines.map(shownWidth))).toBeLessThanOrEqual(size.columns);
      expect(lines.join('')).not.toMatch(/[\p{Cc}\u202e\u2028]/u);
    }
  });

  it('counts the caps that have no room', async () => {
    const lines = frameOf(await viewOf(manyCaps(200)), size);
    const shown = lines.filter((line) => line.startsWith('team-')).length;

    expect(shown).toBeGreaterThan(0);
    expect(lines).toContain(`and ${200 - shown} more: hardcap status shows all`);
  });
});

describe('a frame', () => {
  const WIDE = { columns: 140, rows: 40 };

  it('shows over, full and near caps before those with room, and says what only warns', async () => {
    const bench = createBoardBench();
    fillBoard(bench);

    const text = frameOf(await viewOf(bench), WIDE).join('\n');

    const order = ['shadow-opus', 'each-developer / alice', 'staging', 'prod', 'research-pool'];
    const places = order.map((name) => text.indexOf(name));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
    expect(text).toMatch(/shadow-opus +█+ +132% warns/);
    expect(text).toMatch(/old-campaign .* off /);
    expect(text).toMatch(/per-run \(each tag:run\) +not used in this window/);
    expect(text).toContain('refuses, cannot be read: brokn: window must be one of');
  });

  it('fills a bar only where the cap is full, and shows the least that is begun', async () => {
    const bench = createBoardBench();
    bench.add(cap({ capId: 'nearly' }), books('9.9999'));
    bench.add(cap({ capId: 'begun' }), books('0.0001', '0.0002', 1));
    bench.add(cap({ capId: 'zero', limitNanoUsd: usd('0') }), books('0'));

    const lines = frameOf(await viewOf(bench), WIDE);

    expect(lines.find((line) => line.startsWith('nearly'))).toMatch(/█░ +99%/);
    expect(lines.find((line) => line.startsWith('begun'))).toMatch(/ █░+ +0% +1 /);
    expect(lines.find((line) => line.startsWith('zero'))).toMatch(/ █+ +100% +full /);
  });

  it('shows who was refused by what, how often and why', async () => {
    const refusal = entry({ atMs: 3_723_000, count: 12, counters: ['COUNTER#team#ann/daily:x'] });

    const lines = frameOf(await viewOf(manyCaps(3), [refusal]), WIDE);

    expect(lines).toContain(
      '01:02:03 alice refused by team / ann, 12 times: spent (amazon.nova-pro-v1:0)',
    );
  });

  it('keeps what was read while readings fail, and says since when', async () => {
    const view = await viewOf(manyCaps(3));
    const failed = viewAfterFailure(
      viewAfterFailure(view, 'no network', 1_000),
      'no answer',
      9_000,
    );

    const lines = frameOf(failed, WIDE);

    expect(lines).toContain('not read since 00:00:01: no answer');
    expect(lines.join('\n')).toContain('team-2');
  });
});

describe('what is known from reading to reading', () => {
  it('remembers refusals that left the end of the journal, each once', async () => {
    const before = await viewOf(manyCaps(1), [entry(), entry({ requestId: 'two', atMs: 5 })]);
    const requests = {
      entries: [
        entry({ requestId: 'two', atMs: 5 }),
        entry({ requestId: 'paid', atMs: 7, outcome: 'settled' }),
      ],
      isWhole: true,
    };

    const after = viewAfter(before, 'x', { board: before.board, requests, reads: 1 });

    expect(after.refusals.map(({ requestId }) => requestId)).toEqual(['two', 'one']);
  });

  it('counts every request of the last ten seconds, those that one entry stands for too', () => {
    const entries = [
      entry({ atMs: 19_000, count: 12 }),
      entry({ atMs: 15_000, outcome: 'settled' }),
      entry({ atMs: 15_000, outcome: 'expired' }),
      entry({ atMs: 9_000, outcome: 'settled' }),
    ];

    expect(requestRate({ entries }, 20_000)).toBe(1.3);
  });

  it('takes the time of the entries where there are more than are read', () => {
    const entries = Array.from({ length: 50 }, (_, n) =>
      entry({ atMs: 20_000 - n * 20, outcome: 'settled' }),
    );

    expect(requestRate({ entries }, 20_000)).toBeCloseTo(50 / 0.98);
  });

  it('says in JSON how many counters it left out', async () => {
    const line = watchJson(await viewOf(manyCaps(130), [entry()]));

    expect(line.counters).toHaveLength(100);
    expect(line.more).toBe(30);
    expect(line.refusals).toMatchObject([{ key: 'alice', cap: 'staging', reason: 'spent' }]);
  });
});
