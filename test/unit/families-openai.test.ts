/**
 * OpenAI's shape: what it lets through, how its output is bounded, and how its usage is read.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../lambda/domain/request-body.ts';
import {
  CONVERSE,
  countHeaders,
  ENDED_EARLY,
  expectChoicesTable,
  expectLimitTable,
  MODEL_MAX_TOKENS,
  metrics,
  NO_USAGE,
  prepared,
  usageOfAnswer,
  usageOfChunks,
  verdict,
  WINDOW_TOKENS,
} from '../helpers/text-families.ts';

const chat = (members: JsonObject = {}): JsonObject => ({
  messages: [{ role: 'user', content: 'hi' }],
  ...members,
});
const user = (...content: JsonValue[]): JsonObject => ({ messages: [{ role: 'user', content }] });
const extras = (fields: JsonObject): JsonObject => ({
  messages: [],
  additionalModelRequestFields: fields,
});
const IMAGE = 'data:image/png;base64,AAAA';

describe('the native body of the OpenAI shape', () => {
  it('lets pass what a coding agent sends', () => {
    const body: JsonObject = {
      model: 'us.vendor.model-v1:0',
      max_completion_tokens: 100,
      temperature: 1,
      top_p: 0.9,
      top_k: 5,
      min_p: 0,
      stop: ['x'],
      seed: 1,
      user: 'u',
      n: 1,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { 1: -100 },
      frequency_penalty: 0,
      presence_penalty: 0,
      reasoning_effort: 'high',
      verbosity: 'low',
      store: false,
      modalities: ['text'],
      metadata: { a: 'b' },
      stream: true,
      stream_options: { include_usage: true },
      service_tier: 'default',
      parallel_tool_calls: true,
      prompt_cache_key: 'k',
      prompt_cache_options: { mode: 'explicit', ttl: '30m' },
      prompt_cache_retention: 'in_memory',
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
      chat_template_kwargs: { enable_thinking: false },
      thinking: { type: 'enabled' },
      tool_choice: 'auto',
      tools: [
        { type: 'function', function: { name: 'f', parameters: { novel: 1 } } },
        { type: 'custom', custom: { name: 'g' } },
      ],
      messages: [
        { role: 'developer', content: 'plain' },
        { role: 'user', content: [{ type: 'text', text: 'x', novel: 1 }, 'string'] },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: IMAGE } }] },
        { role: 'user', content: { text: "Writer's" } },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'r',
          novel: [],
          tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: '1', content: 'text' },
      ],
    };

    expect(verdict('openai', body)).toBe('ok');
  });

  it.each([
    'previous_response_id',
    'conversation',
    'background',
    'web_search_options',
    'search_parameters',
    'prediction',
    'audio',
    'chat_template',
    'mm_processor_kwargs',
    'echo',
    'novel',
  ])('threat 18: refuses the member %s by name', (name) => {
    expect(verdict('openai', chat({ [name]: 'x' }))).toBe(`unpriced_field ${name}`);
    expect(verdict('openai', chat({ [name]: null }))).toBe('ok');
  });

  it('threat 15: refuses to keep an answer on the server', () => {
    expect(verdict('openai', chat({ store: true }))).toBe('unpriced_field store');
    expect(verdict('openai', extras({ store: true }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.store',
    );
  });

  it.each([
    ['modalities', ['text', 'audio']],
    ['service_tier', 'auto'],
    ['prompt_cache_retention', '24h'],
  ])('refuses other values of %s than those it can price', (name, value) => {
    expect(verdict('openai', chat({ [name]: value as JsonValue }))).toBe(`unpriced_field ${name}`);
  });

  it('T19: takes a cache write of 30 minutes as its own, and no other lifetime', () => {
    const options = (ttl: string) => chat({ prompt_cache_options: { ttl } });

    expect(prepared('openai', options('30m')).oneHourCacheWrites).toBe(false);
    expect(verdict('openai', options('24h'))).toBe('unpriced_field prompt_cache_options.ttl');
  });

  it('T21 asks for the priority tier, which a price without one refuses', () => {
    expect(verdict('openai', chat({ service_tier: 'priority' }))).toBe(
      'unpriced_field service_tier',
    );
    expect(verdict('openai', extras({ service_tier: 'priority' }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.service_tier',
    );
  });

  it('refuses a body that names another model than its path', () => {
    expect(verdict('openai', chat({ model: 'vendor.model-v1:0' }))).toBe('ok');
    expect(verdict('openai', chat({ model: 'vendor.dearer-v1:0' }))).toBe('invalid_request model');
  });

  it.each(['web_search', 'file_search', 'code_interpreter', 'mcp', 'builtin_function'])(
    'threat 18: refuses the server tool %s',
    (type) => {
      expect(verdict('openai', chat({ tools: [{ type }] }))).toBe(`unpriced_field tools.${type}`);
    },
  );

  it.each([
    [{ type: 'hologram' }, 'unpriced_field messages.content.hologram'],
    [{ type: 'input_audio', input_audio: {} }, 'unpriced_field messages.content.input_audio'],
    [
      { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
      'unpriced_field messages.content.image_url',
    ],
    [
      { type: 'image_url', image_url: 's3://bucket/a.png' },
      'unpriced_field messages.content.image_url',
    ],
    [
      { type: 'video_url', video_url: { url: 'https://x.example' } },
      'unpriced_field messages.content.video_url',
    ],
    [{ type: 'file', file: { file_id: 'f' } }, 'unpriced_field messages.content.file.file_id'],
    [
      { type: 'thinking', thinking: [{ type: 'hologram' }] },
      'unpriced_field messages.content.thinking.hologram',
    ],
    [{ text: 1 }, 'invalid_request messages.content'],
    [1, 'invalid_request messages.content'],
  ])('threat 16: refuses the block %j', (block, refusal) => {
    expect(verdict('openai', user(block as JsonValue))).toBe(refusal);
  });

  it('threat 16: refuses media beside the content of a message', () => {
    const body: JsonObject = { messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] };

    expect(verdict('openai', body)).toBe('unpriced_field messages.audio');
  });

  it('T45 bounds images, videos and files by the window', () => {
    for (const block of [
      { type: 'image_url', image_url: { url: IMAGE } },
      { type: 'video_url', video_url: { url: 'data:video/mp4;base64,AAAA' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA' } },
    ]) {
      expect(prepared('openai', user(block)).inputTokens).toBe(WINDOW_TOKENS);
    }
    expect(prepared('openai', chat()).inputTokens).toBeLessThan(2_000);
  });

  it('threat 16: bounds tools by what a template may write them as', () => {
    const tools = (description: string): JsonObject =>
      chat({ tools: [{ type: 'function', function: { name: 'f', description } }] });
    const inputOf = (text: string) => prepared('openai', tools(text)).inputTokens;

    // Each of the three letters is two bytes, and six as an escape.
    expect(inputOf('ééé') - inputOf('abc')).toBe(3 * (2 - 1) + 3 * 5);
    expect(inputOf('<<<') - inputOf('abc')).toBe(3 * 5);
    expect(inputOf('[[[') - inputOf('abc')).toBe(3);
  });

  it('refuses several prompts, and a prompt beside messages', () => {
    expect(verdict('openai', { prompt: 'one' })).toBe('ok');
    expect(verdict('openai', { prompt: ['one', 'two'] })).toBe('invalid_request prompt');
    expect(verdict('openai', chat({ prompt: 'one' }))).toBe('invalid_request prompt');
  });
});

describe('the output of the OpenAI shape', () => {
  it.each(['max_tokens', 'max_completion_tokens'])('threat 9: is bounded by %s', (field) => {
    expectLimitTable('openai', field, (value) => `{"messages": [], "${field}": ${value}}`);
  });

  it.each(['n', 'best_of'])('threat 18: is multiplied by %s', (field) => {
    expectChoicesTable(
      'openai',
      field,
      128,
      (value) => `{"messages": [], "max_tokens": 10, "${field}": ${value}}`,
    );
  });

  it('threat 10: is refused where two names of its limit differ', () => {
    expect(verdict('openai', chat({ max_tokens: 5, max_completion_tokens: 6 }))).toBe(
      'invalid_request max_tokens',
    );
    expect(prepared('openai', chat({ max_tokens: 5, max_completion_tokens: 5 })).outputTokens).toBe(
      5,
    );
  });

  it.each(['max_output_tokens', 'max_gen_len', 'maxTokens', 'max_new_tokens', 'numResults'])(
    'threat 10: is refused with %s, whatever the setting',
    (name) => {
      expect(verdict('openai', chat({ [name]: 1 }), { allow: [name] })).toBe(
        `unpriced_field ${name}`,
      );
    },
  );

  it('is limited to the maximum of the model, in the field of its form, where none is given', () => {
    expect(prepared('openai', chat()).sent.max_completion_tokens).toBe(MODEL_MAX_TOKENS);
    expect(prepared('openai', chat({ n: 4 })).outputTokens).toBe(4 * MODEL_MAX_TOKENS);
    expect(prepared('openai', { prompt: 'x' }).sent).toMatchObject({ max_tokens: 8_000 });
    expect(prepared('openai', { prompt: 'x' }).sent).not.toHaveProperty('max_completion_tokens');
    expect(prepared('openai', chat(), { defaultMaxTokens: 50 }).outputTokens).toBe(50);
  });

  it('is clamped in every name that was given, and leaves no null beside them', () => {
    const both = chat({ max_tokens: 500, max_completion_tokens: 500 });
    const { sent } = prepared('openai', both, { mostOutputTokens: 20 });
    const one = prepared('openai', chat({ max_tokens: 500, max_completion_tokens: null }), {
      mostOutputTokens: 20,
    });

    expect(sent).toMatchObject({ max_tokens: 20, max_completion_tokens: 20 });
    expect(one.sent).toMatchObject({ max_tokens: 20 });
    expect(one.sent).not.toHaveProperty('max_completion_tokens');
  });

  it('has one name only where the vendor documents one', () => {
    expect(prepared('openai-max-tokens', chat()).sent.max_tokens).toBe(MODEL_MAX_TOKENS);
    expect(verdict('openai-max-tokens', chat({ max_completion_tokens: 1 }))).toBe(
      'unpriced_field max_completion_tokens',
    );
  });
});

describe('the OpenAI shape inside Converse', () => {
  it('lets pass the members that choose among tokens', () => {
    expect(
      verdict('openai', extras({ reasoning_effort: 'low', top_k: 3, seed: 1 }), CONVERSE),
    ).toBe('ok');
  });

  it.each(['max_tokens', 'max_completion_tokens', 'max_gen_len'])(
    'threat 10: refuses a second limit, %s, even a null, whatever the setting',
    (name) => {
      for (const value of [5, null]) {
        expect(verdict('openai', extras({ [name]: value }), { ...CONVERSE, allow: [name] })).toBe(
          `unpriced_field additionalModelRequestFields.${name}`,
        );
      }
    },
  );

  it.each(['messages', 'tools', 'stream', 'previous_response_id', 'best_of', 'model'])(
    'refuses the extra %s by name',
    (name) => {
      expect(verdict('openai', extras({ [name]: 1 }), CONVERSE)).toBe(
        `unpriced_field additionalModelRequestFields.${name}`,
      );
    },
  );

  it('threat 18: is multiplied by n among the extras', () => {
    expectChoicesTable(
      'openai',
      'additionalModelRequestFields.n',
      128,
      (value) =>
        `{"messages": [], "inferenceConfig": {"maxTokens": 10},
          "additionalModelRequestFields": {"n": ${value}}}`,
      CONVERSE,
    );
  });
});

describe('the output of Grok, whose limit is not known to bound its reasoning', () => {
  it('is bounded by the window, and the limit is sent as it came', () => {
    const native = prepared('grok', chat({ max_tokens: 5, n: 2 }));
    const converse = prepared(
      'grok',
      { messages: [], inferenceConfig: { maxTokens: 5 } },
      CONVERSE,
    );

    expect(native.outputTokens).toBe(2 * WINDOW_TOKENS);
    expect(native.sent.max_tokens).toBe(5);
    expect(converse.outputTokens).toBe(WINDOW_TOKENS);
    expect(verdict('grok', chat({ max_tokens: 0 }))).toBe('invalid_request max_tokens');
  });

  it('is metered with the reasoning beside it, and never by Bedrock alone', () => {
    const usage = {
      prompt_tokens: 12,
      completion_tokens: 1,
      total_tokens: 399,
      completion_tokens_details: { reasoning_tokens: 386 },
    };

    expect(usageOfAnswer('grok', { usage }, countHeaders(12, 1))).toEqual([12, 387, 0, 0]);
    expect(usageOfAnswer('grok', {}, countHeaders(12, 1))).toContain('no usage');
    expect(usageOfChunks('grok', [{ choices: [{}], usage: null }, metrics(12, 1)])).toBe(
      ENDED_EARLY,
    );
    expect(usageOfChunks('grok', [{ choices: [], usage }, metrics(12, 1)])).toEqual([
      12, 387, 0, 0,
    ]);
  });
});

describe('the usage of an OpenAI answer', () => {
  const usage = (members: JsonObject = {}): JsonObject => ({
    prompt_tokens: 100,
    completion_tokens: 50,
    total_tokens: 150,
    ...members,
  });
  const cached = (tokens: number): JsonObject => ({
    prompt_tokens_details: { cached_tokens: tokens },
  });
  const UNTOLD = 'the total of the usage does not tell which of its counts overlap';

  it.each([
    ['plain', usage(), [100, 50, 0, 0]],
    ['without a total', usage({ total_tokens: null }), [100, 50, 0, 0]],
    ['cached tokens inside the prompt', usage(cached(80)), [20, 50, 80, 0]],
    ['all of the prompt cached', usage(cached(100)), [0, 50, 100, 0]],
    ['cached tokens beside it', usage({ ...cached(80), total_tokens: 230 }), [100, 50, 80, 0]],
    [
      'cache writes inside the prompt',
      usage({ prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 40 } }),
      [30, 50, 30, 40],
    ],
    [
      "DeepSeek's names",
      usage({ prompt_cache_hit_tokens: 80, prompt_cache_miss_tokens: 20 }),
      [20, 50, 80, 0],
    ],
    ["Kimi's name", usage({ cached_tokens: 80 }), [20, 50, 80, 0]],
    [
      'reasoning inside the completion',
      usage({ completion_tokens_details: { reasoning_tokens: 40 } }),
      [100, 50, 0, 0],
    ],
    [
      'reasoning beside it',
      usage({ completion_tokens_details: { reasoning_tokens: 40 }, total_tokens: 190 }),
      [100, 90, 0, 0],
    ],
    [
      'one surplus that either may be, at its dearest',
      usage({
        ...cached(40),
        completion_tokens_details: { reasoning_tokens: 40 },
        total_tokens: 190,
      }),
      [100, 90, 40, 0],
    ],
  ])('is disjoint: %s', (_name, body, counts) => {
    expect(usageOfAnswer('openai', { usage: body })).toEqual(counts);
  });

  it.each([
    ['more cached than prompt tokens', usage(cached(101)), UNTOLD],
    ['a total that is no sum', usage({ total_tokens: 151 }), UNTOLD],
    ['cached tokens without a total', usage({ ...cached(80), total_tokens: null }), UNTOLD],
    [
      'more reasoning than completion',
      usage({ completion_tokens_details: { reasoning_tokens: 51 } }),
      UNTOLD,
    ],
    ['no completion tokens', { prompt_tokens: 1 }, 'the count of output tokens is missing'],
    ['no prompt tokens', { completion_tokens: 1 }, 'the count of input tokens is missing'],
    ['nothing', {}, 'the count of input tokens is missing'],
  ])('threat 19: is unknown with %s', (_name, body, why) => {
    expect(usageOfAnswer('openai', { usage: body as JsonObject })).toBe(why);
  });

  it.each([
    usage({ prompt_tokens: -1 }),
    usage({ completion_tokens: 1.5 }),
    usage({ completion_tokens: '50' }),
    usage({ prompt_tokens_details: { audio_tokens: 1 } }),
    usage({ completion_tokens_details: { rejected_prediction_tokens: 1 } }),
    usage({ num_sources_used: 3 }),
  ])('threat 19: is unknown where a count is malformed or has no price: %j', (body) => {
    expect(usageOfAnswer('openai', { usage: body })).toBeTypeOf('string');
  });

  it('is unknown where there is none, and that of the headers where they tell', () => {
    expect(usageOfAnswer('openai', {})).toBe(NO_USAGE);
    expect(usageOfAnswer('openai', {}, countHeaders(3, 4))).toEqual([3, 4, 0, 0]);
  });

  it('is the larger of body and headers, unless they say the same in other words', () => {
    const body = { usage: usage(cached(80)) };

    expect(usageOfAnswer('openai', body, countHeaders(100, 50, 80))).toEqual([20, 50, 80, 0]);
    expect(usageOfAnswer('openai', body, countHeaders(20, 50, 80))).toEqual([20, 50, 80, 0]);
    expect(usageOfAnswer('openai', body, countHeaders(120, 60, 80))).toEqual([120, 60, 80, 0]);
  });
});

describe('the usage of an OpenAI stream', () => {
  const text = { choices: [{ delta: { content: 'usage' } }], usage: null };
  const running = (prompt: number, completion: number, choices: JsonValue = [{ delta: {} }]) => ({
    choices,
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    },
  });

  it('T16 is cumulative: running counts are not added', () => {
    const chunks = [text, running(10, 5), running(10, 9), running(10, 12, [])];

    expect(usageOfChunks('openai', chunks)).toEqual([10, 12, 0, 0]);
    expect(usageOfChunks('openai', [...chunks, metrics(10, 12)])).toEqual([10, 12, 0, 0]);
  });

  it('T18 is unknown before its last count, however many running ones came', () => {
    expect(usageOfChunks('openai', [text, running(10, 5)])).toBe(ENDED_EARLY);
    expect(usageOfChunks('openai', [])).toBe(ENDED_EARLY);
  });

  it('is the larger of the last usage and the metrics of Bedrock', () => {
    expect(usageOfChunks('openai', [running(10, 12, []), metrics(11, 14)])).toEqual([11, 14, 0, 0]);
    expect(usageOfChunks('openai', [text, metrics(11, 14)])).toEqual([11, 14, 0, 0]);
  });

  it('takes no cached token for an input token twice', () => {
    const last = {
      choices: [],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 5,
        total_tokens: 105,
        prompt_tokens_details: { cached_tokens: 80 },
      },
    };

    expect(usageOfChunks('openai', [last, metrics(100, 5, 80)])).toEqual([20, 5, 80, 0]);
  });

  it('threat 19: is unknown where a usage on the way cannot be read', () => {
    const broken = { choices: [], usage: { prompt_tokens: -1 } };

    expect(usageOfChunks('openai', [broken, metrics(1, 2)])).toBeTypeOf('string');
  });
});

describe('the usage of a Converse answer', () => {
  const usage = (total: number | null, read = 80): JsonObject => ({
    usage: {
      inputTokens: 100,
      outputTokens: 50,
      totalTokens: total,
      cacheReadInputTokens: read,
    },
  });
  const of = (family: 'openai' | 'anthropic' | 'mistral', body: JsonObject) =>
    usageOfAnswer(family, body, {}, 'converse');

  it('includes cached tokens where the total is input and output, for a family that may', () => {
    expect(of('openai', usage(150))).toEqual([20, 50, 80, 0]);
    expect(of('openai', usage(230))).toEqual([100, 50, 80, 0]);
    expect(of('openai', usage(null))).toEqual([100, 50, 80, 0]);
  });

  it('excludes them for every other family, whatever the total', () => {
    expect(of('anthropic', usage(150))).toEqual([100, 50, 80, 0]);
    expect(of('anthropic', usage(230))).toEqual([100, 50, 80, 0]);
    expect(of('mistral', usage(150))).toEqual([100, 50, 80, 0]);
  });

  it.each(['openai', 'anthropic'] as const)('is unknown with another total, for %s', (family) => {
    for (const total of [0, 149, 151, 229, 231]) {
      expect(of(family, usage(total))).toBe(
        'the usage has a total that is not the sum of its parts',
      );
    }
    expect(of(family, usage(151, 0))).toBeTypeOf('string');
  });

  it('is unknown where more is cached than there is input to include it', () => {
    expect(of('openai', usage(150, 101))).toBe('the usage has more cached tokens than input');
  });

  it('counts writes that only their details tell', () => {
    const body: JsonObject = {
      usage: {
        inputTokens: 100,
        outputTokens: 50,
        totalTokens: 150,
        cacheDetails: [{ ttl: '5m', inputTokens: 30 }],
      },
    };

    expect(of('openai', body)).toEqual([70, 50, 0, 30]);
  });
});
