/**
 * A request that does not fit at first: counted, lowered under caps that clamp, or refused.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { GuardedAnswer } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import {
  COUNT_TIMEOUT_MS,
  UNAVAILABLE_PAUSE_MS,
  UNSUPPORTED_PAUSE_MS,
} from '../../lambda/application/token-counting.ts';
import { METRIC } from '../../lambda/contract.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  createFakeTokenCounter,
  type FakeTokenCounter,
  guardedRequest,
  guardOptions,
  jsonBytes,
  response,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';
const WINDOW = 'daily:2026-03-02T00+00:00@UTC';
/** 10,000 bytes; its bound by bytes is some $0.0102. */
const LONG = 'x'.repeat(10_000);

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
let counter: FakeTokenCounter;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
  counter = createFakeTokenCounter(ports.events);
  // An answer without usage is charged in full, so that the books show what was reserved.
  ports.upstream.respond = async () => response(200, [Buffer.from('{}')]);
});

const body = (maxTokens: number | undefined, text = 'hello', rest: object = {}) =>
  parseBody(
    jsonBytes({
      messages: [{ role: 'user', content: [{ text }] }],
      ...(maxTokens === undefined ? {} : { inferenceConfig: { maxTokens } }),
      ...rest,
    }),
  );

function useCaps(caps: readonly Cap[], key = callerKey()): void {
  ports.settings.table = settingsTable({ caps, key });
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
}

function spend(pk: string, amount: string, reserved?: string): void {
  ports.ledger.counters.set(`${pk}/${WINDOW}`, {
    settledNanoUsd: usd(amount),
    reservations: new Map(reserved === undefined ? [] : [['another', usd(reserved)]]),
    cutUntilMs: 0,
  });
}

const clampCap = (limit: string, rest: Partial<Cap> = {}) =>
  cap({ action: 'clamp', limitNanoUsd: usd(limit), ...rest });

let guard: ReturnType<typeof createSpendGuard> | undefined;
beforeEach(() => {
  guard = undefined;
});

async function ask(rest: Parameters<typeof guardedRequest>[2] = {}): Promise<GuardedAnswer> {
  guard ??= createSpendGuard({ ...ports, tokenCounter: counter }, guardOptions());
  const answer = await guard.handle(guardedRequest(clock, ports.sink, rest));
  await answer.done;
  return answer;
}

async function admitted(rest: Parameters<typeof guardedRequest>[2] = {}) {
  const answer = await ask(rest);
  if (answer.kind !== 'complete') throw new Error(`the answer is ${answer.kind}`);
  return answer;
}

const sentLimit = (): unknown => {
  const sent = JSON.parse(Buffer.from(ports.upstream.sent.at(-1)?.body ?? []).toString());
  return sent.inferenceConfig?.maxTokens;
};
const reserves = (pk = TEAM) => ports.events.filter((event) => event === `reserve ${pk}`).length;
const settledUsd = (pk = TEAM) => formatUsd(ports.ledger.books(pk).settledNanoUsd);

describe('a request that fits at once', () => {
  it('takes its one reserve and nothing else', async () => {
    useCaps([clampCap('10')]);

    const { head } = await admitted({ body: body(100) });

    expect(ports.events.slice(0, 3)).toEqual([`reserve ${TEAM}`, `reserved ${TEAM}`, 'send']);
    expect(head).not.toHaveProperty('clampedMaxTokens');
    expect(ports.telemetry.metrics.get(METRIC.clamped)).toBeUndefined();
    expect(ports.ledger.journal[0]).not.toHaveProperty('clampedMaxTokens');
  });
});

