/**
 * Llama: what it lets through, how its output is bounded, and how its usage is read.
 */
import { describe, expect, it } from 'vitest';
import {
  CONVERSE,
  countHeaders,
  ENDED_EARLY,
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

describe('the native body of Llama', () => {
  it('lets pass its own members', () => {
    const body = { prompt: 'x', max_gen_len: 5, temperature: 0.5, top_p: 0.9, images: ['AA=='] };

    expect(verdict('llama', body)).toBe('ok');
  });

  it.each(['messages', 'tools', 'top_k', 'novel'])('refuses the member %s by name', (name) => {
    expect(verdict('llama', { prompt: 'x', [name]: 1 })).toBe(`unpriced_field ${name}`);
    expect(verdict('llama', { prompt: 'x', [name]: 1 }, { allow: [name] })).toBe('ok');
  });

  it('refuses several prompts, and images that are not in the request', () => {
    expect(verdict('llama', { prompt: ['x'] })).toBe('invalid_request prompt');
    expect(verdict('llama', { prompt: 'x', images: ['https://x.example/a.png'] })).toBe(
      'unpriced_field images',
    );
    expect(verdict('llama', { prompt: 'x', images: 'AA==' })).toBe('invalid_request images');
  });

  it('T45 bounds an image by the window', () => {
    expect(prepared('llama', { prompt: 'x', images: ['AA=='] }).inputTokens).toBe(WINDOW_TOKENS);
    expect(prepared('llama', { prompt: 'x' }).inputTokens).toBeLessThan(200);
  });
});

describe('the output of Llama', () => {
  it('threat 9: is bounded by max_gen_len', () => {
    expectLimitTable('llama', 'max_gen_len', (value) => `{"prompt": "x", "max_gen_len": ${value}}`);
  });

  it.each(['max_tokens', 'max_completion_tokens', 'n', 'best_of'])(
    'threat 10: is refused with %s, whatever the setting',
    (name) => {
      expect(verdict('llama', { prompt: 'x', [name]: 2 }, { allow: [name] })).toBe(
        `unpriced_field ${name}`,
      );
    },
  );

  it('is limited to the maximum of the model in its own field, and clamped there', () => {
    expect(prepared('llama', { prompt: 'x' }).sent.max_gen_len).toBe(MODEL_MAX_TOKENS);
    expect(
      prepared('llama', { prompt: 'x', max_gen_len: 50 }, { mostOutputTokens: 9 }).sent,
    ).toEqual({ prompt: 'x', max_gen_len: 9 });
  });

  it('threat 10: has no second limit inside Converse', () => {
    for (const name of ['max_gen_len', 'max_tokens', 'n']) {
      const body = { messages: [], additionalModelRequestFields: { [name]: 5 } };

      expect(verdict('llama', body, CONVERSE)).toBe(
        `unpriced_field additionalModelRequestFields.${name}`,
      );
    }
    expect(
      verdict('llama', { messages: [], additionalModelRequestFields: { top_k: 5 } }, CONVERSE),
    ).toBe('ok');
    expect(prepared('llama', { messages: [] }, CONVERSE).sent.inferenceConfig).toEqual({
      maxTokens: MODEL_MAX_TOKENS,
    });
  });

  it('threat 16: bounds tools of Converse by what a template may write them as', () => {
    const inputOf = (description: string) =>
      prepared(
        'llama',
        {
          messages: [
            {
              role: 'assistant',
              content: [{ toolUse: { toolUseId: '1', name: 'f', input: { a: description } } }],
            },
          ],
          toolConfig: { tools: [{ toolSpec: { name: 'f', description } }] },
        },
        CONVERSE,
      ).inputTokens;

    expect(inputOf('é') - inputOf('a')).toBe(2 * (1 + 5));
    expect(inputOf('[') - inputOf('a')).toBe(2);
  });
});

describe('the usage of Llama', () => {
  const counts = (input: number | null, output: number) => ({
    generation: 'usage',
    prompt_token_count: input,
    generation_token_count: output,
  });

  it('is in its own words, the larger of body and headers', () => {
    expect(usageOfAnswer('llama', counts(10, 20))).toEqual([10, 20, 0, 0]);
    expect(usageOfAnswer('llama', counts(10, 20), countHeaders(11, 19))).toEqual([11, 20, 0, 0]);
  });

  it('threat 19: is unknown where a count is missing or malformed', () => {
    expect(usageOfAnswer('llama', {})).toBe(NO_USAGE);
    expect(usageOfAnswer('llama', counts(null, 1))).toBe('the count of input tokens is missing');
    expect(usageOfAnswer('llama', counts(-1, 1))).toContain('prompt_token_count');
  });

  it('T16 is cumulative in a stream: running counts are not added, nor are they the last', () => {
    const chunks = [counts(10, 1), counts(null, 2), { ...counts(null, 3), ...metrics(10, 3) }];

    expect(usageOfChunks('llama', chunks)).toEqual([10, 3, 0, 0]);
    expect(usageOfChunks('llama', chunks.slice(0, 2))).toBe(ENDED_EARLY);
  });
});
