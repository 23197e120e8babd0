/**
 * Counters that refused a moment ago are asked before the others, and what is answered is the same.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { GuardedAnswer } from '../../lambda/application/guarded-request.ts';
import { MAX_REMEMBERED, REMEMBERED_MS } from '../../lambda/application/refused-lately.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  converseAnswer,
  createFakePorts,
  createFakeTokenCounter,
  guardedRequest,
  guardOptions,
  jsonBytes,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const TODAY = 'daily:2026-03-02T00+00:00@UTC';
const DAY_MS = 86_400_000;
/** 400 tokens of output are $0.002: this much is no room for them, and room for 10. */
const ALMOST_TEN = '9.999';
const SECOND_MS = 1_000;

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
let guard: ReturnType<typeof createSpendGuard>;
let caps: readonly Cap[];
const counter = createFakeTokenCounter();

beforeEach(() => {
  clock = createVirtualClock();
  ports = createFakePorts(clock);
  counter.answer = () => ({ kind: 'unsupported', why: 'test' });
  guard = createSpendGuard({ ...ports, tokenCounter: counter }, guardOptions());
  useCaps(['a', 'b', 'c'].map((capId) => cap({ capId })));
});

function useCaps(now: readonly Cap[]): void {
  caps = now;
  ports.settings.table = settingsTable({ caps, key: callerKey() });
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
}

const changed = (capId: string, rest: Partial<Cap>): void =>
  useCaps(caps.map((one) => (one.capId === capId ? { ...one, ...rest } : one)));

function spend(capId: string, amount: string, window = TODAY): void {
  ports.ledger.counters.set(`COUNTER#${capId}/${window}`, {
    settledNanoUsd: usd(amount),
    reservations: new Map(),
    cutUntilMs: 0,
  });
}

const body = (maxTokens: number, text = 'hello') =>
  parseBody(
    jsonBytes({
      messages: [{ role: 'user', content: [{ text }] }],
      inferenceConfig: { maxTokens },
    }),
  );

/** Asks, and gives what was asked of which counter: a reserve with its name, its answer as `+a`. */
async function ask(
  maxTokens = 400,
  rest: Parameters<typeof guardedRequest>[2] = {},
): Promise<{ answer: GuardedAnswer; asked: string; writes: number }> {
  ports.events.length = 0;
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
  const request = { body: body(maxTokens), ...rest };
  const answer = await guard.handle(guardedRequest(clock, ports.sink, request));
  await answer.done;
  return { answer, asked: reservesIn(ports.events), writes: writesIn(ports.events) };
}

const reservesIn = (events: readonly string[]): string =>
  events
    .filter((event) => /^reserved? /.test(event))
    .map((event) => event.replace('reserve COUNTER#', '').replace('reserved COUNTER#', '+'))
    .join(' ');

/** Of a refusal: a reserve of each counter that was asked, a release of each that had room. */
const writesIn = (events: readonly string[]): number =>
  events.filter((event) => /^(reserve|release) /.test(event)).length;

const refusalOf = (answer: GuardedAnswer) => {
  if (answer.kind !== 'refused') throw new Error(`the answer is ${answer.kind}`);
  const { charge, reason, state, boundNanoUsd } = answer.refusal;
  return { capId: charge.cap.capId, reason, state, boundNanoUsd };
};

const AT_ONCE = /^a b c/;

