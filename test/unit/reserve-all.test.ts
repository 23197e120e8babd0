/**
 * All counters of a request, or none: what is tried, in which order, and what is told.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Charge } from '../../lambda/application/admission.ts';
import { reserveAll } from '../../lambda/application/reserve-all.ts';
import { METRIC } from '../../lambda/contract.ts';
import type { CapAction } from '../../lambda/domain/cap.ts';
import { windowAt } from '../../lambda/domain/window.ts';
import type { Ledger, RefusalReason } from '../../lambda/ports/ledger.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';
import { createFakeLedger, type FakeLedger } from '../helpers/fake-ledger.ts';
import { createFakeTelemetry, type FakeTelemetry } from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

let clock: VirtualClock;
let ledger: FakeLedger;
let telemetry: FakeTelemetry;
let events: string[];
beforeEach(() => {
  clock = createVirtualClock();
  events = [];
  ledger = createFakeLedger(clock, events);
  telemetry = createFakeTelemetry();
});

const charge = (capId: string, limit = '10', action: CapAction = 'block'): Charge => {
  const window = windowAt(windowRule('daily'), NOON_MS);
  return {
    cap: cap({ capId, limitNanoUsd: usd(limit), action }),
    counter: { pk: `COUNTER#${capId}`, sk: window.id },
    window,
    limitNanoUsd: usd(limit),
    enforced: action !== 'warn',
  };
};

const reserve = (charges: readonly Charge[], amount = '1', on: Ledger = ledger) =>
  reserveAll(
    { ledger: on, clock, telemetry },
    { charges, amountNanoUsd: usd(amount), expiresAtMs: NOON_MS + 60_000 },
  );

/** A ledger that refuses on these counters for these reasons, as long as it is asked. */
const refusing = (reasons: Readonly<Record<string, RefusalReason>>): Ledger => ({
  ...ledger,
  reserve: async (request) => {
    const reason = reasons[request.counter.pk.slice('COUNTER#'.length)];
    if (reason === undefined) return ledger.reserve(request);
    events.push(`refused ${request.counter.pk}`);
    const state = { settledNanoUsd: usd('0'), committedNanoUsd: usd('0'), inFlight: 0 };
    return { kind: 'refused', reason, state };
  },
});

describe('a reservation on several counters', () => {
  it('holds the same amount under one id on each', async () => {
    const outcome = await reserve([charge('a'), charge('b')]);

    expect(outcome).toMatchObject({ kind: 'reserved', held: [{}, {}] });
    expect(ledger.standing()).toHaveLength(2);
    expect(new Set(ledger.standing().map((name) => name.split(' ').at(-1))).size).toBe(1);
  });

  it('asks all counters at once', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ledger.fault = () => gate;
    const reserving = reserve([charge('a'), charge('b'), charge('c')]);

    expect(events).toEqual(['reserve COUNTER#a', 'reserve COUNTER#b', 'reserve COUNTER#c']);
    open(undefined);
    await reserving;
  });

  it('is released on all others where one refuses', async () => {
    const outcome = await reserve([charge('a'), charge('full', '0.5'), charge('c')]);

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'larger-than-limit' });
    expect(ledger.standing()).toEqual([]);
  });

  it('stands without any cap where there is nothing to hold', async () => {
    expect(await reserve([])).toMatchObject({ kind: 'reserved', held: [] });
  });
});

describe('two requests on two caps', () => {
  it('do not refuse each other for nothing: one of them is retried in counter-key order', async () => {
    // Room for one of them. The other request holds b when we ask, and lets go of it after.
    await ledger.reserve({
      counter: charge('b').counter,
      reservationId: 'other',
      amountNanoUsd: usd('1'),
      shownLimitNanoUsd: usd('1'),
    });
    ledger.fault = (call) => {
      if (call === 'release') ledger.books('COUNTER#b').reservations.delete('other');
      return undefined;
    };
    events.length = 0;

    const outcome = await reserve([charge('a', '1'), charge('b', '1')]);

    expect(outcome.kind).toBe('reserved');
    expect(events).toEqual([
      'reserve COUNTER#a',
      'reserve COUNTER#b',
      'reserved COUNTER#a',
      'release COUNTER#a',
      'released COUNTER#a',
      'reserve COUNTER#a',
      'reserved COUNTER#a',
      'reserve COUNTER#b',
      'reserved COUNTER#b',
    ]);
  });

  it('one of which still holds on is refused after the one retry, and holds nothing', async () => {
    const outcome = await reserve(
      [charge('a'), charge('b')],
      '1',
      refusing({ b: 'reserved-in-flight' }),
    );

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'reserved-in-flight' });
    expect(events.filter((event) => event === 'refused COUNTER#b')).toHaveLength(2);
    expect(ledger.standing()).toEqual([]);
  });

  it('stop at the first refusal of the ordered retry: c is not asked again', async () => {
    await reserve(
      [charge('a'), charge('b'), charge('c')],
      '1',
      refusing({ b: 'reserved-in-flight' }),
    );

    expect(events.filter((event) => event === 'reserve COUNTER#a')).toHaveLength(2);
    expect(events.filter((event) => event === 'reserve COUNTER#c')).toHaveLength(1);
  });

  it.each(['spent', 'larger-than-limit', 'in-flight-limit'] as const)(
    'are not retried where the reason is %s',
    async (reason) => {
      await reserve([charge('a'), charge('b')], '1', refusing({ b: reason }));

      expect(events.filter((event) => event === 'refused COUNTER#b')).toHaveLength(1);
    },
  );

  it('are not retried by limits of before a release that took long', async () => {
    ledger.fault = (call) => {
      if (call === 'release') clock.advance(1_001);
      return undefined;
    };

    const outcome = await reserve(
      [charge('a'), charge('b')],
      '1',
      refusing({ b: 'reserved-in-flight' }),
    );

    expect(outcome).toMatchObject({ kind: 'refused', reason: 'reserved-in-flight' });
    expect(events.filter((event) => event === 'reserve COUNTER#a')).toHaveLength(1);
    expect(ledger.standing()).toEqual([]);
  });

  it('are not retried where nothing else was held that could keep another out', async () => {
    const reasons = refusing({ b: 'reserved-in-flight' });

    await reserve([charge('b'), charge('quiet', '1', 'warn')], '1', reasons);

    expect(events.filter((event) => event === 'refused COUNTER#b')).toHaveLength(1);
  });
});