describe('a cap that clamps', () => {
  beforeEach(() => {
    counter.answer = () => ({ kind: 'unsupported', why: 'test' });
  });

  it('lowers max_tokens to what remains, says so, and reserves no more than that', async () => {
    useCaps([clampCap('0.01')]);
    spend(TEAM, '0.002');

    const { head } = await admitted({ body: body(10_000) });

    expect(head.clampedMaxTokens).toBe(sentLimit());
    expect(head.clampedMaxTokens).toBeGreaterThan(1_500);
    expect(head.clampedMaxTokens).toBeLessThan(1_600);
    // A token more is 5,000 nano-dollars; the number that is written has a digit, 1,000, less.
    const left = usd('0.01') - ports.ledger.books(TEAM).settledNanoUsd;
    expect(left >= 0n && left < 6_000n).toBe(true);
    expect(ports.telemetry.metrics.get(METRIC.clamped)).toBe(1);
    expect(ports.ledger.journal).toMatchObject([{ clampedMaxTokens: head.clampedMaxTokens }]);
  });

  it('lowers the limit that a request without one would have had', async () => {
    useCaps([clampCap('0.01', { defaultMaxTokens: 8_000 })]);

    await admitted({ body: body(undefined) });

    expect(sentLimit()).toBeGreaterThan(1_900);
    expect(sentLimit()).toBeLessThan(2_000);
  });

  it('is decided by the one with the least left, where several refuse', async () => {
    useCaps([clampCap('0.01'), clampCap('0.02', { capId: 'other' })]);
    spend('COUNTER#other', '0.015');

    const { head } = await admitted({ body: body(10_000) });

    expect(head.clampedMaxTokens).toBeLessThan(1_000);
    expect(ports.ledger.books('COUNTER#other').settledNanoUsd <= usd('0.02')).toBe(true);
    expect(ports.ledger.books('COUNTER#other').settledNanoUsd > usd('0.01999')).toBe(true);
    expect(reserves('COUNTER#other')).toBe(2);
  });

  it('lowers nothing where a block cap refuses the request as it was asked', async () => {
    useCaps([clampCap('0.01'), cap({ capId: 'other', limitNanoUsd: usd('0.02') })]);

    expect(await ask({ body: body(10_000) })).toMatchObject({ kind: 'refused' });
    expect(ports.upstream.sent).toEqual([]);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('lowers the request though a block cap has room, and a warn cap has none', async () => {
    const caps = [cap({ capId: 'block' }), cap({ capId: 'warn', action: 'warn' as const })];
    useCaps([clampCap('0.01'), ...caps]);
    spend('COUNTER#warn', '11');

    const { head } = await admitted({ body: body(10_000) });

    expect(head.clampedMaxTokens).toBeGreaterThan(1_900);
    expect(settledUsd('COUNTER#block')).toBe(settledUsd());
  });

  it('takes what others hold in flight as gone', async () => {
    useCaps([clampCap('0.01')]);
    spend(TEAM, '0', '0.005');

    const { head } = await admitted({ body: body(10_000) });

    expect(head.clampedMaxTokens).toBeLessThan(1_000);
    expect(head.clampedMaxTokens).toBeGreaterThan(900);
  });

  it.each([
    ['0.001', 'refused'],
    ['0.0016', 'complete'],
  ])('with $%s left makes it %s: below 256 tokens an answer is of no use', async (left, kind) => {
    useCaps([clampCap(left)]);

    expect((await ask({ body: body(10_000) })).kind).toBe(kind);
  });

  it('refuses a request that asked for less than what is of use, and does not fit', async () => {
    useCaps([clampCap('0.0005')]);

    expect((await ask({ body: body(100) })).kind).toBe('refused');
  });

  it('T43 keeps max_tokens above the thinking budget, and refuses where it cannot', async () => {
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    const asked = body(10_000, 'hello', { additionalModelRequestFields: { thinking } });
    useCaps([clampCap('0.02')]);
    const { head } = await admitted({ body: asked });
    expect(head.clampedMaxTokens).toBeGreaterThanOrEqual(2_256);

    useCaps([clampCap('0.0115', { capId: 'tight' })]);
    expect((await ask({ body: asked })).kind).toBe('refused');
  });

  it('refuses where too many requests are in flight: a smaller one would be one more', async () => {
    useCaps([clampCap('0.01')]);
    const state = { settledNanoUsd: usd('0'), committedNanoUsd: usd('0'), inFlight: 2_000 };
    let asked = 0;
    ports.ledger.reserve = async () => {
      asked += 1;
      return { kind: 'refused', reason: 'in-flight-limit', state };
    };

    expect((await ask({ body: body(10_000) })).kind).toBe('refused');
    expect(asked).toBe(1);
  });

  it('refuses while a counter that has cut a stream is shut', async () => {
    useCaps([clampCap('1')]);
    spend(TEAM, '0');
    ports.ledger.books(TEAM).cutUntilMs = clock.nowMs() + 10_000;

    expect((await ask({ body: body(10_000) })).kind).toBe('refused');
    expect(reserves()).toBe(1);
  });

  it('tells a refused caller the cost of what was asked, not of what was tried', async () => {
    useCaps([clampCap('0.01')]);
    ports.ledger.fault = (call, pk) => {
      // Another takes nearly all between the first try and the second.
      if (call === 'reserve' && reserves(pk) === 2) spend(pk, '0.0099');
      return undefined;
    };

    const answer = await ask({ body: body(10_000) });

    if (answer.kind !== 'refused') throw new Error(answer.kind);
    expect(answer.refusal.boundNanoUsd > usd('0.05')).toBe(true);
    expect(formatUsd(answer.refusal.state.settledNanoUsd)).toBe('0.0099');
  });

  it('T3 tries again where others were quicker, three times, and leaves nothing behind', async () => {
    useCaps([clampCap('0.1')]);
    let taken = 0;
    ports.ledger.fault = (call) => {
      if (call !== 'reserve') return undefined;
      taken += 1;
      spend(TEAM, `0.0${taken * 2}`);
      return undefined;
    };

    expect((await ask({ body: body(30_000) })).kind).toBe('refused');
    expect(reserves()).toBe(4);
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.upstream.sent).toEqual([]);
  });

  it('T25 makes a reservation of its own for each try, by a new id, for what is then sent', async () => {
    useCaps([clampCap('0.1')]);
    spend(TEAM, '0.05');
    const reserve = ports.ledger.reserve.bind(ports.ledger);
    const tries: { id: string; amountNanoUsd: bigint }[] = [];
    ports.ledger.reserve = (request) => {
      tries.push({ id: request.reservationId, amountNanoUsd: request.amountNanoUsd });
      // Another is quicker before the second try.
      if (tries.length === 2) spend(TEAM, '0.07');
      return reserve(request);
    };

    const { head } = await admitted({ body: body(30_000) });

    expect(tries).toHaveLength(3);
    expect(new Set(tries.map(({ id }) => id)).size).toBe(3);
    expect(head.reservedNanoUsd).toBe(tries[2]?.amountNanoUsd);
    expect(ports.ledger.journal).toMatchObject([
      { reservationId: tries[2]?.id, reservedNanoUsd: tries[2]?.amountNanoUsd },
    ]);
    expect(sentLimit()).toBe(head.clampedMaxTokens);
    expect(ports.upstream.sent).toHaveLength(1);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('T44 lowers an absurd max_tokens to what remains', async () => {
    useCaps([clampCap('0.1')]);

    const { head } = await admitted({ body: body(999_999_999) });

    expect(head.clampedMaxTokens).toBeLessThan(20_000);
    expect(ports.ledger.books(TEAM).settledNanoUsd <= usd('0.1')).toBe(true);
  });
});

describe('a count', () => {
  it('lets a request in that its bytes kept out, and is noted', async () => {
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);

    const { head } = await admitted({ body: body(100, LONG) });

    expect(counter.asked).toMatchObject([
      { region: 'us-east-1', baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0' },
    ]);
    expect(head.reservedNanoUsd < usd('0.001')).toBe(true);
    expect(head).not.toHaveProperty('clampedMaxTokens');
    expect(ports.ledger.journal).toMatchObject([{ countedInputTokens: 10 }]);
    expect(reserves()).toBe(2);
  });

  it('is asked for though the cap is near its end by what was settled', async () => {
    useCaps([cap({ limitNanoUsd: usd('1') })]);
    spend(TEAM, '0.998');

    expect((await ask({ body: body(100, LONG) })).kind).toBe('complete');
  });

  it.each([
    ['what remains does not cover the output', body(1_000, LONG), '0.004'],
    ['what remains does not cover an eighth of the body', body(100, LONG), '0.0015'],
    ['nothing remains', body(100, LONG), '0'],
  ])('is not asked for where %s', async (_, asked, limit) => {
    useCaps([cap({ limitNanoUsd: usd(limit) })]);

    expect((await ask({ body: asked })).kind).toBe('refused');
    expect(counter.asked).toEqual([]);
  });

  it('goes before lowering: what fits whole by its count is not clamped', async () => {
    useCaps([clampCap('0.008')]);

    const { head } = await admitted({ body: body(1_000, LONG) });

    expect(head).not.toHaveProperty('clampedMaxTokens');
    expect(sentLimit()).toBe(1_000);
  });

  it('and lowering go together where the count alone is not enough', async () => {
    counter.answer = () => ({ kind: 'counted', inputTokens: 2_500 });
    useCaps([clampCap('0.008')]);

    const { head } = await admitted({ body: body(10_000, LONG) });

    expect(head.clampedMaxTokens).toBeGreaterThan(1_000);
    expect(head.clampedMaxTokens).toBeLessThan(1_100);
    expect(ports.ledger.journal).toMatchObject([{ countedInputTokens: 2_500 }]);
  });

  it('is not asked for where lowering by bytes leaves something of use', async () => {
    useCaps([clampCap('0.02')]);

    await admitted({ body: body(10_000, LONG) });

    expect(counter.asked).toEqual([]);
  });

  it('is asked for once, however often the request is tried', async () => {
    counter.answer = () => ({ kind: 'rejected', why: 'test' });
    useCaps([clampCap('0.016')]);
    ports.ledger.fault = (call, pk) => {
      if (call === 'reserve' && reserves(pk) === 2) spend(pk, '0.002');
      return undefined;
    };

    expect((await ask({ body: body(2_000, LONG) })).kind).toBe('complete');
    expect(reserves()).toBe(3);
    expect(counter.asked).toHaveLength(1);
  });

  it('that is larger than the bound by bytes changes nothing', async () => {
    counter.answer = () => ({ kind: 'counted', inputTokens: 1_000_000 });
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);

    expect((await ask({ body: body(100, LONG) })).kind).toBe('refused');
  });

  it.each([0, -5, 0.5, Number.NaN])('of %s is none', async (inputTokens) => {
    counter.answer = () => ({ kind: 'counted', inputTokens });
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);

    expect((await ask({ body: body(100, LONG) })).kind).toBe('refused');
  });

  it('is waited for no longer than a second, nor past the deadline', async () => {
    counter.answer = () => ({ kind: 'rejected', why: 'test' });
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);

    await ask({ body: body(100, LONG) });
    await ask({ body: body(100, LONG), deadlineAtMs: clock.nowMs() + 300 });

    expect(counter.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([COUNT_TIMEOUT_MS, 300]);
    expect(await ask({ body: body(100, LONG), deadlineAtMs: clock.nowMs() })).toMatchObject({
      kind: 'refused',
    });
  });

  it.each([
    ['unsupported', UNSUPPORTED_PAUSE_MS],
    ['unavailable', UNAVAILABLE_PAUSE_MS],
    ['rejected', 0],
  ] as const)('that is %s leaves the bound by bytes, and a pause', async (kind, pauseMs) => {
    counter.answer = () => ({ kind, why: 'ValidationException' });
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);
    const asked = { body: body(100, LONG) };

    expect((await ask(asked)).kind).toBe('refused');
    await ask(asked);
    expect(counter.asked).toHaveLength(pauseMs === 0 ? 2 : 1);
    clock.advance(pauseMs);
    await ask(asked);

    expect(counter.asked).toHaveLength(pauseMs === 0 ? 3 : 2);
    expect(ports.telemetry.lines).toContainEqual(
      expect.objectContaining({ level: 'info', fields: expect.objectContaining({ kind }) }),
    );
  });

  it('of the true input that was too low is an overrun, recorded at the truth', async () => {
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);
    ports.upstream.respond = async () =>
      response(200, [jsonBytes({ usage: { inputTokens: 9_000, outputTokens: 1 } })]);

    await admitted({ body: body(100, LONG) });

    expect(settledUsd()).toBe('0.009005');
    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBe(1);
  });
});

