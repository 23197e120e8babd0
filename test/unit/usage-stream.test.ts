/**
 * What a stream's usage is read as: metered once its final count has come, otherwise unknown.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { createUsageMeter, type Usage } from '../../lambda/domain/usage.ts';

const modelOf = (family: Model['family']): Model => ({
  modelId: 'm',
  baseModelId: 'm',
  profileId: 'm',
  vendor: family,
  family,
  price: {
    modelId: 'm',
    version: 'test',
    tokens: { inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 1n },
  },
  contextWindowTokens: 200_000,
  maxOutputTokens: 1_000,
});

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

interface Asked {
  readonly operation?: Operation;
  readonly family?: Model['family'];
  readonly oneHour?: boolean;
}

/** Input, output, cache read, cache write of 5 minutes and of 1 hour. */
const metered = (input: number, output: number, read = 0, write5m = 0, write1h = 0): Usage => ({
  kind: 'metered',
  usage: {
    inputTokens: input,
    outputTokens: output,
    cacheReadTokens: read,
    cacheWrite5mTokens: write5m,
    cacheWrite1hTokens: write1h,
  },
});

/** A frame as the meter gets it. */
type Frame = readonly [messageType: string, eventType: string, payload: Uint8Array];

const chunk = (json: unknown): Frame => [
  'event',
  'chunk',
  bytes({ bytes: Buffer.from(bytes(json)).toString('base64'), p: 'abcd' }),
];
const event = (type: string, payload: unknown): Frame => ['event', type, bytes(payload)];

function meterOf(asked: Asked, frames: readonly Frame[]) {
  const meter = createUsageMeter({
    operation: asked.operation ?? 'invoke-with-response-stream',
    model: modelOf(asked.family ?? 'anthropic'),
    oneHourCacheWrites: asked.oneHour ?? false,
  });
  for (const frame of frames) meter.event(...frame);
  return meter;
}

const start = chunk({
  type: 'message_start',
  message: {
    usage: { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 5 },
  },
});
const text = chunk({ type: 'content_block_delta', delta: { text: 'usage: 5 tokens' } });
const delta = (output: number, stopReason: string | null = null) =>
  chunk({
    type: 'message_delta',
    delta: { stop_reason: stopReason },
    usage: { output_tokens: output },
  });
const metrics = chunk({
  type: 'message_stop',
  'amazon-bedrock-invocationMetrics': { inputTokenCount: 10, outputTokenCount: 42 },
});

describe('a native stream of Anthropic', () => {
  it('takes output counts as cumulative and never adds them', () => {
    const frames = [start, text, delta(20), delta(42, 'end_turn'), metrics];

    expect(meterOf({}, frames).usage()).toEqual(metered(10, 42, 5));
  });

  it.each(['end_turn', 'max_tokens', 'refusal'])(
    'is metered when it ends by %s, without metrics',
    (reason) => {
      expect(meterOf({}, [start, delta(42, reason)]).usage()).toEqual(metered(10, 42, 5));
    },
  );

  it('is metered by an output count on message_stop, and by metrics alone', () => {
    const stop = chunk({ type: 'message_stop', usage: { output_tokens: 42 } });

    expect(meterOf({}, [start, delta(20), stop]).usage()).toEqual(metered(10, 42, 5));
    expect(meterOf({}, [metrics]).usage()).toEqual(metered(10, 42));
  });

  it('reads cache counts that come on message_stop', () => {
    const stop = chunk({ type: 'message_stop', usage: { cache_creation_input_tokens: 7 } });

    expect(meterOf({}, [start, delta(42, 'end_turn'), stop]).usage()).toEqual(
      metered(10, 42, 5, 7),
    );
  });

  it.each([
    ['at once', []],
    ['after its start', [start, text]],
    ['after an output count that is not the last', [start, text, delta(20)]],
    ['without an output count', [start, chunk({ type: 'message_stop' })]],
    ['on a count that is not the last', [start, delta(20), chunk({ type: 'message_stop' })]],
  ])('is unknown when it ends %s', (_name, frames) => {
    expect(meterOf({}, frames).usage()).toEqual({
      kind: 'unknown',
      why: 'the stream ended before its usage',
    });
  });

  it('is unknown for good once a usage in it cannot be trusted', () => {
    const broken = chunk({ type: 'message_delta', usage: { output_tokens: -1 } });

    expect(meterOf({}, [start, broken, metrics]).usage().kind).toBe('unknown');
  });

  it('is metered by its final usage even if an exception follows', () => {
    const exception: Frame = ['exception', 'modelStreamErrorException', bytes({ message: 'm' })];

    expect(meterOf({}, [start, metrics, exception]).usage()).toEqual(metered(10, 42, 5));
  });
});

