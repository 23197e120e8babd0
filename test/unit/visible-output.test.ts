/**
 * What a frame shows: an upper bound on its tokens, in every vendor's shape.
 */
import { describe, expect, it } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { prepareRequest } from '../../lambda/domain/estimate.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import type { JsonObject } from '../../lambda/domain/request-body.ts';
import { visibleTokens } from '../../lambda/domain/visible-output.ts';

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
const wrapped = (value: unknown) =>
  bytes({ bytes: bytes(value).toString('base64'), p: 'abcdefghijklmnop' });

describe('visible output', () => {
  it.each([
    ['text of Converse', bytes({ contentBlockIndex: 0, delta: { text: 'hello' }, p: 'abc' }), 5],
    ['a tool’s input', bytes({ delta: { toolUse: { input: '{"a":1}' } }, p: 'a' }), 7],
    ['the name of a tool', bytes({ start: { toolUse: { toolUseId: 'tooluse_x', name: 'f' } } }), 1],
    ['text beyond ASCII, by its bytes', bytes({ delta: { text: '日本' } }), 6],
    [
      'Anthropic’s own event',
      wrapped({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'hello' } }),
      5,
    ],
    ['Llama’s own chunk', wrapped({ generation: 'hello', stop_reason: null }), 5],
    ['a chunk of many choices', wrapped({ choices: [{ text: 'ab' }, { text: 'cde' }] }), 5],
    ['usage, which is no text', bytes({ usage: { inputTokens: 10, outputTokens: 20 } }), 0],
    ['a string', bytes('hello'), 5],
    ['no JSON at all, whole', Buffer.from('not json'), 8],
    ['a wrapped chunk that is no JSON, whole', bytes({ bytes: 'bm90IGpzb24=' }), 8],
  ])('counts %s', (_, payload, tokens) => {
    expect(visibleTokens(payload)).toBe(tokens);
  });
});

describe('models that show all of their output', () => {
  const isVisible = (modelId: string) => {
    const { family, baseModelId } = findModel(modelId, new Map());
    return FAMILIES[family].visibleModels?.test(baseModelId) === true;
  };

  it.each([
    'anthropic.claude-3-haiku-20240307-v1:0',
    'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    'us.anthropic.claude-sonnet-4-20250514-v1:0',
    'us.anthropic.claude-opus-4-1-20250805-v1:0',
    'amazon.nova-lite-v1:0',
    'us.meta.llama4-scout-17b-instruct-v1:0',
    'mistral.mistral-large-2402-v1:0',
  ])('%s', (modelId) => {
    expect(isVisible(modelId)).toBe(true);
  });

  it.each([
    'us.anthropic.claude-opus-4-7',
    'us.anthropic.claude-sonnet-5',
    'us.amazon.nova-2-lite-v1:0',
    'us.deepseek.r1-v1:0',
    'openai.gpt-oss-120b-1:0',
    'mistral.magistral-small-2509',
    'cohere.command-r-v1:0',
  ])('but not %s, which may think unseen', (modelId) => {
    expect(isVisible(modelId)).toBe(false);
  });
});

describe('a request whose output is all visible', () => {
  const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
  const prepared = (body: JsonObject, allowFields: readonly string[] = []) =>
    prepareRequest({
      operation: 'converse-stream',
      model: findModel(HAIKU, new Map()),
      body: { messages: [{ role: 'user', content: [{ text: 'hello' }] }], ...body },
      headers: {},
      allowFields: new Set(allowFields),
    });

  it('is one of such a model without settings of thinking', () => {
    expect(prepared({}).isAllVisible).toBe(true);
  });

  it.each([
    ['asks for thinking', { additionalModelRequestFields: { thinking: { type: 'adaptive' } } }, []],
    ['holds a member that nobody knows', { muse: true }, ['muse']],
    [
      'names a guardrail',
      { guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } },
      [],
    ],
  ])('is none that %s', (_, body, allowFields) => {
    expect(prepared(body, allowFields).isAllVisible).toBeUndefined();
  });
});
