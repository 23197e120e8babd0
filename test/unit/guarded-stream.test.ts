/**
 * A stream under the spend guard: what the client sees of its end, and what it costs.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  GuardedRequest,
  SpendGuardOptions,
} from '../../lambda/application/guarded-request.ts';
import { BODY_END_PATIENCE_MS } from '../../lambda/application/guarded-stream.ts';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { METRIC } from '../../lambda/contract.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { exceptionFrame } from '../../local/simulated-stream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  deltaFrame,
  guardedRequest,
  guardOptions,
  metadataFrame,
  response,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';
const LOOK_MS = 5_000;
const CUT_HOLD_MS = 10_000;

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

async function* hanging(...frames: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* frames;
  await new Promise(() => undefined);
}

async function* breaking(...frames: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* frames;
  throw new Error('reset');
}

/** Starts a stream of these chunks; `done` tells whether it is over. */
async function start(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  rest: Partial<SpendGuardOptions> = {},
  more: Partial<GuardedRequest> = {},
) {
  const upstream = response(200, chunks);
  ports.upstream.respond = async () => upstream;
  const guard = createSpendGuard(ports, guardOptions({ cutHoldMs: CUT_HOLD_MS, ...rest }));
  const request = guardedRequest(clock, ports.sink, { operation: 'converse-stream', ...more });
  const answer = await guard.handle(request);
  let isDone = false;
  void answer.done.then(() => {
    isDone = true;
  });
  await settleDown();
  return { upstream, isDone: () => isDone, kind: answer.kind };
}

async function pass(durationMs: number) {
  clock.advance(durationMs);
  await settleDown();
}

const disableKey = () => {
  ports.settings.table = settingsTable({ key: callerKey({ enabled: false }) });
};
const lowerCap = () => {
  ports.ledger.books(TEAM).settledNanoUsd = usd('5');
  ports.settings.table = settingsTable({ caps: [cap({ limitNanoUsd: usd('1') })] });
};
const settledUsd = () => formatUsd(ports.ledger.books(TEAM).settledNanoUsd);
const lastEntry = () => ports.ledger.journal.at(-1);
const reservedNanoUsd = () => lastEntry()?.reservedNanoUsd;

describe('a stream that ends', () => {
  it('is settled at its usage before its body ends', async () => {
    const stream = await start([deltaFrame(), metadataFrame(100, 10)]);

    expect(stream).toMatchObject({ kind: 'stream' });
    expect(stream.isDone()).toBe(true);
    expect(settledUsd()).toBe('0.00015');
    expect(ports.events.indexOf(`settled ${TEAM}`)).toBeLessThan(
      ports.events.indexOf('end of body'),
    );
    expect(ports.sink.errors).toEqual([]);
    expect(clock.sleepers).toBeLessThanOrEqual(1);
  });

  it('does not keep its client waiting for a slow settle longer than 250 ms', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'settle' ? gate : undefined);
    const stream = await start([metadataFrame(100, 10)]);

    await pass(BODY_END_PATIENCE_MS - 1);
    expect(ports.sink.isEnded).toBe(false);
    await pass(1);
    expect(ports.sink.isEnded).toBe(true);

    expect(stream.isDone()).toBe(false);
    open(undefined);
    await settleDown();
    expect(stream.isDone()).toBe(true);
    expect(settledUsd()).toBe('0.00015');
  });

  it('without its usage is charged in full', async () => {
    await start([deltaFrame()]);

    expect(lastEntry()).toMatchObject({ outcome: 'charged-in-full' });
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(reservedNanoUsd());
  });
});

describe('a stream that breaks', () => {
  it('ends with an error that says so, after its settle, and is charged in full', async () => {
    await start(breaking(deltaFrame()));

    expect(ports.sink.errors).toEqual([
      { type: 'internalServerException', message: expect.stringMatching(/^upstream_failed:/) },
    ]);
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(reservedNanoUsd());
    expect(ports.events.slice(-2)).toEqual(['error frame', 'end of body']);
  });

  it('after its usage is settled at it', async () => {
    await start(breaking(metadataFrame(100, 10)));

    expect(settledUsd()).toBe('0.00015');
  });
});

