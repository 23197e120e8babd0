/**
 * Cohere's Command, text and chat: what passes, how its output is bounded, how usage is read.
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

describe('the native bodies of Command', () => {
  it('let pass their own members', () => {
    const text = {
      prompt: 'x',
      max_tokens: 5,
      k: 1,
      p: 1,
      return_likelihoods: 'NONE',
      stream: true,
    };
    const chat: JsonObject = {
      message: 'x',
      chat_history: [{ role: 'USER', message: 'y' }],
      documents: [{ title: 't', snippet: 's' }],
      preamble: 'p',
      max_tokens: 5,
      temperature: 0,
      prompt_truncation: 'OFF',
      tools: [{ name: 'f', parameter_definitions: {} }],
      tool_results: [{ call: { name: 'f' }, outputs: [{ a: 1 }] }],
      search_queries_only: false,
    };

    expect(verdict('cohere-command', text)).toBe('ok');
    expect(verdict('cohere-command', chat)).toBe('ok');
  });

  it.each(['connectors', 'conversation_id', 'preset', 'novel'])(
    'threat 18: refuse the member %s by name',
    (name) => {
      expect(verdict('cohere-command', { prompt: 'x', [name]: 'x' })).toBe(
        `unpriced_field ${name}`,
      );
      expect(verdict('cohere-command', { message: 'x', [name]: 'x' })).toBe(
        `unpriced_field ${name}`,
      );
    },
  );

  it('are one of the two', () => {
    expect(verdict('cohere-command', { prompt: 'x', message: 'x' })).toBe('invalid_request prompt');
    expect(verdict('cohere-command', { message: ['x'] })).toBe('invalid_request message');
    expect(verdict('cohere-command', { message: 'x', documents: 'x' })).toBe(
      'invalid_request documents',
    );
  });
});

describe('the output of Command', () => {
  it.each([
    ['prompt', '"prompt": "x"'],
    ['message', '"message": "x"'],
  ])('threat 9: is bounded by max_tokens beside %s', (_name, form) => {
    expectLimitTable(
      'cohere-command',
      'max_tokens',
      (value) => `{${form}, "max_tokens": ${value}}`,
    );
    expect(prepared('cohere-command', `{${form}}`).sent.max_tokens).toBe(MODEL_MAX_TOKENS);
  });

  it('threat 18: is multiplied by num_generations of a prompt; a chat has none', () => {
    expectChoicesTable(
      'cohere-command',
      'num_generations',
      5,
      (value) => `{"prompt": "x", "max_tokens": 10, "num_generations": ${value}}`,
    );
    expect(
      verdict(
        'cohere-command',
        { message: 'x', num_generations: 2 },
        { allow: ['num_generations'] },
      ),
    ).toBe('unpriced_field num_generations');
  });

  it.each(['maxTokens', 'max_completion_tokens', 'n'])(
    'threat 10: is refused with %s, whatever the setting',
    (name) => {
      for (const form of [{ prompt: 'x' }, { message: 'x' }]) {
        expect(verdict('cohere-command', { ...form, [name]: 1 }, { allow: [name] })).toBe(
          `unpriced_field ${name}`,
        );
      }
    },
  );

  it('threat 10: has no second limit inside Converse, and counts num_generations there', () => {
    const extras = (fields: JsonObject): JsonObject => ({
      messages: [],
      inferenceConfig: { maxTokens: 10 },
      additionalModelRequestFields: fields,
    });

    expect(verdict('cohere-command', extras({ max_tokens: null }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.max_tokens',
    );
    expect(verdict('cohere-command', extras({ connectors: [] }), CONVERSE)).toBe(
      'unpriced_field additionalModelRequestFields.connectors',
    );
    expect(
      prepared('cohere-command', extras({ k: 5, num_generations: 3 }), CONVERSE).outputTokens,
    ).toBe(30);
  });
});

describe('the usage of Command', () => {
  const answer = { text: 'x', meta: { billed_units: { input_tokens: 1, output_tokens: 2 } } };

  it('threat 19: is that of the headers, never the vendor’s own units, else unknown', () => {
    expect(usageOfAnswer('cohere-command', answer)).toBe(NO_USAGE);
    expect(usageOfAnswer('cohere-command', answer, countHeaders(9, 8))).toEqual([9, 8, 0, 0]);
  });

  it('T16 is that of the metrics in a stream, and unknown before them', () => {
    expect(usageOfChunks('cohere-command', [answer, metrics(9, 8)])).toEqual([9, 8, 0, 0]);
    expect(usageOfChunks('cohere-command', [answer])).toBe(ENDED_EARLY);
  });
});