describe('the key’s bound on one request', () => {
  it('is met by a count where the bound by bytes passes it', async () => {
    useCaps([cap()], callerKey({ maxRequestNanoUsd: usd('0.002') }));

    const { head } = await admitted({ body: body(100, LONG) });

    expect(head.reservedNanoUsd <= usd('0.002')).toBe(true);
    expect(reserves()).toBe(1);
  });

  it.each([
    ['and no count helps', { kind: 'unavailable', why: 'TimeoutError' }],
    ['and the count is too much', { kind: 'counted', inputTokens: 5_000 }],
  ] as const)('refuses where it is passed %s, before anything is reserved', async (_, outcome) => {
    counter.answer = () => outcome;
    useCaps([cap()], callerKey({ maxRequestNanoUsd: usd('0.002') }));

    await expect(ask({ body: body(100, LONG) })).rejects.toMatchObject({
      code: 'request_too_dear',
    });
    expect(reserves()).toBe(0);
  });

  it('is not met by lowering: only caps clamp', async () => {
    useCaps([clampCap('0.01')], callerKey({ maxRequestNanoUsd: usd('0.02') }));

    await expect(ask({ body: body(10_000) })).rejects.toMatchObject({ code: 'request_too_dear' });
  });

  it('and a cap are met by one count', async () => {
    useCaps([clampCap('0.0015')], callerKey({ maxRequestNanoUsd: usd('0.004') }));
    counter.answer = () => ({ kind: 'counted', inputTokens: 20 });

    const { head } = await admitted({ body: body(500, LONG) });

    expect(counter.asked).toHaveLength(1);
    expect(head.clampedMaxTokens).toBeGreaterThanOrEqual(256);
  });
});