describe('a stream that Bedrock rejects in its first frame', () => {
  it.each([
    ['throttlingException', 'slow down', 'released'],
    ['validationException', 'no such field', 'released'],
    ['validationException', 'a guardrail has intervened', 'charged-in-full'],
    ['modelStreamErrorException', 'it broke', 'charged-in-full'],
    ['internalServerException', 'it broke', 'charged-in-full'],
  ])('by %s (%s) is %s', async (type, message, outcome) => {
    await start([exceptionFrame(type, message)]);

    expect(lastEntry()).toMatchObject({ outcome });
    expect(ports.ledger.standing()).toEqual([]);
    expect(ports.sink.errors).toEqual([]);
  });

  it('is charged in full where output came before', async () => {
    await start([deltaFrame(), exceptionFrame('throttlingException', 'slow down')]);

    expect(lastEntry()).toMatchObject({ outcome: 'charged-in-full' });
  });
});

describe('a cut by a cap', () => {
  it('holds the counter shut before the client learns of it', async () => {
    const stream = await start(hanging(deltaFrame()));
    lowerCap();

    await pass(LOOK_MS);

    expect(ports.sink.errors).toEqual([
      {
        type: 'validationException',
        message: expect.stringMatching(/^budget_exceeded: /),
        cap: expect.objectContaining({ capId: 'team-budget', limitNanoUsd: usd('1') }),
      },
    ]);
    expect(ports.events.slice(-4)).toEqual([
      `settled ${TEAM}`,
      expect.stringMatching(/^journal /),
      'error frame',
      'end of body',
    ]);
    expect(ports.ledger.books(TEAM).cutUntilMs).toBe(clock.nowMs() + CUT_HOLD_MS);
    expect(stream.upstream.aborted()).toBe(true);
    expect(stream.isDone()).toBe(true);
    expect(lastEntry()).toMatchObject({ outcome: 'cut', costNanoUsd: reservedNanoUsd() });
    expect(ports.telemetry.metrics.get(METRIC.streamsCut)).toBe(1);
  });

  it('does not tell the client while the hold has no answer, however long', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
    ports.ledger.fault = (call) => (call === 'cut' ? gate : undefined);
    const stream = await start(hanging(deltaFrame()));
    lowerCap();
    await pass(LOOK_MS);

    await pass(BODY_END_PATIENCE_MS);
    expect(ports.sink.errors).toEqual([]);
    open(undefined);
    await settleDown();

    expect(ports.sink.errors).toHaveLength(1);
    expect(stream.isDone()).toBe(true);
  });

  it('that cannot be written still ends the stream, and is told', async () => {
    ports.ledger.fault = (call) => (call === 'cut' ? 'lost' : undefined);
    const stream = await start(hanging(deltaFrame()));
    lowerCap();

    await pass(LOOK_MS);

    expect(ports.sink.errors).toHaveLength(1);
    expect(stream.isDone()).toBe(true);
    expect(ports.telemetry.metrics.get(METRIC.settleFailures)).toBe(1);
  });

  it('after the usage had arrived is settled at it', async () => {
    const stream = await start(hanging(deltaFrame(), metadataFrame(100, 10)));
    lowerCap();

    await pass(LOOK_MS);

    expect(lastEntry()).toMatchObject({ outcome: 'cut', costNanoUsd: usd('0.00015') });
    expect(stream.isDone()).toBe(true);
  });
});

describe('a cut by the key', () => {
  it('needs no hold, and does not wait for a slow settle longer than 250 ms', async () => {
    ports.ledger.fault = (call) => (call === 'settle' ? new Promise(() => undefined) : undefined);
    await start(hanging(deltaFrame()));
    disableKey();
    await pass(LOOK_MS);

    await pass(BODY_END_PATIENCE_MS);

    expect(ports.sink.errors).toEqual([
      {
        type: 'validationException',
        message: expect.stringMatching(/^budget_exceeded: .*disabled/),
      },
    ]);
    expect(ports.sink.isEnded).toBe(true);
    expect(ports.ledger.books(TEAM).cutUntilMs).toBe(0);
  });
});

