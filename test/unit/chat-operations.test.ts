/**
 * Bedrock's own chat completions on the money path: which families they serve, what they are
 * bounded by, and how their streams are metered.
 */
import { describe, expect, it } from 'vitest';
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { familyNameOf } from '../../lambda/domain/catalogue.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { createUsageMeter } from '../../lambda/domain/usage.ts';
import {
  expectChoicesTable,
  expectLimitTable,
  MODEL_MAX_TOKENS,
  modelOf,
  prepared,
  usageOfAnswer,
  verdict,
  WINDOW_TOKENS,
} from '../helpers/text-families.ts';

const CHAT = { operation: 'chat-completions-stream' } as const;
const NATIVE: readonly FamilyName[] = ['openai', 'openai-max-tokens', 'grok'];
const messages = [{ role: 'user', content: 'hello' }];
const place = (field: string) => (value: string) =>
  `{"messages":[{"role":"user","content":"hello"}],"${field}":${value}}`;

describe('a family', () => {
  it('is asked in OpenAI’s shape if it is OpenAI’s or a sibling, and not otherwise', () => {
    const families = Object.entries(FAMILIES);

    const native = families.flatMap(([name, { chat }]) => (chat === undefined ? [] : [name]));

    expect(native.sort()).toEqual([...NATIVE].sort());
    for (const [name] of families.filter(([, { chat }]) => chat === undefined)) {
      expect(verdict(name as FamilyName, { messages }, CHAT), name).toBe(
        'invalid_request undefined',
      );
    }
  });

  it('is told by a model’s id, bare, with a profile or in an ARN; of no other id', () => {
    expect(familyNameOf('openai.gpt-oss-120b-1:0')).toBe('openai');
    expect(familyNameOf('global.openai.gpt-5.6-luna')).toBe('openai');
    expect(familyNameOf('arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0')).toBe(
      'nova',
    );
    for (const id of ['gpt-5', 'openai.gpt-0', '', 'arn:aws:bedrock:x', 'a/b?c']) {
      expect(familyNameOf(id), id).toBeUndefined();
    }
  });
});

describe('a request of chat completions', () => {
  it('is bounded by either name of its limit (T9 of the threats), times its choices', () => {
    expectLimitTable('openai', 'max_tokens', place('max_tokens'), CHAT);
    expectLimitTable('openai', 'max_completion_tokens', place('max_completion_tokens'), CHAT);
    expectLimitTable('openai-max-tokens', 'max_tokens', place('max_tokens'), CHAT);
    const choices = (value: string) => place('max_tokens')(`10,"n":${value}`);
    expectChoicesTable('openai', 'n', 128, choices, CHAT);
  });

  it('without a limit has one written into it', () => {
    const { sent, outputTokens } = prepared('openai', { messages }, CHAT);

    expect(sent.max_completion_tokens).toBe(MODEL_MAX_TOKENS);
    expect(outputTokens).toBe(MODEL_MAX_TOKENS);
  });

  it('to a model whose limit bounds no reasoning reserves the window', () => {
    expect(prepared('grok', { messages, max_tokens: 5 }, CHAT).outputTokens).toBe(WINDOW_TOKENS);
  });

  it('names no other model than the one that was priced', () => {
    expect(verdict('openai', { messages, model: 'us.vendor.model-v1:0' }, CHAT)).toBe('ok');
    expect(verdict('openai', { messages, model: 'other.model' }, CHAT)).toBe(
      'invalid_request model',
    );
  });

  it.each(['previous_response_id', 'conversation', 'web_search_options', 'prediction', 'audio'])(
    'that holds %s is refused',
    (member) => {
      expect(verdict('openai', { messages, [member]: 'x' }, CHAT)).toBe(`unpriced_field ${member}`);
    },
  );
});

describe('an answer of chat completions', () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 4,
    total_tokens: 14,
    prompt_tokens_details: { cached_tokens: 3 },
  };

  it('is metered by its usage', () => {
    expect(usageOfAnswer('openai', { usage }, {}, 'chat-completions')).toEqual([7, 4, 3, 0]);
    expect(usageOfAnswer('openai', {}, {}, 'chat-completions')).toBe('the answer carries no usage');
  });

  function streamed(family: FamilyName, ...data: (object | string)[]) {
    const meter = createUsageMeter({
      operation: 'chat-completions-stream',
      model: modelOf(family),
      oneHourCacheWrites: false,
    });
    for (const each of data) {
      const text = typeof each === 'string' ? each : JSON.stringify(each);
      meter.event('event', 'data', Buffer.from(text));
    }
    return meter.usage();
  }

  const delta = { choices: [{ index: 0, delta: { content: 'hi' } }] };

  it.each(NATIVE)('that streams is metered by its last chunk (%s)', (family) => {
    expect(streamed(family, delta, { choices: [], usage }, '[DONE]')).toMatchObject({
      kind: 'metered',
      usage: { inputTokens: 7, outputTokens: 4, cacheReadTokens: 3 },
    });
  });

  it.each([
    ['none', [delta, '[DONE]']],
    ['null', [{ ...delta, usage: null }, '[DONE]']],
    ['a running one', [{ ...delta, usage }, '[DONE]']],
    ['one that is no JSON', [delta, '{"choices":[],"usage":{"prompt_tokens":10']],
    ['one that cannot be', [delta, { choices: [], usage: { ...usage, total_tokens: 1 } }]],
    ['one without output', [delta, { choices: [], usage: { prompt_tokens: 10 } }]],
  ])('that streams with %s for its usage is unknown', (_what, data) => {
    expect(streamed('openai', ...data)).toMatchObject({ kind: 'unknown' });
  });
});
