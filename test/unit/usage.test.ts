/**
 * What a whole answer's usage is read as: metered when all of it is understood, otherwise unknown.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import type { Operation } from '../../lambda/domain/operation.ts';
import { type Usage, usageFromAnswer } from '../../lambda/domain/usage.ts';

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
  readonly headers?: Readonly<Record<string, string>>;
  readonly oneHour?: boolean;
}

const usageOf = (body: unknown, asked: Asked = {}): Usage =>
  usageFromAnswer({
    operation: asked.operation ?? 'invoke',
    model: modelOf(asked.family ?? 'anthropic'),
    headers: asked.headers ?? {},
    body: body instanceof Uint8Array ? body : bytes(body),
    oneHourCacheWrites: asked.oneHour ?? false,
  });

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

const converse = { operation: 'converse' } as const;

describe('a native answer of Anthropic', () => {
  it('is metered by its usage, each cache count at its own lifetime', () => {
    const usage = {
      input_tokens: 10,
      output_tokens: 20,
      cache_read_input_tokens: 30,
      cache_creation_input_tokens: 90,
      cache_creation: { ephemeral_5m_input_tokens: 40, ephemeral_1h_input_tokens: 50 },
      output_tokens_details: { thinking_tokens: 15 },
      service_tier: 'standard',
      server_tool_use: { web_search_requests: 0 },
    };

    expect(usageOf({ usage })).toEqual(metered(10, 20, 30, 40, 50));
  });

  it('takes cache writes of no stated lifetime for hours where the request asked for any', () => {
    const usage = { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 90 };

    expect(usageOf({ usage })).toEqual(metered(1, 2, 0, 90, 0));
    expect(usageOf({ usage }, { oneHour: true })).toEqual(metered(1, 2, 0, 0, 90));
    const split = { ...usage, cache_creation: { ephemeral_5m_input_tokens: 60 } };
    expect(usageOf({ usage: split }, { oneHour: true })).toEqual(metered(1, 2, 0, 60, 30));
  });

  it('is metered by the headers where the body has no usage', () => {
    const headers = {
      'x-amzn-bedrock-input-token-count': '7',
      'x-amzn-bedrock-output-token-count': '8',
      'x-amzn-bedrock-cache-read-input-token-count': '9',
      'x-amzn-bedrock-cache-write-input-token-count': '10',
    };

    expect(usageOf({}, { headers })).toEqual(metered(7, 8, 9, 10, 0));
    expect(usageOf(Buffer.from('no json'), { headers })).toEqual(metered(7, 8, 9, 10, 0));
  });

  it('takes the larger of each count where body and headers differ', () => {
    const headers = {
      'x-amzn-bedrock-input-token-count': '100',
      'x-amzn-bedrock-output-token-count': '1',
    };

    const usage = { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 5 };
    expect(usageOf({ usage }, { headers })).toEqual(metered(100, 20, 5));
  });

  it.each(['-1', '1.5', 'x', '', '99999999999'])(
    'is unknown with a header count of "%s"',
    (text) => {
      const headers = { 'x-amzn-bedrock-input-token-count': text };
      const usage = { input_tokens: 1, output_tokens: 1 };

      expect(usageOf({ usage }, { headers }).kind).toBe('unknown');
    },
  );

  it.each([
    ['no usage', {}],
    ['a usage that is no object', { usage: 5 }],
    ['no input', { usage: { output_tokens: 1 } }],
    ['no output', { usage: { input_tokens: 1 } }],
    ['a null output', { usage: { input_tokens: 1, output_tokens: null } }],
    ['a negative count', { usage: { input_tokens: -1, output_tokens: 1 } }],
    ['a fraction', { usage: { input_tokens: 1, output_tokens: 1.5 } }],
    ['text for a count', { usage: { input_tokens: '1', output_tokens: 1 } }],
    ['an absurd count', { usage: { input_tokens: 1e10, output_tokens: 1 } }],
    ['server tools', { usage: { input_tokens: 1, output_tokens: 1, server_tool_use: { n: 2 } } }],
    ['a count unheard of', { usage: { input_tokens: 1, output_tokens: 1, image_tokens: 3 } }],
    [
      'a cache lifetime unheard of',
      { usage: { input_tokens: 1, output_tokens: 1, cache_creation: { ephemeral_24h: 3 } } },
    ],
    [
      'several runs of the model',
      {
        usage: {
          input_tokens: 1,
          output_tokens: 1,
          iterations: [{ type: 'compaction' }, { type: 'message' }],
        },
      },
    ],
    [
      'the price of the fast speed',
      { usage: { input_tokens: 1, output_tokens: 1, speed: 'fast' } },
    ],
    [
      'a run of another kind',
      { usage: { input_tokens: 1, output_tokens: 1, iterations: [{ type: 'advisor_message' }] } },
    ],
  ])('is unknown with %s', (_name, body) => {
    expect(usageOf(body).kind).toBe('unknown');
  });

  it('is unknown, and tells nothing of the text, where it cannot be read', () => {
    expect(usageOf(Buffer.from('{"secret'))).toEqual({
      kind: 'unknown',
      why: 'the answer carries no usage',
    });
  });
});

describe('a Converse answer', () => {
  it('is metered by its usage, cache writes by their details', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 20,
      totalTokens: 150,
      cacheReadInputTokens: 30,
      cacheWriteInputTokens: 90,
      cacheDetails: [
        { ttl: '1h', inputTokens: 50 },
        { ttl: '5m', inputTokens: 40 },
      ],
    };

    expect(usageOf({ usage }, converse)).toEqual(metered(10, 20, 30, 40, 50));
    expect(usageOf({ usage }, { ...converse, family: 'nova' })).toEqual(
      metered(10, 20, 30, 40, 50),
    );
  });

  it('counts both spellings of a cache count once', () => {
    const usage = {
      inputTokens: 1,
      outputTokens: 2,
      cacheReadInputTokens: 3,
      cacheReadInputTokenCount: 3,
      cacheWriteInputTokens: 4,
      cacheWriteInputTokenCount: 4,
      serverToolUsage: {},
    };

    expect(usageOf({ usage }, converse)).toEqual(metered(1, 2, 3, 4));
  });

  it.each([
    ['a total above its parts', { totalTokens: 4 }],
    ['cache writes of an unknown lifetime', { cacheDetails: [{ ttl: '24h', inputTokens: 1 }] }],
    ['malformed cache details', { cacheDetails: [1] }],
    ['cache details without a count', { cacheDetails: [{ ttl: '5m' }] }],
    ['server tools', { serverToolUsage: { webSearchRequests: 1 } }],
  ])('is unknown with %s', (_name, members) => {
    const usage = { inputTokens: 1, outputTokens: 2, ...members };

    expect(usageOf({ usage }, converse).kind).toBe('unknown');
  });
});

describe('a native answer of Nova', () => {
  it('is metered by its usage in its own words', () => {
    const usage = {
      inputTokens: 10,
      outputTokens: 20,
      totalTokens: 30,
      cacheReadInputTokenCount: 5,
      cacheWriteInputTokenCount: 6,
    };

    expect(usageOf({ usage }, { family: 'nova' })).toEqual(metered(10, 20, 5, 6));
  });
});