describe('several refusals', () => {
  it.each([
    ['reserved-in-flight', 'spent', 'spent'],
    ['spent', 'larger-than-limit', 'larger-than-limit'],
    ['in-flight-limit', 'reserved-in-flight', 'in-flight-limit'],
    ['spent', 'in-flight-limit', 'spent'],
  ] as const)('of %s and %s tell %s, the one that waiting helps least', async (a, b, told) => {
    const outcome = await reserve([charge('a'), charge('b')], '1', refusing({ a, b }));

    expect(outcome).toMatchObject({ kind: 'refused', reason: told });
  });
});

describe('all refusals', () => {
  it('are told beside the one, also those that were not met again in order', async () => {
    const busy = refusing({ b: 'reserved-in-flight', c: 'reserved-in-flight' });

    const outcome = await reserve([charge('a'), charge('b'), charge('c')], '1', busy);

    if (outcome.kind !== 'refused') throw new Error(outcome.kind);
    expect(events.filter((event) => event === 'refused COUNTER#c')).toHaveLength(1);
    expect(outcome.refusals.map(({ charge: { cap: of } }) => of.capId)).toEqual(['b', 'c']);
  });
});

describe('a warn cap', () => {
  it('counts past its limit and refuses nothing', async () => {
    const outcome = await reserve([charge('quiet', '0.01', 'warn')]);

    expect(outcome).toMatchObject({ kind: 'reserved', held: [{}] });
  });

  it.each(['in-flight-limit', 'spent'] as const)(
    'that refuses (%s) is passed over',
    async (why) => {
      const charges = [charge('a'), charge('quiet', '1', 'warn')];

      const outcome = await reserve(charges, '1', refusing({ quiet: why }));

      expect(outcome).toMatchObject({
        kind: 'reserved',
        held: [{ charge: { cap: { capId: 'a' } } }],
      });
    },
  );

  it.each(['lost', 'unanswered', 'throws'] as const)(
    'whose books are out of reach (%s) is no reason to refuse',
    async (fault) => {
      ledger.fault = (call, pk) => (call === 'reserve' && pk.endsWith('quiet') ? fault : undefined);

      const outcome = await reserve([charge('a'), charge('quiet', '1', 'warn')]);

      expect(outcome).toMatchObject({ kind: 'reserved', held: [{}] });
      expect(ledger.standing()).toHaveLength(1);
    },
  );
});

describe('a counter that does not answer', () => {
  it.each(['lost', 'unanswered', 'throws'] as const)(
    'refuses (%s) with ledger_unavailable, and the others are released',
    async (fault) => {
      ledger.fault = (call, pk) => (call === 'reserve' && pk.endsWith('b') ? fault : undefined);

      const reserving = reserve([charge('a'), charge('b'), charge('c')]);

      await expect(reserving).rejects.toMatchObject({ code: 'ledger_unavailable' });
      expect(ledger.standing()).toEqual([]);
    },
  );

  it.each(['lost', 'throws'] as const)(
    'even to the release (%s) leaves a line that names what may stand',
    async (fault) => {
      ledger.fault = (call) => (call === 'reserve' ? 'unanswered' : fault);

      await expect(reserve([charge('a')])).rejects.toMatchObject({ code: 'ledger_unavailable' });

      const [standing = ''] = ledger.standing();
      expect(telemetry.metrics.get(METRIC.settleFailures)).toBe(1);
      expect(telemetry.lines).toMatchObject([
        { level: 'error', fields: { reservationId: standing.split(' ').at(-1) } },
      ]);
    },
  );
});
