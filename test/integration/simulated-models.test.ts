/**
 * Every shape of model that the simulated Bedrock serves, through the real SDK client: the
 * vendor's own usage, Bedrock's counts beside it, and the book's entry agree.
 */
import {
  type BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import type { BookRecord } from '../../local/simulated-book.ts';
import { clientOf, type VendorJson } from './bedrock-fixture.ts';

let bedrock: SimulatedBedrock;
let client: BedrockRuntimeClient;
beforeAll(async () => {
  bedrock = await startSimulatedBedrock({ port: 0 });
  client = clientOf('HTTP/1.1', bedrock.url);
});
beforeEach(() => bedrock.book.reset());
afterAll(async () => {
  client.destroy();
  await bedrock.close();
});

const PROMPT = 'say [[output=40]]';
const PROMPT_TOKENS = Math.ceil(PROMPT.length / 4);
const chat = { messages: [{ role: 'user', content: PROMPT }] };

/** Models of each shape, a body that limits the output to 30 tokens, and where the counts are. */
const TEXT_MODELS: readonly [string, object, (answer: VendorJson) => unknown, unknown][] = [
  [
    'meta.llama3-3-70b-instruct-v1:0',
    { prompt: PROMPT, max_gen_len: 30 },
    (answer) => [answer.prompt_token_count, answer.generation_token_count, answer.stop_reason],
    [PROMPT_TOKENS, 30, 'length'],
  ],
  [
    'mistral.mistral-7b-instruct-v0:2',
    { prompt: PROMPT, max_tokens: 30 },
    (answer) => (answer.outputs as VendorJson[])[0]?.stop_reason,
    'length',
  ],
  [
    'amazon.titan-text-express-v1',
    { inputText: PROMPT, textGenerationConfig: { maxTokenCount: 30 } },
    (answer) => [answer.inputTextTokenCount, (answer.results as VendorJson[])[0]?.tokenCount],
    [PROMPT_TOKENS, 30],
  ],
  [
    'anthropic.claude-v2:1',
    { prompt: PROMPT, max_tokens_to_sample: 30 },
    (answer) => answer.stop_reason,
    'max_tokens',
  ],
  [
    'cohere.command-text-v14',
    { prompt: PROMPT, max_tokens: 15, num_generations: 2 },
    (answer) => (answer.generations as unknown[]).length,
    2,
  ],
  [
    'cohere.command-r-v1:0',
    { message: PROMPT, max_tokens: 30 },
    (a) => a.finish_reason,
    'MAX_TOKENS',
  ],
  [
    'ai21.j2-mid-v1',
    { prompt: PROMPT, maxTokens: 10, numResults: 3 },
    (answer) => (answer.completions as unknown[]).length,
    3,
  ],
  [
    'openai.gpt-oss-120b-1:0',
    { ...chat, max_completion_tokens: 15, n: 2 },
    (answer) => answer.usage,
    {
      prompt_tokens: PROMPT_TOKENS,
      completion_tokens: 30,
      total_tokens: PROMPT_TOKENS + 30,
      prompt_tokens_details: { cached_tokens: 0 },
    },
  ],
  ['mistral.mistral-large-2407-v1:0', { ...chat, max_tokens: 30 }, finishOf, 'length'],
  ['ai21.jamba-1-5-large-v1:0', { ...chat, max_tokens: 30 }, finishOf, 'length'],
  ['deepseek.v3.2', { ...chat, max_tokens: 30 }, finishOf, 'length'],
];

function finishOf(answer: VendorJson): unknown {
  return (answer.choices as VendorJson[])[0]?.finish_reason;
}

/** Models whose answers hold no text, and what each request bills. */
const UNIT_MODELS: readonly [string, object, Partial<BookRecord>][] = [
  ['amazon.titan-embed-text-v2:0', { inputText: 'x'.repeat(40) }, { inputTokens: 10 }],
  [
    'amazon.titan-embed-image-v1',
    { inputText: 'x'.repeat(40), inputImage: 'AAAA' },
    { inputTokens: 10, units: { 'read-image': 1 } },
  ],
  [
    'amazon.nova-2-multimodal-embeddings-v1:0',
    { taskType: 'SINGLE_EMBEDDING', singleEmbeddingParams: { text: { value: 'x'.repeat(40) } } },
    { inputTokens: 10 },
  ],
  [
    'cohere.embed-english-v3',
    { input_type: 'search_query', texts: ['x'.repeat(20), 'y'.repeat(19)] },
    { inputTokens: 10 },
  ],
  ['twelvelabs.marengo-embed-2-7-v1:0', { inputText: 'x' }, { units: { 'text-request': 1 } }],
  [
    'cohere.rerank-v3-5:0',
    { api_version: 2, query: 'q', documents: Array.from({ length: 101 }, () => 'd') },
    { units: { 'search-unit': 2 } },
  ],
  [
    'amazon.nova-canvas-v1:0',
    {
      taskType: 'TEXT_IMAGE',
      textToImageParams: { text: 'a cap' },
      imageGenerationConfig: { numberOfImages: 3 },
    },
    { units: { 'made-image': 3 } },
  ],
  ['stability.stable-image-core-v1:1', { prompt: 'a cap' }, { units: { 'made-image': 1 } }],
];

const invoke = async (modelId: string, body: object): Promise<VendorJson> => {
  const answer = await client.send(new InvokeModelCommand({ modelId, body: JSON.stringify(body) }));
  return JSON.parse(Buffer.from(answer.body).toString('utf8')) as VendorJson;
};

const billed = (): BookRecord | undefined => bedrock.book.page().records.at(-1);

describe('a text model', () => {
  it.each(TEXT_MODELS)('%s bills what its answer says', async (modelId, body, read, expected) => {
    expect(read(await invoke(modelId, body))).toEqual(expected);
    expect(billed()).toMatchObject({ inputTokens: PROMPT_TOKENS, outputTokens: 30 });
  });

  it.each(TEXT_MODELS.filter(([modelId]) => !modelId.includes('.j2-')))(
    '%s ends its stream with what it bills',
    async (modelId, body) => {
      const { body: stream } = await client.send(
        new InvokeModelWithResponseStreamCommand({ modelId, body: JSON.stringify(body) }),
      );
      const chunks: VendorJson[] = [];
      for await (const event of stream ?? []) {
        chunks.push(JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString('utf8')));
      }

      expect(chunks.at(-1)?.['amazon-bedrock-invocationMetrics']).toMatchObject({
        inputTokenCount: PROMPT_TOKENS,
        outputTokenCount: 30,
      });
      expect(billed()).toMatchObject({ inputTokens: PROMPT_TOKENS, outputTokens: 30 });
    },
  );

  it('answers Converse too', async () => {
    const messages = [{ role: 'user' as const, content: [{ text: PROMPT }] }];

    const answer = await client.send(
      new ConverseCommand({ modelId: 'meta.llama3-3-70b-instruct-v1:0', messages }),
    );

    expect(answer.usage).toMatchObject({ inputTokens: PROMPT_TOKENS, outputTokens: 40 });
  });

  it('that has no stream refuses one, unbilled', async () => {
    const body = JSON.stringify({ prompt: PROMPT });
    const command = new InvokeModelWithResponseStreamCommand({ modelId: 'ai21.j2-mid-v1', body });

    await expect(client.send(command)).rejects.toThrow(/unsupported for streaming/);
    expect(bedrock.book.page().billedRequests).toBe(0);
  });
});

