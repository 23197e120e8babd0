/**
 * A stream under a progressive cap: what it reserves, when it waits, how it is cut, what it costs.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { SpendGuardOptions } from '../../lambda/application/guarded-request.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { METRIC } from '../../lambda/contract.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { formatUsd, type NanoUsd, nanoUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { UpstreamFailure } from '../../lambda/ports/upstream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  createFakePorts,
  deltaFrame,
  guardedRequest,
  guardOptions,
  jsonBytes,
  metadataFrame,
  response,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const SOFT = 'COUNTER#soft';
const HARD = 'COUNTER#hard';
const TRANCHE_TOKENS = 10;
const MAX_TOKENS = 100;
/** $5 a million. */
const OUTPUT_NANO_USD = 5_000n;
const CUT_HOLD_MS = 10_000;

const soft = (rest: Partial<Cap> = {}) => cap({ capId: 'soft', streaming: 'progressive', ...rest });
const hard = (rest: Partial<Cap> = {}) => cap({ capId: 'hard', ...rest });

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
  useCaps(soft());
});

function useCaps(...caps: Cap[]) {
  ports.settings.table = settingsTable({ caps });
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
}

/** Chunks that a test sends one by one. */
function channel() {
  const queue: (Uint8Array | undefined)[] = [];
  let wake = () => {};
  let taken = 0;
  const send = async (chunk: Uint8Array | undefined) => {
    queue.push(chunk);
    wake();
    await settleDown();
  };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (queue.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const chunk = queue.shift();
      if (chunk === undefined) return;
      taken += 1;
      yield chunk;
    }
  }
  return { chunks, send, end: () => send(undefined), taken: () => taken };
}

async function start(options: Partial<SpendGuardOptions> = {}, body?: unknown) {
  const source = channel();
  const upstream = response(200, source.chunks());
  ports.upstream.respond = async () => upstream;
  const guard = createSpendGuard(
    ports,
    guardOptions({ trancheTokens: TRANCHE_TOKENS, cutHoldMs: CUT_HOLD_MS, ...options }),
  );
  const request = guardedRequest(clock, ports.sink, {
    operation: 'converse-stream',
    ...(body === undefined ? {} : { body: parseBody(jsonBytes(body)) }),
  });
  const answer = await guard.handle(request);
  let isDone = false;
  void answer.done.then(() => {
    isDone = true;
  });
  await settleDown();
  return { ...source, upstream, answer, isDone: () => isDone };
}

const text = (tokens: number) => deltaFrame('x'.repeat(tokens));
const committed = (pk: string): bigint => {
  const { settledNanoUsd, reservations } = ports.ledger.books(pk);
  return [...reservations.values()].reduce((sum: bigint, one) => sum + one, settledNanoUsd);
};
/** What a reservation of this much output has beside the input's bound. */
const outputPart = (pk: string, input: bigint) => (committed(pk) - input) / OUTPUT_NANO_USD;
const extensions = () => ports.events.filter((event) => event.startsWith('extend ')).length;
const lastEntry = () => ports.ledger.journal.at(-1);

/** The bound on the input alone, as the first reservation holds it beside two tranches. */
async function startKnowing(options: Partial<SpendGuardOptions> = {}) {
  const stream = await start(options);
  const input = committed(SOFT) - 2n * BigInt(TRANCHE_TOKENS) * OUTPUT_NANO_USD;
  return { ...stream, input };
}

