/**
 * Titan's text models: what passes, how their output is bounded, how usage is read.
 */
import { describe, expect, it } from 'vitest';
import {
  CONVERSE,
  countHeaders,
  ENDED_EARLY,
  expectLimitTable,
  MODEL_MAX_TOKENS,
  metrics,
  prepared,
  usageOfAnswer,
  usageOfChunks,
  verdict,
} from '../helpers/text-families.ts';

describe('the native body of Titan', () => {
  it('lets pass its own members, and refuses all others by name', () => {
    const config = { maxTokenCount: 5, temperature: 0, topP: 1, stopSequences: ['x'] };

    expect(verdict('titan-text', { inputText: 'x', textGenerationConfig: config })).toBe('ok');
    expect(verdict('titan-text', { inputText: 'x', novel: 1 })).toBe('unpriced_field novel');
    expect(verdict('titan-text', { inputText: 'x', textGenerationConfig: { novel: 1 } })).toBe(
      'unpriced_field textGenerationConfig.novel',
    );
    expect(verdict('titan-text', { inputText: ['x'] })).toBe('invalid_request inputText');
    expect(verdict('titan-text', { inputText: 'x', textGenerationConfig: [] })).toBe(
      'invalid_request textGenerationConfig',
    );
  });
});

describe('the output of Titan', () => {
  it('threat 9: is bounded by textGenerationConfig.maxTokenCount', () => {
    expectLimitTable(
      'titan-text',
      'textGenerationConfig.maxTokenCount',
      (value) => `{"inputText": "x", "textGenerationConfig": {"maxTokenCount": ${value}}}`,
    );
  });

  it('threat 10: is refused with any other name of a limit, whatever the setting', () => {
    const allow = ['maxTokenCount', 'max_tokens', 'n'];

    for (const name of allow) {
      expect(verdict('titan-text', { inputText: 'x', [name]: 1 }, { allow })).toBe(
        `unpriced_field ${name}`,
      );
    }
    expect(
      verdict('titan-text', { inputText: 'x', textGenerationConfig: { max_tokens: 1 } }, { allow }),
    ).toBe('unpriced_field textGenerationConfig.max_tokens');
  });

  it('is limited to the maximum of the model in its own field, and clamped there', () => {
    const config = { temperature: 0, maxTokenCount: 100 };

    expect(prepared('titan-text', { inputText: 'x' }).sent.textGenerationConfig).toEqual({
      maxTokenCount: MODEL_MAX_TOKENS,
    });
    expect(
      prepared(
        'titan-text',
        { inputText: 'x', textGenerationConfig: config },
        { mostOutputTokens: 9 },
      ).sent.textGenerationConfig,
    ).toEqual({ temperature: 0, maxTokenCount: 9 });
  });

  it('threat 10: has no extras inside Converse', () => {
    for (const name of ['maxTokenCount', 'textGenerationConfig', 'novel']) {
      const body = { messages: [], additionalModelRequestFields: { [name]: 5 } };

      expect(verdict('titan-text', body, CONVERSE)).toBe(
        `unpriced_field additionalModelRequestFields.${name}`,
      );
    }
    expect(prepared('titan-text', { messages: [] }, CONVERSE).outputTokens).toBe(MODEL_MAX_TOKENS);
  });
});

describe('the usage of Titan', () => {
  it('sums the results of an answer', () => {
    const answer = { inputTextTokenCount: 5, results: [{ tokenCount: 7 }, { tokenCount: 8 }] };

    expect(usageOfAnswer('titan-text', answer)).toEqual([5, 15, 0, 0]);
    expect(usageOfAnswer('titan-text', answer, countHeaders(6, 1))).toEqual([6, 15, 0, 0]);
  });

  it('threat 19: is unknown where a result tells no count', () => {
    const answer = { inputTextTokenCount: 5, results: [{ tokenCount: 7 }, {}] };

    expect(usageOfAnswer('titan-text', answer)).toBe('the count of output tokens is missing');
  });

  it('T16 is cumulative in a stream, and unknown before its metrics', () => {
    const chunk = (output: number) => ({
      outputText: 'usage',
      inputTextTokenCount: 5,
      totalOutputTextTokenCount: output,
    });

    expect(usageOfChunks('titan-text', [chunk(3), { ...chunk(7), ...metrics(5, 7) }])).toEqual([
      5, 7, 0, 0,
    ]);
    expect(usageOfChunks('titan-text', [chunk(3), chunk(7)])).toBe(ENDED_EARLY);
  });
});
