/**
 * Metering by rule: the same usage streamed or not, and no bytes that make it throw.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { createUsageMeter, type Usage, usageFromAnswer } from '../../lambda/domain/usage.ts';

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

const families = ['anthropic', 'nova'] as const;
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const chunk = (json: unknown): Uint8Array =>
  bytes({ bytes: Buffer.from(bytes(json)).toString('base64'), p: 'ab' });

const count = fc.integer({ min: 0, max: 1_000_000_000 });
const counts = fc.record({
  input: count,
  output: count,
  read: count,
  write5m: fc.integer({ min: 0, max: 400_000_000 }),
  write1h: fc.integer({ min: 0, max: 400_000_000 }),
});
type Counts = typeof counts extends fc.Arbitrary<infer Value> ? Value : never;

const anthropicUsage = (of: Counts) => ({
  input_tokens: of.input,
  output_tokens: of.output,
  cache_read_input_tokens: of.read,
  cache_creation_input_tokens: of.write5m + of.write1h,
  cache_creation: {
    ephemeral_5m_input_tokens: of.write5m,
    ephemeral_1h_input_tokens: of.write1h,
  },
});

const converseUsage = (of: Counts) => ({
  inputTokens: of.input,
  outputTokens: of.output,
  cacheReadInputTokens: of.read,
  cacheWriteInputTokens: of.write5m + of.write1h,
  cacheDetails: [
    { ttl: '1h', inputTokens: of.write1h },
    { ttl: '5m', inputTokens: of.write5m },
  ],
});

const invocationMetrics = (of: Counts) => ({
  'amazon-bedrock-invocationMetrics': {
    inputTokenCount: of.input,
    outputTokenCount: of.output,
    cacheReadInputTokenCount: of.read,
    cacheWriteInputTokenCount: of.write5m + of.write1h,
    invocationLatency: 12.5,
  },
});

function streamed(
  operation: Operation,
  family: Model['family'],
  frames: readonly (readonly [string, Uint8Array])[],
  oneHourCacheWrites: boolean,
): Usage {
  const meter = createUsageMeter({ operation, model: modelOf(family), oneHourCacheWrites });
  for (const [type, payload] of frames) meter.event('event', type, payload);
  return meter.usage();
}

function whole(
  operation: Operation,
  family: Model['family'],
  usage: unknown,
  oneHourCacheWrites: boolean,
): Usage {
  const model = modelOf(family);
  const body = bytes({ usage });
  return usageFromAnswer({ operation, model, headers: {}, body, oneHourCacheWrites });
}

const metered = (of: Counts): Usage => ({
  kind: 'metered',
  usage: {
    inputTokens: of.input,
    outputTokens: of.output,
    cacheReadTokens: of.read,
    cacheWrite5mTokens: of.write5m,
    cacheWrite1hTokens: of.write1h,
  },
});

/** Fractions of the output that were reported on the way. */
const progress = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 5 });

