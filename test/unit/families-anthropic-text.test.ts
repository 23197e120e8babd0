/**
 * Claude v2 and Instant by text completion: what passes, and how their output is bounded.
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
} from '../helpers/text-families.ts';

const completion = { prompt: '\n\nHuman: x\n\nAssistant:', max_tokens_to_sample: 5 };

describe('the text completion of Claude', () => {
  it('lets pass its own members, and refuses all others by name', () => {
    const body = { ...completion, temperature: 0, top_k: 1, top_p: 1, stop_sequences: ['x'] };

    expect(verdict('anthropic-text', body)).toBe('ok');
    for (const name of ['messages', 'system', 'tools', 'novel']) {
      expect(verdict('anthropic-text', { ...completion, [name]: 'x' })).toBe(
        `unpriced_field ${name}`,
      );
    }
    expect(verdict('anthropic-text', { prompt: ['x'] })).toBe('invalid_request prompt');
  });

  it('threat 9: is bounded by max_tokens_to_sample', () => {
    expectLimitTable(
      'anthropic-text',
      'max_tokens_to_sample',
      (value) => `{"prompt": "x", "max_tokens_to_sample": ${value}}`,
    );
    expect(prepared('anthropic-text', { prompt: 'x' }).sent.max_tokens_to_sample).toBe(
      MODEL_MAX_TOKENS,
    );
  });

  it.each(['max_tokens', 'max_completion_tokens', 'n'])(
    'threat 10: is refused with %s, whatever the setting, by Converse as well',
    (name) => {
      const extras = { messages: [], additionalModelRequestFields: { [name]: 5 } };

      expect(verdict('anthropic-text', { ...completion, [name]: 5 }, { allow: [name] })).toBe(
        `unpriced_field ${name}`,
      );
      expect(verdict('anthropic-text', extras, CONVERSE)).toBe(
        `unpriced_field additionalModelRequestFields.${name}`,
      );
    },
  );

  it('T16 is metered by headers and metrics, else unknown', () => {
    const answer = { completion: 'usage' };

    expect(usageOfAnswer('anthropic-text', answer)).toBe(NO_USAGE);
    expect(usageOfAnswer('anthropic-text', answer, countHeaders(3, 4))).toEqual([3, 4, 0, 0]);
    expect(usageOfChunks('anthropic-text', [answer, { ...answer, ...metrics(3, 4) }])).toEqual([
      3, 4, 0, 0,
    ]);
    expect(usageOfChunks('anthropic-text', [answer])).toBe(ENDED_EARLY);
  });
});
