/**
 * Mistral, by prompt and by messages: what passes, how its output is bounded, how usage is read.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
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
} from '../helpers/text-families.ts';

const IMAGE = 'data:image/jpeg;base64,AAAA';
const image = (url: string): JsonObject => ({
  messages: [{ role: 'user', content: [{ type: 'image_url', image_url: url }] }],
});

describe('the native bodies of Mistral', () => {
  it('let pass their own members', () => {
    const text = { prompt: 'x', max_tokens: 5, temperature: 0, top_p: 1, top_k: 5, stop: ['a'] };
    const chat: JsonObject = {
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 5,
      n: 1,
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: 'any',
      safe_prompt: true,
      prompt_mode: 'reasoning',
      random_seed: 1,
      response_format: { type: 'json_object' },
      stream: true,
    };

    expect(verdict('mistral', text)).toBe('ok');
    expect(verdict('mistral', chat)).toBe('ok');
  });

  it.each(['agent_id', 'prediction', 'document_image_limit', 'novel'])(
    'threat 18: refuse the member %s by name',
    (name) => {
      expect(verdict('mistral', { prompt: 'x', [name]: 1 })).toBe(`unpriced_field ${name}`);
      expect(verdict('mistral', { messages: [], [name]: 1 })).toBe(`unpriced_field ${name}`);
    },
  );

  it('threat 18: refuse tools that run on the server', () => {
    expect(verdict('mistral', { messages: [], tools: [{ type: 'web_search' }] })).toBe(
      'unpriced_field tools.web_search',
    );
  });

  it('T45 bound an image by its patches, and refuse one that is elsewhere', () => {
    const one = prepared('mistral', image(IMAGE)).inputTokens;

    expect(one).toBeGreaterThan(4_800);
    expect(prepared('mistral', image(IMAGE + 'A'.repeat(4_000))).inputTokens).toBe(one);
    expect(verdict('mistral', image('https://x.example/a.png'))).toBe(
      'unpriced_field messages.content.image_url',
    );
  });

  it('refuse speech, whose tokens have other prices', () => {
    const body: JsonObject = { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] };

    expect(verdict('mistral', body)).toBe('unpriced_field messages.content.input_audio');
  });

  it('are one of the two', () => {
    expect(verdict('mistral', { prompt: 'x', messages: [] })).toBe('invalid_request prompt');
    expect(verdict('mistral', { prompt: ['x', 'y'] })).toBe('invalid_request prompt');
    expect(verdict('mistral', { messages: [], model: 'vendor.other' })).toBe(
      'invalid_request model',
    );
  });
});

describe('the output of Mistral', () => {
  it.each([
    ['prompt', '"prompt": "x"'],
    ['messages', '"messages": []'],
  ])('threat 9: is bounded by max_tokens beside %s', (_name, form) => {
    expectLimitTable('mistral', 'max_tokens', (value) => `{${form}, "max_tokens": ${value}}`);
    expect(prepared('mistral', `{${form}}`).sent.max_tokens).toBe(MODEL_MAX_TOKENS);
  });

  it('threat 18: is multiplied by n of a conversation; a prompt has none', () => {
    expectChoicesTable(
      'mistral',
      'n',
      128,
      (value) => `{"messages": [], "max_tokens": 10, "n": ${value}}`,
    );
    expect(verdict('mistral', { prompt: 'x', n: 2 }, { allow: ['n'] })).toBe('unpriced_field n');
  });

  it.each(['max_completion_tokens', 'maxTokens', 'best_of'])(
    'threat 10: is refused with %s, whatever the setting',
    (name) => {
      expect(verdict('mistral', { messages: [], [name]: 1 }, { allow: [name] })).toBe(
        `unpriced_field ${name}`,
      );
    },
  );

  it('threat 10: has no second limit inside Converse, and counts n there', () => {
    const extras = (fields: JsonObject): JsonObject => ({
      messages: [],
      inferenceConfig: { maxTokens: 10 },
      additionalModelRequestFields: fields,
    });

    expect(verdict('mistral', extras({ max_tokens: 10 }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.max_tokens',
    );
    expect(verdict('mistral', extras({ novel: 1 }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.novel',
    );
    expect(prepared('mistral', extras({ top_k: 5, n: 3 }), CONVERSE).outputTokens).toBe(30);
  });
});

describe('the usage of Mistral', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

  it('is that of the headers where the answer to a prompt carries none', () => {
    const answer = { outputs: [{ text: 'usage', stop_reason: 'stop' }] };

    expect(usageOfAnswer('mistral', answer)).toBe(NO_USAGE);
    expect(usageOfAnswer('mistral', answer, countHeaders(3, 4))).toEqual([3, 4, 0, 0]);
    expect(usageOfAnswer('mistral', answer, { 'x-amzn-bedrock-input-token-count': '3' })).toBe(
      'the count of output tokens is missing',
    );
  });

  it('is in the words of OpenAI in a conversation', () => {
    expect(usageOfAnswer('mistral', { usage }, countHeaders(12, 19))).toEqual([12, 20, 0, 0]);
  });

  it('T16 is that of the metrics in a stream, and unknown before them', () => {
    const text = { outputs: [{ text: 'usage' }] };

    expect(usageOfChunks('mistral', [text, { ...text, ...metrics(3, 4) }])).toEqual([3, 4, 0, 0]);
    expect(usageOfChunks('mistral', [text])).toBe(ENDED_EARLY);
    const running = { choices: [{ delta: {} }], usage };
    expect(usageOfChunks('mistral', [running, running])).toBe(ENDED_EARLY);
    expect(usageOfChunks('mistral', [running, { ...running, ...metrics(9, 9) }])).toEqual([
      10, 20, 0, 0,
    ]);
  });
});