describe('a request that one cap of three refuses', () => {
  beforeEach(() => spend('b', ALMOST_TEN));

  it('writes five times, then once each time, and is answered the same', async () => {
    const { answer, writes } = await ask();
    const first = refusalOf(answer);
    expect(first).toMatchObject({ capId: 'b', reason: 'spent' });
    expect(writes).toBe(5);

    for (let time = 2; time <= 10; time += 1) {
      const again = await ask();

      expect(refusalOf(again.answer)).toEqual(first);
      expect({ asked: again.asked, writes: again.writes }).toEqual({ asked: 'b', writes: 1 });
    }
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('is let in by what the counter says, whatever it said before, and then asks at once', async () => {
    await ask();
    spend('b', '1');

    const { answer, asked } = await ask();

    expect(answer.kind).toBe('complete');
    expect(asked).toBe('b +b a c +a +c');
    expect((await ask()).asked).toMatch(AT_ONCE);
  });

  it('does not go on to the others after a counter that took more than a second', async () => {
    await ask();
    spend('b', '1');
    const { ledger } = ports;
    const reserve = ledger.reserve.bind(ledger);
    ledger.reserve = async (request) => {
      clock.advance(SECOND_MS + 1);
      return reserve(request);
    };

    await expect(ask()).rejects.toMatchObject({ code: 'ledger_unavailable' });

    expect(reservesIn(ports.events)).toBe('b +b');
    expect(ledger.books('COUNTER#b').reservations.size).toBe(0);
  });

  it('holds one reservation on all counters, whichever was asked first', async () => {
    await ask();
    spend('b', '1');
    let standing: string[] = [];
    ports.upstream.respond = async () => {
      standing = ports.ledger.standing();
      return converseAnswer(100, 10);
    };

    await ask();

    expect(standing).toHaveLength(3);
    expect(new Set(standing.map((name) => name.split(' ').at(-1))).size).toBe(1);
  });

  it('asks at once where the limit was raised since', async () => {
    await ask();
    changed('b', { limitNanoUsd: usd('20') });

    const { answer, asked } = await ask();

    expect(answer.kind).toBe('complete');
    expect(asked).toMatch(AT_ONCE);
  });

  it('asks at once for what is small enough for what was left', async () => {
    await ask();

    const { answer, asked } = await ask(10);

    expect(answer.kind).toBe('complete');
    expect(asked).toMatch(AT_ONCE);
  });

  it('asks at once in the next window', async () => {
    clock.advance(DAY_MS / 2 - SECOND_MS);
    await ask();
    expect((await ask()).asked).toBe('b');
    clock.advance(SECOND_MS);

    const { answer, asked } = await ask();

    expect(answer.kind).toBe('complete');
    expect(asked).toMatch(AT_ONCE);
  });

  it('asks all again once in a minute, however often it is refused in it', async () => {
    await ask();
    clock.advance(REMEMBERED_MS - 1);
    expect((await ask()).asked).toBe('b');
    clock.advance(1);

    expect((await ask()).asked).toMatch(AT_ONCE);
    expect((await ask()).asked).toBe('b');
  });

  it('asks at once where the clock was set back behind the refusal', async () => {
    await ask();
    clock.advance(-1);

    expect((await ask()).asked).toMatch(AT_ONCE);
  });

  it('is refused by the cap that was asked, until another is asked that is spent as well', async () => {
    await ask();
    spend('a', ALMOST_TEN);
    expect(refusalOf((await ask()).answer).capId).toBe('b');
    clock.advance(REMEMBERED_MS);

    expect(refusalOf((await ask()).answer).capId).toBe('a');
    const { answer, asked, writes } = await ask();
    expect(refusalOf(answer).capId).toBe('a');
    expect({ asked, writes }).toEqual({ asked: 'a b', writes: 2 });
  });

  it('releases what was held first where another counter refuses after it', async () => {
    await ask();
    spend('b', '1');
    spend('c', ALMOST_TEN);

    const { answer, asked } = await ask();

    expect(refusalOf(answer).capId).toBe('c');
    expect(asked).toBe('b +b a c +a');
    expect(ports.ledger.standing()).toEqual([]);
    expect((await ask()).asked).toBe('c');
  });

  it('asks the others too where it is refused for now alone', async () => {
    await ask();
    spend('b', '1');
    const b = ports.ledger.books('COUNTER#b');
    b.reservations.set('another', usd('9'));

    const { answer, asked } = await ask();

    expect(refusalOf(answer).reason).toBe('reserved-in-flight');
    // And then in order, as two requests may have kept each other out.
    expect(asked).toBe('b a c +a +c a +a b');
    // What others hold for now is not remembered.
    expect((await ask()).asked).toMatch(AT_ONCE);
  });
});

describe('a cap that no request of that size passes', () => {
  it('is asked alone from the first time on', async () => {
    changed('c', { limitNanoUsd: usd('0.001') });

    const { answer, asked } = await ask();

    expect(refusalOf(answer)).toMatchObject({ capId: 'c', reason: 'larger-than-limit' });
    expect(asked).toBe('c');
  });

  it('is told before one that is spent, which both are asked', async () => {
    spend('a', ALMOST_TEN);
    await ask();
    changed('c', { limitNanoUsd: usd('0.001') });

    const { answer, asked } = await ask();

    expect(refusalOf(answer)).toMatchObject({ capId: 'c', reason: 'larger-than-limit' });
    expect(asked).toBe('a c');
  });

  it('leaves what is known of a counter as it is', async () => {
    changed('c', { limitNanoUsd: usd('0.1') });
    spend('c', '0.099');
    await ask();
    const larger = refusalOf((await ask(40_000)).answer);

    expect(larger.reason).toBe('larger-than-limit');
    expect((await ask()).asked).toBe('c');
  });
});

describe('a warn cap beside a spent one', () => {
  beforeEach(() => {
    useCaps([cap({ capId: 'a' }), cap({ capId: 'quiet', action: 'warn' })]);
    spend('a', ALMOST_TEN);
  });

  it('is not written to by a refusal, and was released by the first', async () => {
    expect((await ask()).asked).toBe('a quiet +quiet');
    expect((await ask()).asked).toBe('a');

    expect(ports.ledger.books('COUNTER#quiet').settledNanoUsd).toBe(usd('0'));
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('counts what is let in, and is never asked first', async () => {
    await ask();
    spend('a', '1');
    spend('quiet', '1000');

    expect((await ask()).asked).toBe('a +a quiet +quiet');
    expect((await ask()).asked).toBe('a quiet +a +quiet');
    changed('quiet', { limitNanoUsd: usd('0') });
    expect((await ask()).asked).toBe('a quiet +a +quiet');
  });
});

describe('a counter that has just cut a stream', () => {
  it('is asked first although there is room, and at once after it let one in', async () => {
    spend('b', '1');
    ports.ledger.books('COUNTER#b').cutUntilMs = clock.nowMs() + 10 * SECOND_MS;
    await ask();
    expect((await ask()).asked).toBe('b');
    clock.advance(11 * SECOND_MS);

    expect((await ask()).asked).toBe('b +b a c +a +c');
    expect((await ask()).asked).toMatch(AT_ONCE);
  });
});

describe('a ledger that does not answer', () => {
  beforeEach(async () => {
    spend('b', ALMOST_TEN);
    await ask();
  });

  it.each(['lost', 'unanswered', 'throws'] as const)(
    'of the counter that is asked first (%s) refuses, and no other is asked',
    async (fault) => {
      spend('b', '1');
      ports.ledger.fault = (call, pk) =>
        call === 'reserve' && pk === 'COUNTER#b' ? fault : undefined;

      await expect(ask()).rejects.toMatchObject({ code: 'ledger_unavailable' });

      expect(reservesIn(ports.events)).toBe('b');
      expect(ports.ledger.standing()).toEqual([]);
    },
  );

  it('of another counter does not keep the refusal from being told', async () => {
    ports.ledger.fault = (_, pk) => (pk === 'COUNTER#a' ? 'throws' : undefined);

    expect(refusalOf((await ask()).answer)).toMatchObject({ capId: 'b', reason: 'spent' });
  });
});

const clampedTo = (answer: GuardedAnswer) =>
  answer.kind === 'complete' ? answer.head.clampedMaxTokens : undefined;

describe('a request that may be made to fit', () => {
  const long = { body: body(10, 'x'.repeat(20_000)) };

  it('asks at once where a clamp would find room for it', async () => {
    changed('b', { action: 'clamp' });
    spend('b', '9.998');
    const first = await ask();
    spend('b', '9.998');

    const again = await ask();

    expect(clampedTo(first.answer)).toBeGreaterThan(100);
    expect(clampedTo(again.answer)).toBe(clampedTo(first.answer));
    expect(again.asked).toBe('a b c +a +c a b c +a +b +c');
  });

  it('asks first where a clamp would find none', async () => {
    changed('b', { action: 'clamp' });
    spend('b', '9.9999');
    await ask();

    expect((await ask()).asked).toBe('b');
  });

  it('is counted by the refusal of one cap, and writes no more where that does not help', async () => {
    counter.answer = () => ({ kind: 'counted', inputTokens: 9_000 });
    spend('b', '9.995');
    await ask(10, long);

    const { answer, asked } = await ask(10, long);

    expect(refusalOf(answer)).toMatchObject({ capId: 'b', reason: 'spent' });
    expect(asked).toBe('b');
  });

  it('is asked of all caps again where the count helps, and is counted once', async () => {
    counter.answer = () => ({ kind: 'counted', inputTokens: 9_000 });
    spend('b', '9.995');
    await ask(10, long);
    counter.answer = () => ({ kind: 'counted', inputTokens: 10 });
    counter.asked.length = 0;

    const { answer, asked } = await ask(10, long);

    expect(answer.kind).toBe('complete');
    expect(asked).toBe('b a b c +a +c a b c +a +b +c');
    expect(counter.asked).toHaveLength(1);
  });

  it('is not asked of all again where all were asked', async () => {
    counter.answer = () => ({ kind: 'counted', inputTokens: 9_000 });
    useCaps([cap({ capId: 'b' })]);
    spend('b', '9.995');
    await ask(10, long);
    counter.answer = () => ({ kind: 'counted', inputTokens: 10 });

    expect((await ask(10, long)).asked).toBe('b b +b');
  });

  it('is not lowered under a cap that blocks, where only one that clamps was asked first', async () => {
    changed('b', { action: 'clamp' });
    counter.answer = () => ({ kind: 'counted', inputTokens: 18_000 });
    spend('b', '9.995');
    await ask(400, { body: body(400, 'x'.repeat(20_000)) });
    counter.answer = () => ({ kind: 'counted', inputTokens: 10 });
    spend('c', '9.999');

    const { answer, asked } = await ask(400, { body: body(400, 'x'.repeat(20_000)) });

    expect(refusalOf(answer)).toMatchObject({ capId: 'b', reason: 'spent' });
    expect(asked).toBe('b a b c +a');
  });
});

describe('what is remembered', () => {
  it('is of so many counters, and no more: those that refused last', async () => {
    useCaps([cap({ capId: 'a' }), cap({ capId: 'b', splitBy: 'tag:project' })]);
    const names = Array.from({ length: MAX_REMEMBERED + 1 }, (_, index) => `p${index}`);
    const askAs = async (project = '') => {
      spend(`b##${project}`, ALMOST_TEN);
      return (await ask(400, { tags: { project } })).asked;
    };
    for (const name of names.slice(0, MAX_REMEMBERED)) await askAs(name);
    expect(await askAs(names[0])).toBe('b##p0');

    await askAs(names.at(-1));

    expect(await askAs(names.at(-1))).toBe(`b##${names.at(-1)}`);
    expect(await askAs(names[0])).toBe('b##p0');
    expect(await askAs(names[1])).toBe('a b##p1 +a');
  });
});