describe('settings that have grown old', () => {
  const aged = (ageMs: number) => {
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() - ageMs };
  };

  it('make no request fit: it is decided anew by fresh ones, and then made to fit', async () => {
    useCaps([clampCap('0.01')]);
    aged(5_001);

    const { head } = await admitted({ body: body(10_000) });

    expect(ports.events.filter((event) => !event.startsWith('journal')).slice(0, 3)).toEqual([
      'read settings',
      `reserve ${TEAM}`,
      `reserve ${TEAM}`,
    ]);
    expect(head.clampedMaxTokens).toBeGreaterThan(1_900);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('lower nothing under a cap that blocks now', async () => {
    useCaps([clampCap('0.01')]);
    aged(5_001);
    ports.settings.table = settingsTable({ caps: [cap({ limitNanoUsd: usd('0.01') })] });

    expect((await ask({ body: body(10_000) })).kind).toBe('refused');
  });

  it('during a count are read again before the next try', async () => {
    useCaps([clampCap('0.008')]);
    aged(4_900);
    counter.answer = () => {
      clock.advance(200);
      return { kind: 'counted', inputTokens: 10 };
    };

    await admitted({ body: body(1_000, LONG) });

    expect(ports.settings.reads).toBe(1);
    const { events } = ports;
    expect(events.indexOf('read settings')).toBeGreaterThan(events.indexOf('count tokens'));
    expect(events.lastIndexOf(`reserve ${TEAM}`)).toBeGreaterThan(events.indexOf('read settings'));
  });

  it('during a count, whose cap then blocks, lower nothing any more', async () => {
    useCaps([clampCap('0.008')]);
    aged(4_900);
    counter.answer = () => {
      clock.advance(200);
      ports.settings.table = settingsTable({ caps: [cap({ limitNanoUsd: usd('0.008') })] });
      return { kind: 'counted', inputTokens: 2_500 };
    };

    expect((await ask({ body: body(10_000, LONG) })).kind).toBe('refused');
    expect(ports.upstream.sent).toEqual([]);
  });

  it('during a count, whose key was disabled, refuse', async () => {
    useCaps([cap({ limitNanoUsd: usd('0.002') })]);
    aged(4_900);
    counter.answer = () => {
      clock.advance(200);
      ports.settings.table = settingsTable({ key: callerKey({ enabled: false }) });
      return { kind: 'counted', inputTokens: 10 };
    };

    await expect(ask({ body: body(100, LONG) })).rejects.toMatchObject({ code: 'unknown_key' });
    expect(ports.ledger.standing()).toEqual([]);
  });
});