describe('the usage of a stream', () => {
  it('is that of the same answer in one piece, for Anthropic', () => {
    fc.assert(
      fc.property(counts, progress, fc.boolean(), fc.boolean(), (of, steps, oneHour, measured) => {
        const { output_tokens: output, ...input } = anthropicUsage(of);
        const message = { usage: { ...input, output_tokens: Math.min(1, output) } };
        const partial = steps.map((step) =>
          chunk({
            type: 'message_delta',
            usage: { output_tokens: Math.floor((output * step) / 100) },
          }),
        );
        const last = {
          type: 'message_delta',
          delta: { stop_reason: 'end_turn' },
          usage: { output_tokens: output },
        };
        const stop = { type: 'message_stop', ...(measured ? invocationMetrics(of) : {}) };
        const payloads = [
          chunk({ type: 'message_start', message }),
          ...partial,
          chunk(last),
          chunk(stop),
        ];
        const frames = payloads.map((payload) => ['chunk', payload] as const);

        const usage = streamed('invoke-with-response-stream', 'anthropic', frames, oneHour);

        expect(usage).toEqual(metered(of));
        expect(usage).toEqual(whole('invoke', 'anthropic', anthropicUsage(of), oneHour));
      }),
      { numRuns: 500 },
    );
  });

  it('is that of the same answer in one piece, for Nova and for Converse', () => {
    fc.assert(
      fc.property(counts, fc.boolean(), fc.constantFrom(...families), (of, oneHour, family) => {
        const usage = converseUsage(of);
        const frames = [
          ['messageStart', bytes({ role: 'assistant' })],
          ['messageStop', bytes({ stopReason: 'end_turn' })],
          ['metadata', bytes({ usage, metrics: { latencyMs: 5 } })],
        ] as const;
        const chunks = [
          ['chunk', chunk({ messageStart: {} })],
          ['chunk', chunk({ metadata: { usage }, ...invocationMetrics(of) })],
        ] as const;

        expect(streamed('converse-stream', family, frames, oneHour)).toEqual(metered(of));
        expect(whole('converse', family, usage, oneHour)).toEqual(metered(of));
        expect(streamed('invoke-with-response-stream', 'nova', chunks, oneHour)).toEqual(
          metered(of),
        );
        expect(whole('invoke', 'nova', usage, oneHour)).toEqual(metered(of));
      }),
      { numRuns: 500 },
    );
  });
});

/** JSON that often has the members that meters look at, with values that they do not expect. */
const looksLikeUsage = fc.dictionary(
  fc.constantFrom(
    'usage',
    'message',
    'metadata',
    'delta',
    'type',
    'inputTokens',
    'input_tokens',
    'output_tokens',
    'outputTokens',
    'cacheDetails',
    'cache_creation',
    'iterations',
    'amazon-bedrock-invocationMetrics',
  ),
  fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom('usage', 'input_tokens', 'inputTokens', 'outputTokens', 'cacheDetails'),
      fc.jsonValue(),
    ),
  ),
);

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  looksLikeUsage.map(bytes),
  looksLikeUsage.map(chunk),
  fc
    .uint8Array({ maxLength: 200 })
    .map((raw) => bytes({ bytes: Buffer.from(raw).toString('base64') })),
);

const frame = fc.tuple(
  fc.constantFrom('event', 'exception', 'error', ''),
  fc.constantFrom('chunk', 'metadata', 'messageStop', 'messageStart', 'throttlingException', ''),
  payload,
);

function expectSound(usage: Usage): void {
  if (usage.kind === 'unknown') {
    expect(usage.why).not.toBe('');
    return;
  }
  for (const tokens of Object.values(usage.usage)) {
    expect(Number.isSafeInteger(tokens) && tokens >= 0).toBe(true);
  }
}

describe('garbage', () => {
  it('never makes a meter throw, and is metered soundly or not at all', () => {
    const operation = fc.constantFrom('converse-stream', 'invoke-with-response-stream');
    fc.assert(
      fc.property(
        operation,
        fc.constantFrom(...families),
        fc.array(frame, { maxLength: 12 }),
        (streaming, family, frames) => {
          const meter = createUsageMeter({
            operation: streaming,
            model: modelOf(family),
            oneHourCacheWrites: false,
          });
          for (const each of frames) meter.event(...each);

          expectSound(meter.usage());
          expect(meter.rejectedBeforeOutput()).toSatisfy(
            (type: unknown) => type === undefined || typeof type === 'string',
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is metered soundly or not at all as a whole answer', () => {
    const headers = fc.dictionary(
      fc.constantFrom('x-amzn-bedrock-input-token-count', 'x-amzn-bedrock-output-token-count'),
      fc.oneof(fc.string(), fc.nat().map(String)),
    );
    const operation = fc.constantFrom('converse', 'invoke');
    fc.assert(
      fc.property(
        operation,
        fc.constantFrom(...families),
        payload,
        headers,
        (plain, family, body, given) => {
          expectSound(
            usageFromAnswer({
              operation: plain,
              model: modelOf(family),
              headers: given,
              body,
              oneHourCacheWrites: true,
            }),
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
