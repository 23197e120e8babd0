/**
 * Real SDKs, pointed at the gateway by their environment alone.
 */

import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createBedrockAnthropic } from '@ai-sdk/amazon-bedrock/anthropic';
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { generateText, streamText } from 'ai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

const CAP = 'sdk-daily';
const OVER = 'over its cap';
const BARE_HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';

let running: RunningGateway;
let goodKey: string;
let fullKey: string;

beforeAll(async () => {
  running = await startRunningGateway();
  goodKey = await running.key('sdk');
  await running.cap(CAP, { keys: ['sdk'], limitUsd: 100 });
  fullKey = await running.key('full');
  await running.cap(OVER.replaceAll(' ', '-'), { keys: ['full'], limitUsd: 0 });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await running.close();
});

/** The environment that the greeting of `npm start` asks people to set. */
function inEnvironment(key: string): void {
  vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', running.url);
  vi.stubEnv('ANTHROPIC_BEDROCK_BASE_URL', running.url);
  vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', key);
  vi.stubEnv('AWS_REGION', 'us-east-1');
}

const ask = (text: string) => [{ role: 'user' as const, content: [{ text }] }];
const anthropicBody = (text: string, maxTokens = 100) =>
  JSON.stringify({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: text }],
  });
const novaBody = (text: string) =>
  JSON.stringify({ messages: ask(text), inferenceConfig: { maxTokens: 100 } });

async function collect<T>(stream: AsyncIterable<T> | undefined): Promise<T[]> {
  const all: T[] = [];
  for await (const event of stream ?? []) all.push(event);
  return all;
}

describe.each([
  ['HTTP/2, its default', () => new BedrockRuntimeClient({})],
  ['HTTP/1.1', () => new BedrockRuntimeClient({ requestHandler: new NodeHttpHandler() })],
])('@aws-sdk/client-bedrock-runtime over %s', (_name, create) => {
  it('converses', async () => {
    inEnvironment(goodKey);

    const answer = await create().send(
      new ConverseCommand({
        modelId: HAIKU,
        messages: ask('[[input=11]] [[output=7]]'),
        inferenceConfig: { maxTokens: 100 },
      }),
    );

    expect(answer.usage).toMatchObject({ inputTokens: 11, outputTokens: 7 });
    expect(answer.output?.message?.content?.[0]?.text).toBeTruthy();
  });

  it('streams a conversation to its metadata', async () => {
    inEnvironment(goodKey);

    const answer = await create().send(
      new ConverseStreamCommand({ modelId: NOVA, messages: ask('[[output=9]] [[chunks=4]]') }),
    );
    const events = await collect(answer.stream);

    expect(events.at(-1)?.metadata?.usage?.outputTokens).toBe(9);
    expect(events.filter(({ contentBlockDelta }) => contentBlockDelta !== undefined)).toHaveLength(
      4,
    );
  });

  it.each([
    ['Anthropic', HAIKU, anthropicBody],
    ['Nova', NOVA, novaBody],
  ])('invokes a model of %s, whole and streamed', async (_family, modelId, bodyOf) => {
    inEnvironment(goodKey);
    const client = create();
    const body = bodyOf('[[output=12]] [[chunks=3]]');

    const whole = await client.send(new InvokeModelCommand({ modelId, body }));
    const stream = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body }));
    const parts = await collect(stream.body);

    expect(JSON.parse(new TextDecoder().decode(whole.body))).toHaveProperty('usage');
    const last = new TextDecoder().decode(parts.at(-1)?.chunk?.bytes);
    expect(JSON.parse(last)).toHaveProperty('amazon-bedrock-invocationMetrics');
  });

  it('counts tokens', async () => {
    inEnvironment(goodKey);

    const counted = await create().send(
      new CountTokensCommand({
        modelId: BARE_HAIKU,
        input: { converse: { messages: ask('how many') } },
      }),
    );

    expect(counted.inputTokens).toBeGreaterThan(0);
  });

  it('is told which cap refused it', async () => {
    inEnvironment(fullKey);

    const refused = create().send(new ConverseCommand({ modelId: HAIKU, messages: ask('hello') }));

    await expect(refused).rejects.toMatchObject({
      name: 'BudgetExceededException',
      message: expect.stringContaining('cap "over-its-cap"'),
    });
  });
});

describe('@anthropic-ai/bedrock-sdk', () => {
  const request = (text: string) => ({
    model: HAIKU,
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: text }],
  });

  it('creates a message, and streams one', async () => {
    inEnvironment(goodKey);
    const client = new AnthropicBedrock();

    const message = await client.messages.create(request('[[output=8]]'));
    const events = await collect(
      await client.messages.create({ ...request('[[output=8]]'), stream: true }),
    );

    expect(message.usage.output_tokens).toBe(8);
    expect(events.at(-1)?.type).toBe('message_stop');
  });

  it('sends a refused request once, and shows which cap refused it', async () => {
    inEnvironment(fullKey);
    const before = (await running.journal()).length;

    const refused = new AnthropicBedrock().messages.create(request('hello'));

    await expect(refused).rejects.toMatchObject({
      status: 429,
      message: expect.stringContaining('over-its-cap'),
    });
    expect((await running.journal()).length).toBeLessThanOrEqual(before + 1);
  });
});

describe.each([
  ['Converse', () => createAmazonBedrock()(HAIKU)],
  ['Anthropic', () => createBedrockAnthropic()(HAIKU)],
])('@ai-sdk/amazon-bedrock by %s', (_name, createModel) => {
  it('generates and streams text', async () => {
    inEnvironment(goodKey);
    const prompt = '[[output=6]] [[chunks=3]]';

    const whole = await generateText({ model: createModel(), prompt });
    const streamed = streamText({ model: createModel(), prompt });

    expect(whole.text.length).toBeGreaterThan(0);
    expect(await streamed.text).toBe(whole.text);
    expect((await streamed.usage).outputTokens).toBe(6);
  });

  it('is told which cap refused it', async () => {
    inEnvironment(fullKey);

    const refused = generateText({ model: createModel(), prompt: 'hello', maxRetries: 0 });

    await expect(refused).rejects.toThrow(/over-its-cap/);
  });
});

describe('a stream that is cut because its key was disabled', () => {
  it.each([
    [
      '@aws-sdk/client-bedrock-runtime',
      async (text: string) => {
        const answer = await new BedrockRuntimeClient({}).send(
          new ConverseStreamCommand({ modelId: HAIKU, messages: ask(text) }),
        );
        await collect(answer.stream);
      },
    ],
    [
      '@anthropic-ai/bedrock-sdk',
      async (text: string) => {
        const stream = await new AnthropicBedrock().messages.create({
          model: HAIKU,
          max_tokens: 1000,
          messages: [{ role: 'user', content: text }],
          stream: true,
        });
        await collect(stream);
      },
    ],
  ])('shows %s why', async (_name, run) => {
    const id = `cut-${Math.random().toString(36).slice(2, 8)}`;
    const key = await running.key(id);
    await running.cap(id, { keys: [id] });
    inEnvironment(key);

    const running200 = run('[[output=500]] [[chunks=200]] [[delay=50]]');
    setTimeout(() => void running.put('KEY', id, { secretSha256: '0'.repeat(64) }), 300);

    await expect(running200).rejects.toThrow(/budget_exceeded/);
    const books = await running.counter(id);
    expect(books.reservations).toBe(0);
    expect(Number(books.settledUsd)).toBeGreaterThan(0);
  });
});
