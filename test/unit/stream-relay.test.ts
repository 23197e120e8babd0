/**
 * The relay: bytes to the client as they come, whole frames, and an end that is always told.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createFrameReader } from '../../lambda/adapters/http/event-stream.ts';
import { relayStream } from '../../lambda/application/stream-relay.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { createUsageMeter } from '../../lambda/domain/usage.ts';
import { exceptionFrame } from '../../local/simulated-stream.ts';
import {
  createFakeSink,
  deltaFrame,
  type FakeSink,
  HAIKU,
  metadataFrame,
  response,
  settleDown,
} from '../helpers/fake-ports.ts';

const KEY_CUT = { kind: 'key', message: 'the key is disabled' } as const;
const METERED = { kind: 'metered', usage: expect.objectContaining({ outputTokens: 10 }) };

let sink: FakeSink;
beforeEach(() => {
  sink = createFakeSink();
});

const relay = (upstream: ReturnType<typeof response>, reader = createFrameReader()) =>
  relayStream(
    upstream,
    reader,
    createUsageMeter({
      operation: 'converse-stream',
      model: findModel(HAIKU, new Map()),
      oneHourCacheWrites: false,
    }),
    sink,
  );

const sent = () => Buffer.concat(sink.written);
const never = () => new Promise<never>(() => undefined);

describe('a stream that ends', () => {
  it('passes its bytes as they are, and its usage is metered', async () => {
    const whole = Buffer.concat([deltaFrame(), deltaFrame(), metadataFrame(100, 10)]);

    const end = await relay(response(200, [whole.subarray(0, 9), whole.subarray(9)])).end;

    expect(sent().equals(whole)).toBe(true);
    expect(end).toEqual({ usage: METERED });
  });

  it('with half a frame passes that half on, as Bedrock sent it', async () => {
    const half = deltaFrame().subarray(0, 20);

    const end = await relay(response(200, [deltaFrame(), half])).end;

    expect(sent().equals(Buffer.concat([deltaFrame(), half]))).toBe(true);
    expect(end.usage.kind).toBe('unknown');
  });

  it('without any frame is unknown usage, and no error', async () => {
    expect(await relay(response(200, [])).end).toEqual({
      usage: expect.objectContaining({ kind: 'unknown' }),
    });
  });
});

describe('frames', () => {
  it('are read while they come, so that what waits to be read stays bounded', async () => {
    const reader = createFrameReader();
    let unreadBytes = 0;
    let mostUnreadBytes = 0;
    const watched: ReturnType<typeof createFrameReader> = {
      ...reader,
      take(chunk) {
        const whole = reader.take(chunk);
        unreadBytes += whole.byteLength;
        mostUnreadBytes = Math.max(mostUnreadBytes, unreadBytes);
        return whole;
      },
      read(onFrame) {
        unreadBytes = 0;
        reader.read(onFrame);
      },
    };
    const chunk = deltaFrame('x'.repeat(10_000));

    await relay(
      response(
        200,
        Array.from({ length: 50 }, () => chunk),
      ),
      watched,
    ).end;

    expect(mostUnreadBytes).toBeLessThan(16 * 1024 + 2 * chunk.byteLength);
    expect(unreadBytes).toBe(0);
  });
});

describe('bytes', () => {
  it('go to the client before the next chunk is asked for', async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const running = relay(
      response(
        200,
        (async function* () {
          yield deltaFrame('first');
          await gate;
          yield metadataFrame(1, 1);
        })(),
      ),
    );
    await settleDown();

    expect(sent().equals(deltaFrame('first'))).toBe(true);
    open();
    await running.end;
  });

  it('of a frame that is not whole wait for its rest', async () => {
    const running = relay(
      response(
        200,
        (async function* () {
          yield deltaFrame().subarray(0, 30);
          await never();
        })(),
      ),
    );
    await settleDown();

    expect(sink.written).toEqual([]);
    running.cut(KEY_CUT);
    await running.end;
  });

  it('are not read on while the client has no room', async () => {
    let pulled = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    sink.room = () => gate;
    const running = relay(
      response(
        200,
        (async function* () {
          for (; pulled < 3; pulled += 1) yield deltaFrame();
        })(),
      ),
    );
    await settleDown();

    expect(pulled).toBe(0);
    open();
    await running.end;
    expect(pulled).toBe(3);
  });
});

describe('a stream that is rejected before any output', () => {
  it('tells type and message of the exception', async () => {
    const upstream = response(200, [exceptionFrame('throttlingException', 'slow down')]);

    expect((await relay(upstream).end).rejection).toEqual({
      type: 'throttlingException',
      message: 'slow down',
    });
  });

  it('is none that had output before', async () => {
    const frames = [deltaFrame(), exceptionFrame('throttlingException', 'slow down')];

    expect((await relay(response(200, frames)).end).rejection).toBeUndefined();
  });
});

describe('a stream that breaks', () => {
  it('is told as broken, with the usage that was seen', async () => {
    const upstream = response(
      200,
      (async function* () {
        yield metadataFrame(100, 10);
        throw new Error('reset');
      })(),
    );

    expect(await relay(upstream).end).toEqual({ usage: METERED, broken: new Error('reset') });
  });

  it('inside a frame does not send its half on: an error frame follows', async () => {
    const upstream = response(
      200,
      (async function* () {
        yield deltaFrame();
        yield deltaFrame().subarray(0, 20);
        throw new Error('reset');
      })(),
    );

    await relay(upstream).end;

    expect(sent().equals(Buffer.from(deltaFrame()))).toBe(true);
  });
});

describe('a cut', () => {
  it('closes upstream, frees a wait for the next chunk, and falls between two frames', async () => {
    const upstream = response(
      200,
      (async function* () {
        yield Buffer.concat([deltaFrame(), deltaFrame().subarray(0, 20)]);
        await never();
      })(),
    );
    const running = relay(upstream);
    await settleDown();

    running.cut(KEY_CUT);

    expect(await running.end).toEqual({
      usage: expect.objectContaining({ kind: 'unknown' }),
      cut: KEY_CUT,
    });
    expect(upstream.aborted()).toBe(true);
    expect(sent().equals(Buffer.from(deltaFrame()))).toBe(true);
  });

  it('frees a wait for a client that reads nothing', async () => {
    sink.room = never;
    const running = relay(response(200, [deltaFrame(), deltaFrame()]));
    await settleDown();

    running.cut(KEY_CUT);

    expect((await running.end).cut).toEqual(KEY_CUT);
    expect(sink.written).toHaveLength(1);
  });

  it('while a client is waited for sends nothing of the half frame that is kept back', async () => {
    sink.room = never;
    const chunk = Buffer.concat([deltaFrame(), deltaFrame().subarray(0, 20)]);
    const running = relay(response(200, [chunk, metadataFrame(100, 10)]));
    await settleDown();

    running.cut(KEY_CUT);
    await running.end;

    expect(sent().equals(Buffer.from(deltaFrame()))).toBe(true);
  });

  it('never follows half a frame: a stream that ended with one is over', async () => {
    sink.room = never;
    const half = deltaFrame().subarray(0, 20);
    const running = relay(response(200, [half]));

    const end = await Promise.race([running.end, settleDown()]);
    running.cut(KEY_CUT);

    expect(end).toMatchObject({ usage: { kind: 'unknown' } });
    expect((await running.end).cut).toBeUndefined();
    expect(sent().equals(half)).toBe(true);
  });

  it('counts once: the first reason is told', async () => {
    const running = relay(
      response(
        200,
        (async function* () {
          yield deltaFrame();
          await never();
        })(),
      ),
    );

    running.cut(KEY_CUT);
    running.cut({ kind: 'deadline', message: 'later' });

    expect((await running.end).cut).toEqual(KEY_CUT);
  });

  it('keeps the usage that had arrived', async () => {
    const running = relay(
      response(
        200,
        (async function* () {
          yield metadataFrame(100, 10);
          await never();
        })(),
      ),
    );
    await settleDown();

    running.cut(KEY_CUT);

    expect((await running.end).usage).toEqual(METERED);
  });
});
