/**
 * What ends a running stream from outside: its key, its cap, and the function's time.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate, decide } from '../../lambda/application/admission.ts';
import { reserveAll } from '../../lambda/application/reserve-all.ts';
import { watchStream } from '../../lambda/application/stream-watch.ts';
import type { CutReason } from '../../lambda/ports/stream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  type FakeSettings,
  guardedRequest,
  guardOptions,
  KEY_TEXT,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS, type VirtualClock } from '../helpers/virtual-clock.ts';

const INTERVAL_MS = 5_000;
const DEADLINE_MS = 60_000;

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
let watching: AbortController;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
  watching = new AbortController();
});

/** Watches a stream that holds a reservation on every cap of `table`. */
async function watch(table: Partial<FakeSettings['table']> = {}) {
  const view = { ...settingsTable(table), readAtMs: NOON_MS };
  const request = guardedRequest(clock, ports.sink);
  const key = authenticate(view, KEY_TEXT, NOON_MS);
  const admission = decide(view, key, request, guardOptions(), NOON_MS);
  const outcome = await reserveAll(ports, {
    charges: admission.charges,
    amountNanoUsd: admission.prepared.boundNanoUsd,
    expiresAtMs: NOON_MS,
  });
  if (outcome.kind !== 'reserved') throw new Error('refused');
  const stream = {
    admission,
    held: outcome.held,
    keyText: KEY_TEXT,
    deadlineAtMs: NOON_MS + DEADLINE_MS,
  };
  let ended: { reason: CutReason | undefined } | undefined;
  const watched = watchStream(ports, stream, INTERVAL_MS, watching.signal).then((reason) => {
    ended = { reason };
  });
  return { watched, reason: () => ended?.reason, isOver: () => ended !== undefined };
}

async function pass(durationMs: number) {
  clock.advance(durationMs);
  await settleDown();
}

const spend = (capId: string, amount: string) => {
  ports.ledger.books(`COUNTER#${capId}`).settledNanoUsd = usd(amount);
};

describe('a key', () => {
  it('that is disabled cuts the stream at the next look', async () => {
    const stream = await watch();
    ports.settings.table = settingsTable({ key: callerKey({ enabled: false }) });

    await pass(INTERVAL_MS - 1);
    expect(stream.isOver()).toBe(false);
    await pass(1);

    expect(stream.reason()).toMatchObject({
      kind: 'key',
      message: expect.stringMatching(/disabled/),
    });
  });

  it('that is gone cuts it too', async () => {
    const stream = await watch();
    ports.settings.table = settingsTable({ key: undefined });

    await pass(INTERVAL_MS);

    expect(stream.reason()?.kind).toBe('key');
  });
});

describe('a key whose item cannot be read', () => {
  it('ends nothing: a slip in the console must not cut what is reserved already', async () => {
    const stream = await watch();
    const key = { keyId: 'ci', field: 'tags', problem: 'must be a map' };
    ports.settings.table = settingsTable({ key });

    await pass(INTERVAL_MS);

    expect(stream.isOver()).toBe(false);
    expect(ports.telemetry.lines).toMatchObject([{ level: 'warn' }]);
  });
});

describe('a cap', () => {
  const lowered = (limit: string, rest = {}) =>
    settingsTable({ caps: [cap({ limitNanoUsd: usd(limit), ...rest })] });

  it('that was lowered beneath what is settled cuts the stream, naming its counter', async () => {
    const stream = await watch();
    spend('team-budget', '5.01');
    ports.settings.table = lowered('5');

    await pass(INTERVAL_MS);

    expect(stream.reason()).toMatchObject({
      kind: 'cap',
      counterPk: 'COUNTER#team-budget',
      message: expect.stringMatching(
        /^cap "team-budget" had its limit lowered .*: limit \$5\.00 daily, settled \$5\.01, /,
      ),
      cap: { capId: 'team-budget', limitNanoUsd: usd('5'), settledNanoUsd: usd('5.01') },
    });
  });

  it.each([
    ['was lowered to just what is settled', lowered('5.01')],
    ['was raised', lowered('11')],
    ['was lowered, and disabled', lowered('1', { enabled: false })],
    ['was lowered for other keys', lowered('1', { selectors: { keys: ['other'] } })],
    ['is gone', settingsTable({ caps: [] })],
    ['is as it was', settingsTable()],
  ])('that %s does not', async (_, table) => {
    const stream = await watch();
    spend('team-budget', '5.01');
    ports.settings.table = table;

    await pass(INTERVAL_MS);

    expect(stream.isOver()).toBe(false);
  });

  it('that was not lowered does not, even where more than its limit is settled', async () => {
    const stream = await watch();
    spend('team-budget', '11');

    await pass(INTERVAL_MS);

    expect(stream.isOver()).toBe(false);
    expect(ports.events).not.toContain('read COUNTER#team-budget');
  });

  it('that only warns never cuts', async () => {
    const warn = cap({ capId: 'quiet', action: 'warn' });
    const stream = await watch({ caps: [cap(), warn] });
    spend('quiet', '9');
    ports.settings.table = settingsTable({ caps: [cap(), { ...warn, limitNanoUsd: usd('1') }] });

    await pass(INTERVAL_MS);

    expect(stream.isOver()).toBe(false);
  });
});

describe('a look that fails', () => {
  it.each(['settings', 'ledger'])(
    '(%s) ends nothing, and is told; the next one counts',
    async (what) => {
      const stream = await watch();
      spend('team-budget', '5.01');
      ports.settings.table = settingsTable({ caps: [cap({ limitNanoUsd: usd('1') })] });
      const fail = () => {
        throw new Error('no answer');
      };
      if (what === 'settings') ports.settings.fault = fail;
      else ports.ledger.fault = fail;

      await pass(INTERVAL_MS);
      expect(stream.isOver()).toBe(false);
      expect(ports.telemetry.lines).toMatchObject([{ level: 'warn' }]);
      ports.settings.fault = () => undefined;
      ports.ledger.fault = () => undefined;
      await pass(INTERVAL_MS);

      expect(stream.reason()?.kind).toBe('cap');
    },
  );
});

describe('the deadline', () => {
  it('cuts the stream, to the millisecond', async () => {
    const stream = await watch();

    await pass(DEADLINE_MS - 1);
    expect(stream.isOver()).toBe(false);
    await pass(1);

    expect(stream.reason()?.kind).toBe('deadline');
  });

  it('cuts it also while a reading of the settings does not come back', async () => {
    const stream = await watch();
    ports.settings.fault = () => new Promise(() => undefined);
    await pass(INTERVAL_MS);

    await pass(DEADLINE_MS);

    expect(stream.reason()?.kind).toBe('deadline');
  });

  it('that is past already cuts at once', async () => {
    clock.advance(DEADLINE_MS);
    const stream = await watch();

    await pass(0);

    expect(stream.reason()?.kind).toBe('deadline');
  });
});

describe('the end of the stream', () => {
  it('ends the watch without a reason, and leaves nothing waiting', async () => {
    const stream = await watch();

    watching.abort();
    await stream.watched;

    expect(stream.reason()).toBeUndefined();
    expect(clock.sleepers).toBe(0);
  });

  it('settings are looked at once an interval, never oftener', async () => {
    await watch();

    for (let i = 0; i < 4; i += 1) await pass(INTERVAL_MS);

    expect(ports.settings.reads).toBe(4);
    watching.abort();
  });
});