describe('what is reserved at first', () => {
  it('is two tranches on a progressive counter, and the whole bound on a full one', async () => {
    useCaps(soft(), hard());
    await start();

    const difference = committed(HARD) - committed(SOFT);
    expect(difference).toBe(BigInt(MAX_TOKENS - 2 * TRANCHE_TOKENS) * OUTPUT_NANO_USD);
  });

  it.each([
    ['no more than the whole bound is', { trancheTokens: MAX_TOKENS }, undefined],
    [
      'thinking is asked for, whose tokens nobody sees',
      {},
      {
        messages: [{ role: 'user', content: [{ text: 'hello' }] }],
        inferenceConfig: { maxTokens: 2_000 },
        additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 1_024 } },
      },
    ],
  ])('is the whole bound where %s', async (_, options, body) => {
    useCaps(soft(), hard());
    await start(options, body);

    expect(committed(SOFT)).toBe(committed(HARD));
  });

  it('is the whole bound of an answer that is no stream, and of a cap that only warns', async () => {
    useCaps(soft({ action: 'warn' }), hard());
    await start();
    expect(committed(SOFT)).toBe(committed(HARD));

    useCaps(soft({ capId: 'other' }), hard());
    let other = 0n;
    ports.upstream.respond = async () => {
      other = committed('COUNTER#other');
      return response(200, [jsonBytes({})]);
    };
    const guard = createSpendGuard(ports, guardOptions({ trancheTokens: TRANCHE_TOKENS }));
    await guard.handle(guardedRequest(clock, ports.sink));
    const standing = [...ports.ledger.books(HARD).reservations.values()];
    expect(other).toBe(ports.ledger.journal.at(-1)?.reservedNanoUsd ?? standing[0]);
  });

  it('lets in two streams where their whole bounds would not fit', async () => {
    useCaps(hard());
    await start();
    const bound = committed(HARD);
    useCaps(soft({ limitNanoUsd: nanoUsd(bound + 1n) }));
    const first = await start();
    const second = await start();

    expect([first.answer.kind, second.answer.kind]).toEqual(['stream', 'stream']);
  });
});

describe('an extension', () => {
  it('comes once less than a tranche is left, for what was seen and two tranches', async () => {
    const { send, input } = await startKnowing();

    await send(text(10));
    expect(extensions()).toBe(0);
    await send(text(1));

    expect(extensions()).toBe(1);
    expect(outputPart(SOFT, input)).toBe(31n);
  });

  it('goes beside the relay: what is reserved already is not held up', async () => {
    const { send } = await startKnowing();
    ports.ledger.fault = (call) => (call === 'extend' ? new Promise(() => undefined) : undefined);

    await send(text(15));
    await send(text(5));

    expect(ports.sink.written).toHaveLength(2);
    expect(extensions()).toBe(1);
  });

  it('is waited for where more was seen than is reserved', async () => {
    const { send, taken, input } = await startKnowing();
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'extend' ? gate : undefined);

    await send(text(25));
    await send(text(1));
    expect(taken()).toBe(1);
    open(undefined);
    await settleDown();

    expect(taken()).toBe(2);
    expect(outputPart(SOFT, input)).toBeGreaterThanOrEqual(45n);
  });

  it('goes no further than the whole bound', async () => {
    const { send, input } = await startKnowing();

    for (let tokens = 0; tokens < 2 * MAX_TOKENS; tokens += 10) await send(text(10));

    expect(outputPart(SOFT, input)).toBe(BigInt(MAX_TOKENS));
    expect(ports.sink.errors).toEqual([]);
  });

  it('ends at the whole bound, however many bytes were seen', async () => {
    useCaps(soft(), hard());
    const { send, end, isDone } = await start();
    // A token of English is four bytes or more: more bytes come by than there can be tokens.
    await send(text(4 * MAX_TOKENS));
    expect(committed(SOFT)).toBe(committed(HARD));

    await send(metadataFrame(1, MAX_TOKENS));
    await end();
    expect(extensions()).toBe(1);
    expect(isDone()).toBe(true);
  });

  it('is made on every progressive counter, and on no other', async () => {
    useCaps(soft(), soft({ capId: 'softer' }), hard());
    const { send } = await start();
    const before = committed(HARD);

    await send(text(15));

    expect(committed(SOFT)).toBe(committed('COUNTER#softer'));
    expect(committed(HARD)).toBe(before);
    expect(extensions()).toBe(2);
  });

  it('leaves nothing behind: the stream is settled at its usage on every counter', async () => {
    useCaps(soft(), hard());
    const { send, end } = await start();
    await send(text(15));
    await send(metadataFrame(10, 5));
    await end();

    expect(ports.ledger.books(SOFT).settledNanoUsd).toBe(usd('0.000035'));
    expect(ports.ledger.books(HARD).settledNanoUsd).toBe(usd('0.000035'));
    expect(ports.ledger.standing()).toEqual([]);
    expect(lastEntry()).not.toHaveProperty('charged');
  });

  it('that is under way when the stream ends is settled by either amount', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    const { send, end, isDone } = await startKnowing();
    ports.ledger.fault = (call) => (call === 'extend' ? gate : undefined);
    await send(text(15));
    await send(metadataFrame(10, 5));
    await end();

    const [call] = ports.ledger.ends;
    expect(call?.hold.extendingToNanoUsd).toBeGreaterThan(call?.hold.reservedNanoUsd ?? 0n);
    expect(isDone()).toBe(false);
    open(undefined);
    await settleDown();
    expect(isDone()).toBe(true);
  });
});

