/**
 * The output limit of a request: as asked for, or written into it where there is none.
 */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { prepareRequest, type RequestToPrepare } from '../../lambda/domain/estimate.ts';
import { type JsonObject, parseBody, serializeBody } from '../../lambda/domain/request-body.ts';

const claude: Model = {
  modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
  profileId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
  vendor: 'anthropic',
  family: 'anthropic',
  price: {
    modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    version: 'test',
    tokens: {
      inputNanoUsdPerMillion: 1_000_000_000n,
      outputNanoUsdPerMillion: 5_000_000_000n,
      cacheReadNanoUsdPerMillion: 100_000_000n,
      cacheWrite5mNanoUsdPerMillion: 1_250_000_000n,
      cacheWrite1hNanoUsdPerMillion: 2_000_000_000n,
    },
  },
  contextWindowTokens: 200_000,
  maxOutputTokens: 64_000,
};

const nova: Model = {
  ...claude,
  modelId: 'us.amazon.nova-2-lite-v1:0',
  baseModelId: 'amazon.nova-2-lite-v1:0',
  profileId: 'us.amazon.nova-2-lite-v1:0',
  vendor: 'amazon',
  family: 'nova',
  maxOutputTokens: 10_000,
};

const hello: JsonObject = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hello' }],
};

const prepare = (request: Partial<RequestToPrepare> = {}) =>
  prepareRequest({
    operation: 'invoke',
    model: claude,
    body: hello,
    headers: {},
    allowFields: new Set(),
    ...request,
  });

const sent = (request: Partial<RequestToPrepare>): JsonObject => parseBody(prepare(request).body);

function refusalOf(request: Partial<RequestToPrepare>): { code: string; field?: string } {
  try {
    prepare(request);
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    const { field } = error.details;
    return { code: error.code, ...(field === undefined ? {} : { field }) };
  }
  return { code: 'none' };
}

const withoutLimit: JsonObject = { messages: [{ role: 'user', content: 'hello' }] };

describe('the output limit', () => {
  it('is bounded by what the request asks for, which is sent as it came', () => {
    const prepared = prepare();

    expect(prepared.outputTokens).toBe(100);
    expect(prepared.body).toEqual(serializeBody(hello));
  });

  it('is written as the default where the request has none', () => {
    const request = { body: withoutLimit, defaultMaxTokens: 512 };

    expect(sent(request).max_tokens).toBe(512);
    expect(prepare(request).outputTokens).toBe(512);
  });

  it('is written as the model maximum where there is no default or a larger one', () => {
    expect(sent({ body: withoutLimit }).max_tokens).toBe(64_000);
    expect(sent({ body: withoutLimit, defaultMaxTokens: 99_000 }).max_tokens).toBe(64_000);
  });

  it('is written over a null', () => {
    expect(sent({ body: { ...hello, max_tokens: null } }).max_tokens).toBe(64_000);
  });

  it('never changes the given body', () => {
    const body: JsonObject = { messages: [], inferenceConfig: { temperature: 1 } };
    const before = structuredClone(body);

    prepare({ operation: 'converse', body });
    prepare({ operation: 'invoke', model: nova, body });

    expect(body).toEqual(before);
  });

  it('is written above the thinking budget, as Bedrock refuses a limit that is not', () => {
    const thinking: JsonObject = { type: 'enabled', budget_tokens: 4_000 };

    expect(sent({ body: { ...withoutLimit, thinking }, defaultMaxTokens: 512 }).max_tokens).toBe(
      4_512,
    );
    const converse = sent({
      operation: 'converse',
      body: { messages: [], additionalModelRequestFields: { thinking } },
      defaultMaxTokens: 512,
    });
    expect(converse.inferenceConfig).toEqual({ maxTokens: 4_512 });
  });

  it('leaves a limit alone that the caller set below the thinking budget', () => {
    const thinking: JsonObject = { type: 'enabled', budget_tokens: 4_000 };

    expect(sent({ body: { ...hello, thinking } }).max_tokens).toBe(100);
  });

  it('is bounded by the context window where it is absurd', () => {
    expect(prepare({ body: { ...hello, max_tokens: 999_999_999 } }).outputTokens).toBe(200_000);
  });

  it.each([0, -1, 1.5, '100', true])('is refused as %s', (value) => {
    const refusal = { code: 'invalid_request', field: 'max_tokens' };

    expect(refusalOf({ body: { ...hello, max_tokens: value } })).toEqual(refusal);
  });

  it('reads a number that keeps its source text', () => {
    const body = parseBody(Buffer.from('{"messages":[],"max_tokens":1.5e2}'));

    expect(prepare({ body }).outputTokens).toBe(150);
    expect(Buffer.from(prepare({ body }).body).toString()).toContain('"max_tokens":1.5e2');
    const huge = parseBody(Buffer.from('{"messages":[],"max_tokens":1e400}'));
    expect(refusalOf({ body: huge }).code).toBe('invalid_request');
  });

  it('is read and written in the Converse shape for either family', () => {
    for (const model of [claude, nova]) {
      const body: JsonObject = { messages: [], inferenceConfig: { maxTokens: 77 } };
      expect(prepare({ operation: 'converse', model, body }).outputTokens).toBe(77);

      const open: JsonObject = { messages: [], inferenceConfig: { temperature: 0 } };
      const request = { operation: 'converse-stream', model, body: open } as const;
      expect(sent({ ...request, defaultMaxTokens: 9 }).inferenceConfig).toEqual({
        temperature: 0,
        maxTokens: 9,
      });
    }
  });

  it('is read from both of the names that Nova honours, and refused where they differ', () => {
    const novaBody = (inferenceConfig: JsonObject) => ({
      operation: 'invoke' as const,
      model: nova,
      body: { messages: [], inferenceConfig },
    });

    expect(prepare(novaBody({ max_new_tokens: 5 })).outputTokens).toBe(5);
    expect(prepare(novaBody({ max_new_tokens: 5, maxTokens: 5 })).outputTokens).toBe(5);
    expect(refusalOf(novaBody({ max_new_tokens: 5, maxTokens: 6 })).code).toBe('invalid_request');
  });

  it('is not written where Nova refuses any, and is then the context window', () => {
    const reasoningConfig: JsonObject = { type: 'enabled', maxReasoningEffort: 'high' };
    const bodies: [RequestToPrepare['operation'], JsonObject][] = [
      ['converse', { messages: [], additionalModelRequestFields: { reasoningConfig } }],
      ['invoke', { messages: [], reasoningConfig }],
      ['invoke', { messages: [], inferenceConfig: { reasoningConfig } }],
    ];

    for (const [operation, body] of bodies) {
      const request = { operation, model: nova, body, defaultMaxTokens: 10 };
      expect(sent(request)).toEqual(body);
      expect(prepare(request).outputTokens).toBe(200_000);
    }
  });

  it('is written where the effort of Nova allows one', () => {
    const reasoningConfig: JsonObject = { type: 'enabled', maxReasoningEffort: 'medium' };
    const body: JsonObject = { messages: [], reasoningConfig };

    expect(prepare({ model: nova, body, defaultMaxTokens: 10 }).outputTokens).toBe(10);
  });
});