describe('a cut by the deadline', () => {
  it('is the server’s error, not the caller’s', async () => {
    const stream = await start(hanging(deltaFrame()));

    await pass(60_000);

    expect(ports.sink.errors).toEqual([
      { type: 'internalServerException', message: expect.stringMatching(/^upstream_timeout: /) },
    ]);
    expect(stream.isDone()).toBe(true);
    expect(ports.ledger.books(TEAM).settledNanoUsd).toBe(reservedNanoUsd());
    expect(ports.ledger.books(TEAM).cutUntilMs).toBe(0);
  });

  it('frees a stream whose client reads nothing', async () => {
    ports.sink.room = () => new Promise(() => undefined);
    const stream = await start(hanging(deltaFrame(), deltaFrame()));

    await pass(60_000);

    expect(stream.isDone()).toBe(true);
    expect(ports.sink.isEnded).toBe(true);
  });
});

describe('a client that leaves', () => {
  const leave = async () => {
    ports.sink.leave();
    await settleDown();
  };

  it('is read on for its usage where the setting says drain', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const stream = await start(
      (async function* () {
        yield deltaFrame();
        await gate;
        yield metadataFrame(100, 10);
      })(),
    );

    await leave();
    expect(stream.upstream.aborted()).toBe(false);
    open();
    await settleDown();

    expect(stream.isDone()).toBe(true);
    expect(lastEntry()).toMatchObject({ outcome: 'settled', costNanoUsd: usd('0.00015') });
  });

  it('ends its stream where the setting says settle: in full, never at zero', async () => {
    const stream = await start(hanging(deltaFrame()), { whenClientLeaves: 'settle' });

    await leave();

    expect(stream.upstream.aborted()).toBe(true);
    expect(stream.isDone()).toBe(true);
    expect(lastEntry()).toMatchObject({
      outcome: 'charged-in-full',
      reason: 'the client has left',
      costNanoUsd: reservedNanoUsd(),
    });
    expect(ports.sink.errors).toEqual([]);
  });

  it('pays for the usage that it had been shown', async () => {
    const frames = hanging(deltaFrame(), metadataFrame(100, 10));
    await start(frames, { whenClientLeaves: 'settle' });

    await leave();

    expect(lastEntry()).toMatchObject({ outcome: 'settled', costNanoUsd: usd('0.00015') });
  });
});

describe('a damaged stream', () => {
  const corrupt = () => {
    const frame = Buffer.from(deltaFrame());
    frame.writeUInt8(frame.readUInt8(frame.length - 6) ^ 1, frame.length - 6);
    return frame;
  };

  it.each([
    ['whose frame fails its checksum', () => [corrupt()]],
    ['whose bytes are no frames', () => [Buffer.from('0123456789abcdef')]],
    ['that ends within a frame', () => [deltaFrame(), deltaFrame().subarray(0, 20)]],
  ])('%s is passed on, charged in full, and counted', async (_, make) => {
    const chunks = make();
    await start(chunks);

    expect(Buffer.concat(ports.sink.written).equals(Buffer.concat(chunks))).toBe(true);
    expect(lastEntry()).toMatchObject({ outcome: 'charged-in-full' });
    expect(ports.telemetry.metrics.get(METRIC.streamsDamaged)).toBe(1);
  });

  it('that broke off is counted, and one that was cut is not', async () => {
    await start(breaking(deltaFrame()));
    expect(ports.telemetry.metrics.get(METRIC.streamsDamaged)).toBe(1);

    await start(hanging(deltaFrame(), deltaFrame().subarray(0, 20)));
    disableKey();
    await pass(LOOK_MS);
    expect(ports.telemetry.metrics.get(METRIC.streamsDamaged)).toBe(1);
  });

  it('is settled, and its client told, where the reader of its frames itself fails', async () => {
    const stream = await start(
      [deltaFrame(), metadataFrame(100, 10)],
      {},
      {
        createFrameReader: () => ({
          take: (chunk) => chunk,
          read: () => {
            throw new Error('a fault of ours');
          },
          rest: () => new Uint8Array(0),
          isBroken: () => false,
        }),
      },
    );

    expect(stream.isDone()).toBe(true);
    expect(lastEntry()).toMatchObject({ outcome: 'charged-in-full' });
    expect(ports.events.slice(-2)).toEqual(['error frame', 'end of body']);
  });

  it('is settled at the usage that came before the damage', async () => {
    await start([Buffer.concat([metadataFrame(100, 10), corrupt()])]);

    expect(settledUsd()).toBe('0.00015');
  });
});