describe('an extension whose settings come after the stream has ended', () => {
  it('is not made: the settle knows nothing of it', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { send, end, isDone } = await startKnowing();
    ports.settings.fault = () => gate;
    await send(text(15));
    await send(metadataFrame(10, 5));
    await end();
    open();
    await settleDown();

    expect(extensions()).toBe(0);
    expect(isDone()).toBe(true);
    expect(ports.ledger.standing()).toEqual([]);
  });
});

describe('a cap that has no room for more', () => {
  /** Room for the first two tranches and the half of one more. */
  async function startNearLimit(...others: Cap[]) {
    useCaps(soft(), ...others);
    await start();
    const first = committed(SOFT);
    ports = createFakePorts(clock);
    useCaps(soft({ limitNanoUsd: nanoUsd(first + 5n * OUTPUT_NANO_USD) }), ...others);
    return { ...(await start()), first };
  }

  it('shuts its counter, then cuts the stream with an error that names it', async () => {
    const { send, upstream, isDone, first } = await startNearLimit();

    await send(text(15));

    expect(ports.sink.errors).toEqual([
      {
        type: 'validationException',
        message: expect.stringMatching(
          /^budget_exceeded: cap "soft" .*\(spent\): limit \$.* daily, settled \$0\.00, reserved \$/,
        ),
        cap: expect.objectContaining({ capId: 'soft', reason: 'spent', reservedNanoUsd: first }),
      },
    ]);
    const order = ports.events.filter((event) => /^(settled|error frame)/.test(event));
    expect(order).toEqual([`settled ${SOFT}`, 'error frame']);
    expect(ports.ledger.books(SOFT).cutUntilMs).toBe(clock.nowMs() + CUT_HOLD_MS);
    expect(upstream.aborted()).toBe(true);
    expect(isDone()).toBe(true);
    expect(lastEntry()).toMatchObject({ outcome: 'cut', costNanoUsd: first });
  });

  it('has refused the next request by the time the client sees the cut', async () => {
    const { send } = await startNearLimit();
    const fail = ports.sink.fail.bind(ports.sink);
    let shutAtCut = 0;
    ports.sink.fail = (error) => {
      shutAtCut = ports.ledger.books(SOFT).cutUntilMs;
      fail(error);
    };

    await send(text(15));

    expect(shutAtCut).toBeGreaterThan(clock.nowMs());
    const next = await start();
    expect(next.answer.kind).toBe('refused');
  });

  it('charges each counter what is reserved there, and the journal tells both', async () => {
    const { send, first } = await startNearLimit(hard());
    const bound = committed(HARD);

    await send(text(15));

    expect(ports.ledger.books(SOFT).settledNanoUsd).toBe(first);
    expect(ports.ledger.books(HARD).settledNanoUsd).toBe(bound);
    expect(ports.ledger.books(HARD).cutUntilMs).toBe(0);
    const charged = lastEntry()?.charged ?? {};
    expect(Object.values(charged).sort()).toEqual([first, bound].sort());
    expect(lastEntry()?.costNanoUsd).toBe(bound);
  });

  it('charges never less than was seen', async () => {
    const { send, first } = await startNearLimit();

    await send(text(70));

    expect(ports.ledger.books(SOFT).settledNanoUsd).toBe(nanoUsd(first + 50n * OUTPUT_NANO_USD));
    expect(ports.telemetry.metrics.get(METRIC.softOverruns)).toBe(1);
    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBeUndefined();
  });

  it('settles at the usage where that had arrived', async () => {
    const { send } = await startNearLimit();

    await send(Buffer.concat([text(15), metadataFrame(10, 5)]));

    expect(lastEntry()).toMatchObject({ outcome: 'cut', costNanoUsd: usd('0.000035') });
  });

  it('is the one whose limit was lowered meanwhile, by settings of the allowed age', async () => {
    const { send } = await start();
    ports.settings.table = settingsTable({ caps: [soft({ limitNanoUsd: usd('0.000001') })] });
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };

    await send(text(15));

    expect(ports.sink.errors).toMatchObject([{ cap: { limitNanoUsd: usd('0.000001') } }]);
  });

  it('holds as it was where it was removed meanwhile', async () => {
    const { send } = await start();
    ports.settings.table = settingsTable({ caps: [] });

    await send(text(15));

    expect(ports.sink.errors).toEqual([]);
  });
});

