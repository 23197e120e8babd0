/**
 * The end of a reservation: once, on every counter, whatever fails.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import { authenticate, decide } from '../../lambda/application/admission.ts';
import { atNothing, byUsage, inFull } from '../../lambda/application/endings.ts';
import type { GuardedRequest } from '../../lambda/application/guarded-request.ts';
import { reserveAll } from '../../lambda/application/reserve-all.ts';
import { openSettlement } from '../../lambda/application/settlement.ts';
import { METRIC } from '../../lambda/contract.ts';
import { GUARDRAIL_PRICES } from '../../lambda/domain/guardrail.ts';
import { costOfUnits } from '../../lambda/domain/unit.ts';
import { cap, price, usage, usd } from '../helpers/builders.ts';
import {
  createFakePorts,
  guardedRequest,
  guardOptions,
  HAIKU,
  KEY_TEXT,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const CAPS = [cap({ capId: 'a' }), cap({ capId: 'b' })];

let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  ports = createFakePorts(createVirtualClock());
});

async function opened(table = settingsTable({ caps: CAPS }), more: Partial<GuardedRequest> = {}) {
  const view = { ...table, readAtMs: NOON_MS };
  const request = { ...guardedRequest(ports.clock, ports.sink), ...more };
  const key = authenticate(view, KEY_TEXT, NOON_MS);
  const admission = decide(view, key, request, guardOptions(), NOON_MS);
  const amountNanoUsd = admission.prepared.boundNanoUsd;
  const { charges } = admission;
  const outcome = await reserveAll(ports, { charges, amountNanoUsd, expiresAtMs: NOON_MS });
  if (outcome.kind !== 'reserved') throw new Error('refused');
  const settlement = openSettlement(ports, {
    requestId: 'request-1',
    operation: 'converse',
    admission,
    held: outcome.held,
    startedAtMs: NOON_MS,
  });
  ports.events.length = 0;
  return { admission, settlement };
}

const metered = { kind: 'metered', usage: usage({ inputTokens: 7, outputTokens: 3 }) } as const;
const settledOn = (capId: string) => ports.ledger.books(`COUNTER#${capId}`).settledNanoUsd;

describe('finish', () => {
  it('settles every counter at the metered cost', async () => {
    const { admission, settlement } = await opened();

    await settlement.finish(byUsage(admission, metered, 200));

    expect([settledOn('a'), settledOn('b')]).toEqual([22_000n, 22_000n]);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('lets the bytes of the answer go out before it prepares its writes', async () => {
    const { promise: turn, resolve: endTurn } = Promise.withResolvers<void>();
    ports = createFakePorts({ ...createVirtualClock(), nextTurn: () => turn });
    const { admission, settlement } = await opened();

    const finished = settlement.finish(byUsage(admission, metered, 200));
    await settleDown();
    expect(ports.events).toEqual([]);
    endTurn();
    await finished;

    expect(settledOn('a')).toBe(usd('0.000022'));
  });

  it('takes effect once: the first call counts, whoever calls later', async () => {
    const { admission, settlement } = await opened();

    const first = settlement.finish(byUsage(admission, metered, 200));
    await settlement.finish(inFull(admission, 500, 'fault'));
    await settlement.finish(atNothing(0, 'changed'));
    await first;
    await settlement.done;

    expect(settledOn('a')).toBe(22_000n);
    expect(ports.events.filter((event) => event.startsWith('settle '))).toHaveLength(2);
    expect(ports.ledger.journal).toHaveLength(1);
  });

  it('releases by `release`, so that a late write of an ambiguous hold stays out', async () => {
    const { settlement } = await opened();

    await settlement.finish(atNothing(429, 'ThrottlingException'));

    expect(ports.events).toContain('release COUNTER#a');
    expect(settledOn('a')).toBe(0n);
  });

  it('holds only the counter shut that cut the stream', async () => {
    const { admission, settlement } = await opened();

    await settlement.finish({
      ...inFull(admission, 200, 'cut'),
      outcome: 'cut',
      cut: { counterPk: 'COUNTER#b', untilMs: NOON_MS + 10_000 },
    });

    expect(ports.ledger.books('COUNTER#a').cutUntilMs).toBe(0);
    expect(ports.ledger.books('COUNTER#b').cutUntilMs).toBe(NOON_MS + 10_000);
    expect(settledOn('a')).toBe(settledOn('b'));
    expect(ports.telemetry.metrics.get(METRIC.streamsCut)).toBe(1);
  });

  it.each(['lost', 'throws'] as const)(
    'that one counter does not take (%s) still ends the others, and never rejects',
    async (fault) => {
      const { admission, settlement } = await opened();
      ports.ledger.fault = (call, pk) =>
        call === 'settle' && pk.endsWith('a') ? fault : undefined;

      await settlement.finish(byUsage(admission, metered, 200));
      await settlement.done;

      expect(settledOn('b')).toBe(22_000n);
      expect(ports.ledger.standing()).toHaveLength(1);
      expect(ports.telemetry.lines).toMatchObject([
        { level: 'error', fields: { counter: 'COUNTER#a', costUsd: '0.000022' } },
      ]);
      expect(ports.ledger.journal).toMatchObject([
        {
          outcome: 'settle-failed',
          counters: [expect.stringMatching(/^COUNTER#a/), expect.stringMatching(/^COUNTER#b/)],
          unsettled: [expect.stringMatching(/^COUNTER#a/)],
        },
      ]);
      expect(ports.ledger.standing()[0]).toContain(ports.ledger.journal[0]?.reservationId);
    },
  );

  it('does not wait for the journal, and `done` does', async () => {
    const { admission, settlement } = await opened();
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'journal' ? gate : undefined);
    let isDone = false;
    void settlement.done.then(() => {
      isDone = true;
    });

    await settlement.finish(byUsage(admission, metered, 200));
    await Promise.resolve();

    expect(isDone).toBe(false);
    open(undefined);
    await settlement.done;
    expect(ports.ledger.journal).toHaveLength(1);
  });
});

describe('a model that is marked free', () => {
  it('reserves one nano-dollar, settles nothing, and is no overrun even in full', async () => {
    const free = price({ modelId: HAIKU, free: true });
    const { admission, settlement } = await opened(
      settingsTable({ prices: new Map([[HAIKU, free]]) }),
    );

    await settlement.finish(inFull(admission, 502, 'lost'));

    expect(admission.prepared.boundNanoUsd).toBe(1n);
    expect(ports.ledger.books('COUNTER#team-budget').settledNanoUsd).toBe(usd('0'));
    expect(ports.telemetry.metrics.has(METRIC.overruns)).toBe(false);
  });

  it('T27: costs what its guardrail costs, and reserves it', async () => {
    const free = parsePrice({ sk: HAIKU, v: 1, free: true });
    if ('problem' in free) throw new Error(free.problem);
    const headers = {
      'x-amzn-bedrock-guardrailidentifier': 'abc',
      'x-amzn-bedrock-guardrailversion': '1',
    };
    const { admission } = await opened(settingsTable({ prices: new Map([[HAIKU, free]]) }), {
      headers,
    });
    const { units, boundNanoUsd } = admission.prepared;
    const tokens = {
      inputTokens: 9,
      outputTokens: 9,
      cacheReadTokens: 0,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
    };

    expect(boundNanoUsd).toBe(costOfUnits(units, GUARDRAIL_PRICES));
    expect(boundNanoUsd).toBeGreaterThan(150_000n);
    expect(inFull(admission, 502, 'lost').costNanoUsd).toBe(boundNanoUsd);
    const usage = { ...tokens, units: { 'guardrail-topic': 2 } } as const;
    expect(byUsage(admission, { kind: 'metered', usage }, 200).costNanoUsd).toBeGreaterThanOrEqual(
      300_000n,
    );
  });
});