describe('a model without text', () => {
  it.each(UNIT_MODELS)('%s bills by its units', async (modelId, body, expected) => {
    await invoke(modelId, body);

    expect(billed()).toMatchObject({ outcome: 'billed', outputTokens: 0, ...expected });
    const { units } = expected;
    expect(bedrock.book.page().billedUnitsByModel).toEqual(
      units === undefined ? {} : { [modelId]: units },
    );
  });

  it('is not served by Converse', async () => {
    const messages = [{ role: 'user' as const, content: [{ text: PROMPT }] }];
    const command = new ConverseCommand({ modelId: 'amazon.rerank-v1:0', messages });

    await expect(client.send(command)).rejects.toThrow(/doesn't support the model/);
  });
});

describe('a guardrail', () => {
  const asked = (text: string, trace: 'enabled' | 'disabled' = 'enabled') => ({
    modelId: 'amazon.nova-lite-v1:0',
    messages: [{ role: 'user' as const, content: [{ text }] }],
    guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1', trace },
  });

  it('counts text units in and out, and tells them where the trace is on', async () => {
    const { trace } = await client.send(
      new ConverseCommand(asked(`${'x'.repeat(1500)} [[bytes=2500]]`)),
    );

    const usage = (units: number) => ({
      invocationMetrics: { usage: { contentPolicyUnits: units } },
    });
    expect(trace?.guardrail).toMatchObject({
      inputAssessment: { g: usage(2) },
      outputAssessments: { g: [usage(3)] },
    });
    expect(billed()).toMatchObject({ units: { 'guardrail-content': 5 } });
  });

  it('bills and says nothing where it is off, streamed or not', async () => {
    const answer = await client.send(new ConverseCommand(asked('hi', 'disabled')));
    const { stream } = await client.send(new ConverseStreamCommand(asked('hi', 'disabled')));
    const events = [];
    for await (const event of stream ?? []) events.push(event);

    expect(answer.trace).toBeUndefined();
    expect(events.at(-1)?.metadata?.trace).toBeUndefined();
    expect(bedrock.book.page().billedUnitsByModel).toEqual({
      'amazon.nova-lite-v1:0': { 'guardrail-content': 4 },
    });
  });

  it('that intervenes says so, and bills', async () => {
    const { stopReason } = await client.send(new ConverseCommand(asked('[[blocked]]')));

    expect(stopReason).toBe('guardrail_intervened');
    expect(bedrock.book.page().billedRequests).toBe(1);
  });
});

it('says by which service tier it served', async () => {
  const answer = await client.send(
    new ConverseCommand({
      modelId: 'openai.gpt-oss-120b-1:0',
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      serviceTier: { type: 'priority' },
    }),
  );

  expect(answer.serviceTier).toEqual({ type: 'priority' });
});