describe('an extension that nobody knows the end of', () => {
  const errors = (type: string) => [
    { type: 'internalServerException', message: expect.stringMatching(type) },
  ];

  it.each(['lost', 'unanswered', 'throws'] as const)(
    'ends the stream (%s), charged at the larger amount, and its counter stays open',
    async (fault) => {
      const { send, input } = await startKnowing();
      ports.ledger.fault = (call) => (call === 'extend' ? fault : undefined);

      await send(text(15));

      expect(ports.sink.errors).toEqual(errors('^ledger_unavailable: '));
      expect(outputPart(SOFT, input)).toBe(35n);
      expect(ports.ledger.books(SOFT).cutUntilMs).toBe(0);
      expect(ports.ledger.standing()).toEqual([]);
    },
  );

  it('ends the stream where the reservation has expired', async () => {
    const { send } = await startKnowing();
    ports.ledger.books(SOFT).reservations.clear();

    await send(text(15));

    expect(ports.sink.errors).toEqual(errors('expired'));
  });

  it('ends the stream where the settings cannot be read', async () => {
    const { send } = await startKnowing();
    ports.settings.fault = () => {
      throw new HardcapError('settings_unavailable', 'settings_unavailable: no answer');
    };

    await send(text(15));

    expect(ports.sink.errors).toEqual(errors('settings could not be read'));
  });

  it('frees a stream that waits for it, at the deadline', async () => {
    const { send, isDone } = await startKnowing();
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'extend' ? gate : undefined);
    await send(text(25));

    clock.advance(60_000);
    await settleDown();

    expect(ports.sink.errors).toEqual(errors('^upstream_timeout: '));
    expect(ports.sink.isEnded).toBe(true);
    open(undefined);
    await settleDown();
    expect(isDone()).toBe(true);
  });
});

describe('a usage above what is reserved', () => {
  it('is recorded as it is, and counted apart from overruns', async () => {
    const { send, end } = await start();
    await send(text(1));
    await send(metadataFrame(10, 90));
    await end();

    const cost: NanoUsd = usd('0.00046');
    expect(ports.ledger.books(SOFT).settledNanoUsd).toBe(cost);
    expect(ports.telemetry.metrics.get(METRIC.softOverruns)).toBe(1);
    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBeUndefined();
  });
});

describe('a stream whose answer never began', () => {
  it('is charged what its counter holds, and the error says that amount', async () => {
    let held = 0n;
    ports.upstream.respond = async () => {
      held = committed(SOFT);
      throw new UpstreamFailure('unknown', 'no answer', undefined);
    };
    const guard = createSpendGuard(ports, guardOptions({ trancheTokens: TRANCHE_TOKENS }));
    const request = guardedRequest(clock, ports.sink, { operation: 'converse-stream' });
    const error: unknown = await guard.handle(request).catch((thrown: unknown) => thrown);

    const amount = formatUsd(nanoUsd(held));
    expect(ports.ledger.books(SOFT).settledNanoUsd).toBe(held);
    expect(error).toMatchObject({
      message: expect.stringContaining(`$${amount}`),
      details: { reservedUsd: amount, costUsd: amount },
    });
  });
});

describe('bytes that are no frames', () => {
  it('count whole, as all of them may be output', async () => {
    const { send } = await startKnowing();

    await send(Buffer.from([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));

    expect(extensions()).toBe(1);
  });
});
