/**
 * What other gateways got wrong about windows, resets and limits that change: each test carries
 * its number in docs/known-failures.md.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { wireRefusalOf } from '../../lambda/adapters/http/error-response.ts';
import { parseCap } from '../../lambda/adapters/settings/setting-items.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { limitAt } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { UpstreamResponse } from '../../lambda/ports/upstream.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import {
  converseAnswer,
  createFakePorts,
  guardedRequest,
  guardOptions,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

const HOUR_MS = 3_600_000;
/** What one request of these tests costs: 100 tokens at $1 and 10 at $5 a million. */
const COST = '0.00015';
/** Room for one request's worst case, and not for a second once one is spent. */
const ONE_REQUEST = usd('0.0008');

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

const useCaps = (...caps: Cap[]): void => {
  ports.settings.table = settingsTable({ caps });
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
};

async function ask() {
  const guard = createSpendGuard(ports, guardOptions());
  const answer = await guard.handle(guardedRequest(clock, ports.sink));
  await answer.done;
  return answer;
}

/** Asks until a cap refuses, and says how many were let in before. */
async function askUntilRefused(): Promise<number> {
  for (let admitted = 0; admitted < 1_000; admitted += 1) {
    if ((await ask()).kind === 'refused') return admitted;
  }
  throw new Error('no cap refused');
}

const settledByWindow = (capId: string) =>
  Object.fromEntries(
    [...ports.ledger.counters]
      .filter(([name]) => name.startsWith(`COUNTER#${capId}/`))
      .map(([name, books]) => [name.split('/').at(-1), formatUsd(books.settledNanoUsd)]),
  );

describe('a new window', () => {
  it('T37 begins at zero for every cap at once, with no job that could miss one', async () => {
    useCaps(
      cap({ limitNanoUsd: ONE_REQUEST }),
      cap({ capId: 'other', limitNanoUsd: ONE_REQUEST, splitBy: 'key' }),
    );
    await askUntilRefused();

    clock.advance(12 * HOUR_MS);

    expect((await ask()).kind).toBe('complete');
  });

  it('T38 is a calendar month, not 30 days, and does not begin at the first use', () => {
    const monthly = windowRule('monthly');
    const used = windowAt(monthly, Date.UTC(2026, 0, 31, 15, 43));

    expect(used.startsAtMs).toBe(Date.UTC(2026, 0, 1));
    expect(used.endsAtMs).toBe(Date.UTC(2026, 1, 1));
    expect(windowAt(monthly, Date.UTC(2026, 1, 10)).endsAtMs).toBe(Date.UTC(2026, 2, 1));
  });

  it('T39 has one name: what only looks like "daily" is refused, not read otherwise', () => {
    for (const window of ['1d', 'day', 'Daily', '24h', '']) {
      const read = parseCap({ pk: 'CAP', sk: 'team', v: 1, limitUsd: '1', window });
      expect(read).toMatchObject({ field: 'window' });
    }
  });

  it('T39 begins when the refusal said, in the cap’s own zone and week', async () => {
    const rule = windowRule('weekly', { timeZone: 'America/New_York', weekStart: 'sunday' });
    useCaps(cap({ limitNanoUsd: ONE_REQUEST, window: rule }));
    await askUntilRefused();
    const refused = await ask();
    if (refused.kind !== 'refused') throw new Error('it was let in');
    const { headers } = wireRefusalOf(refused.refusal, 429);
    const resetsAtMs = Date.parse(headers['x-hardcap-resets-at'] ?? '');
    // The clocks go forward on that Sunday at two, an hour after the week has begun.
    expect(new Date(resetsAtMs).toISOString()).toBe('2026-03-08T05:00:00.000Z');

    clock.advance(resetsAtMs - clock.nowMs() - 1);
    expect((await ask()).kind).toBe('refused');
    clock.advance(1);
    expect((await ask()).kind).toBe('complete');
  });

  it('T39 of a day on which clocks change has 23 or 25 hours', () => {
    const rule = windowRule('daily', { timeZone: 'Europe/Paris' });
    const lengths = [Date.UTC(2026, 2, 29, 12), Date.UTC(2026, 9, 25, 12)].map((atMs) => {
      const { startsAtMs, endsAtMs = 0 } = windowAt(rule, atMs);
      return (endsAtMs - startsAtMs) / HOUR_MS;
    });

    expect(lengths).toEqual([23, 25]);
  });

  it('T40 takes nothing of a request that was reserved in the window before', async () => {
    useCaps(cap());
    const { promise: gate, resolve: open } = Promise.withResolvers<UpstreamResponse>();
    ports.upstream.respond = () => gate;
    clock.advance(12 * HOUR_MS - 1_000);
    const running = ask();
    await settleDown();

    clock.advance(2_000);
    open(converseAnswer(100, 10));
    await running;

    expect(settledByWindow('team-budget')).toEqual({ 'daily:2026-03-02T00+00:00@UTC': COST });
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('T41 is the only thing that gives room back: time within a window gives none', async () => {
    useCaps(cap({ limitNanoUsd: ONE_REQUEST }));
    await askUntilRefused();

    for (let hour = 13; hour < 24; hour += 1) {
      clock.advance(HOUR_MS);
      expect((await ask()).kind).toBe('refused');
    }
    clock.advance(HOUR_MS);
    expect((await ask()).kind).toBe('complete');
  });
});

describe('a cap that is changed', () => {
  it('T36 starts at zero where it is new, whatever was spent before', async () => {
    useCaps(cap());
    for (let i = 0; i < 10; i += 1) await ask();

    useCaps(cap(), cap({ capId: 'new', limitNanoUsd: ONE_REQUEST }));

    expect((await ask()).kind).toBe('complete');
    expect(settledByWindow('new')).toEqual({ 'daily:2026-03-02T00+00:00@UTC': COST });
  });

  it('T36 keeps what was spent where only its limit, its models or its note change', async () => {
    useCaps(cap({ limitNanoUsd: ONE_REQUEST }));
    const admitted = await askUntilRefused();
    const before = settledByWindow('team-budget');

    useCaps(cap({ limitNanoUsd: ONE_REQUEST, note: 'seen', selectors: { models: ['*'] } }));
    expect((await ask()).kind).toBe('refused');
    useCaps(cap({ limitNanoUsd: usd('0.0016') }));
    expect(await askUntilRefused()).toBeGreaterThan(0);

    expect(Number(before['daily:2026-03-02T00+00:00@UTC'])).toBeCloseTo(admitted * 0.00015, 9);
  });

  it('T42 loses its raise when the raise ends, to the millisecond', () => {
    const raised = cap({
      limitNanoUsd: usd('5'),
      raised: { limitNanoUsd: usd('50'), untilMs: NOON_MS },
    });

    expect([NOON_MS - 1, NOON_MS].map((atMs) => formatUsd(limitAt(raised, atMs)))).toEqual([
      '50.00',
      '5.00',
    ]);
  });

  it('T42 cannot be raised without an end', () => {
    const item = { pk: 'CAP', sk: 'team', v: 1, limitUsd: '5', window: 'daily' };

    expect(parseCap({ ...item, raisedLimitUsd: '50' })).toMatchObject({ field: 'raisedUntil' });
  });
});
