/**
 * AI21's Jamba and Jurassic-2: what passes, how their output is bounded, how usage is read.
 */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import {
  CONVERSE,
  countHeaders,
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

describe('the native bodies of AI21', () => {
  it('let pass their own members', () => {
    const text = { prompt: 'x', maxTokens: 5, minTokens: 0, topKReturn: 0, countPenalty: {} };
    const chat: JsonObject = {
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 5,
      n: 1,
      documents: [{ content: 'c', metadata: { a: 'b' } }],
      tools: [{ type: 'function', function: { name: 'f' } }],
      response_format: { type: 'text' },
      stop: ['x'],
      stream: true,
    };

    expect(verdict('ai21', text)).toBe('ok');
    expect(verdict('ai21', chat)).toBe('ok');
  });

  it.each(['epoch', 'mock_response', 'novel'])('refuse the member %s by name', (name) => {
    expect(verdict('ai21', { prompt: 'x', [name]: 'x' })).toBe(`unpriced_field ${name}`);
    expect(verdict('ai21', { messages: [], [name]: 'x' })).toBe(`unpriced_field ${name}`);
  });

  it('are one of the two', () => {
    expect(verdict('ai21', { prompt: 'x', messages: [] })).toBe('invalid_request prompt');
  });
});

describe('the output of AI21', () => {
  it('threat 9: is bounded by max_tokens of a chat and maxTokens of a prompt', () => {
    expectLimitTable('ai21', 'max_tokens', (value) => `{"messages": [], "max_tokens": ${value}}`);
    expectLimitTable('ai21', 'maxTokens', (value) => `{"prompt": "x", "maxTokens": ${value}}`);
    expect(prepared('ai21', { messages: [] }).sent.max_tokens).toBe(MODEL_MAX_TOKENS);
    expect(prepared('ai21', { prompt: 'x' }).sent.maxTokens).toBe(MODEL_MAX_TOKENS);
  });

  it('threat 18: is multiplied by n of a chat and numResults of a prompt', () => {
    expectChoicesTable(
      'ai21',
      'n',
      16,
      (value) => `{"messages": [], "max_tokens": 10, "n": ${value}}`,
    );
    expectChoicesTable(
      'ai21',
      'numResults',
      16,
      (value) => `{"prompt": "x", "maxTokens": 10, "numResults": ${value}}`,
    );
  });

  it.each([
    ['maxTokens', { messages: [] }],
    ['numResults', { messages: [] }],
    ['max_completion_tokens', { messages: [] }],
    ['max_tokens', { prompt: 'x' }],
    ['n', { prompt: 'x' }],
  ])('threat 10: is refused with %s of the other form, whatever the setting', (name, form) => {
    expect(verdict('ai21', { ...form, [name]: 1 } as JsonObject, { allow: [name] })).toBe(
      `unpriced_field ${name}`,
    );
  });

  it('threat 10: has no second limit inside Converse, and counts both multipliers there', () => {
    const extras = (fields: JsonObject): JsonObject => ({
      messages: [],
      inferenceConfig: { maxTokens: 10 },
      additionalModelRequestFields: fields,
    });

    for (const name of ['maxTokens', 'max_tokens']) {
      expect(verdict('ai21', extras({ [name]: 10 }), CONVERSE)).toBe(
        `unpriced_field additionalModelRequestFields.${name}`,
      );
    }
    expect(prepared('ai21', extras({ n: 3 }), CONVERSE).outputTokens).toBe(30);
    expect(prepared('ai21', extras({ n: 3, numResults: 2 }), CONVERSE).outputTokens).toBe(60);
  });
});

describe('the usage of AI21', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

  it('is in the words of OpenAI, or that of the headers', () => {
    expect(usageOfAnswer('ai21', { usage })).toEqual([10, 20, 0, 0]);
    expect(usageOfAnswer('ai21', { completions: [] })).toBe(NO_USAGE);
    expect(usageOfAnswer('ai21', { completions: [] }, countHeaders(1, 2))).toEqual([1, 2, 0, 0]);
  });

  it('T16 is not added up in a stream', () => {
    const running = { choices: [{ delta: {} }], usage };

    expect(usageOfChunks('ai21', [running, running, metrics(10, 20)])).toEqual([10, 20, 0, 0]);
  });
});