describe('a native stream of Nova', () => {
  const nova = { family: 'nova' } as const;
  const usage = { inputTokens: 10, outputTokens: 42, cacheReadInputTokenCount: 5 };

  it('is metered by its metadata or by the metrics', () => {
    const metadata = chunk({ metadata: { usage, metrics: {} } });

    expect(meterOf(nova, [chunk({ messageStart: {} }), metadata]).usage()).toEqual(
      metered(10, 42, 5),
    );
    expect(meterOf(nova, [metrics]).usage()).toEqual(metered(10, 42));
    expect(meterOf(nova, [metadata, metrics]).usage()).toEqual(metered(10, 42, 5));
  });

  it('is unknown on counts that came before its end', () => {
    expect(meterOf(nova, [chunk({ messageStart: { usage } })]).usage().kind).toBe('unknown');
  });

  it('is unknown without either', () => {
    expect(meterOf(nova, [chunk({ messageStop: { stopReason: 'end_turn' } })]).usage().kind).toBe(
      'unknown',
    );
  });
});

describe('a Converse stream', () => {
  const stream = { operation: 'converse-stream' } as const;
  const usage = { inputTokens: 10, outputTokens: 42 };

  it('is metered by its metadata', () => {
    const frames = [event('messageStart', {}), event('metadata', { usage, p: 'ab' })];

    expect(meterOf(stream, frames).usage()).toEqual(metered(10, 42));
  });

  it('is metered by a usage on messageStop', () => {
    expect(meterOf(stream, [event('messageStop', { usage })]).usage()).toEqual(metered(10, 42));
  });

  it('is unknown without a usage, and when it was cut inside it', () => {
    const cut: Frame = ['event', 'metadata', Buffer.from('{"usage":{"inputTok')];

    expect(meterOf(stream, [event('messageStop', { stopReason: 'x' })]).usage().kind).toBe(
      'unknown',
    );
    expect(meterOf(stream, [cut]).usage().kind).toBe('unknown');
  });
});

describe('a stream that was rejected', () => {
  const throttled: Frame = ['exception', 'throttlingException', bytes({ message: 'm' })];

  it('names the exception that came before any output', () => {
    const meter = meterOf({}, [throttled]);

    expect(meter.rejectedBeforeOutput()).toBe('throttlingException');
    expect(meter.usage()).toEqual({
      kind: 'unknown',
      why: 'the stream ended before its usage, by throttlingException',
    });
  });

  it('names an error frame as well', () => {
    expect(meterOf({}, [['error', 'InternalError', Buffer.alloc(0)]]).rejectedBeforeOutput()).toBe(
      'InternalError',
    );
  });

  it('names nothing once there was an event, or no exception at all', () => {
    expect(meterOf({}, [start, throttled]).rejectedBeforeOutput()).toBeUndefined();
    expect(meterOf({}, [throttled, start]).rejectedBeforeOutput()).toBeUndefined();
    expect(meterOf({}, [start]).rejectedBeforeOutput()).toBeUndefined();
    expect(meterOf({}, []).rejectedBeforeOutput()).toBeUndefined();
  });
});
