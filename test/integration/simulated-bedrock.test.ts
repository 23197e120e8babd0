/**
 * The simulated Bedrock through the real SDK client, over h2c and HTTP/1.1, and its book.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import { type BookPage, NO_TOKENS } from '../../local/simulated-book.ts';

const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const BARE_CLAUDE = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

let bedrock: SimulatedBedrock;
beforeAll(async () => {
  bedrock = await startSimulatedBedrock({ port: 0 });
});
beforeEach(() => bedrock.book.reset());
afterAll(() => bedrock.close());

const clientOf = (version: string, url = bedrock.url): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
    ...(version === 'HTTP/1.1' ? { requestHandler: new NodeHttpHandler() } : {}),
  });

const converseInput = (modelId: string, text: string): ConverseCommandInput => ({
  modelId,
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: 100 },
});

const claudeBody = (text: string, maxTokens = 100) => ({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: maxTokens,
  messages: [{ role: 'user', content: text }],
});

const novaBody = (text: string) => ({
  schemaVersion: 'messages-v1',
  messages: [{ role: 'user', content: [{ text }] }],
  inferenceConfig: { maxTokens: 100 },
});

const bodyOf = (modelId: string, text: string) =>
  modelId === NOVA ? novaBody(text) : claudeBody(text);

const invokeInput = (modelId: string, text: string) => ({
  modelId,
  body: JSON.stringify(bodyOf(modelId, text)),
});

/** 4 bytes a token: the directives are part of the prompt. */
const tokensOf = (text: string): number => Math.ceil(Buffer.byteLength(text) / 4);

type VendorJson = Readonly<Record<string, unknown>>;

async function vendorEvents(client: BedrockRuntimeClient, modelId: string, text: string) {
  const input = invokeInput(modelId, text);
  const { body } = await client.send(new InvokeModelWithResponseStreamCommand(input));
  const events: VendorJson[] = [];
  for await (const { chunk } of body ?? []) {
    events.push(JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()));
  }
  return events;
}

async function converseEvents(client: BedrockRuntimeClient, text: string, modelId = CLAUDE) {
  const { stream } = await client.send(new ConverseStreamCommand(converseInput(modelId, text)));
  const events: ConverseStreamOutput[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

const billedOnce = (): BookPage['records'][number] | undefined => {
  const { records, requests, billedRequests } = bedrock.book.page();
  return requests === 1 && billedRequests === 1 ? records[0] : undefined;
};

describe.each(['h2c', 'HTTP/1.1'])('over %s', (version) => {
  let client: BedrockRuntimeClient;
  beforeAll(() => {
    client = clientOf(version);
  });
  afterAll(() => client.destroy());

  const prompt = 'say [[output=40]][[cache-read=7]][[cache-write=5]][[cache-write-1h=3]]';
  const tokens = {
    inputTokens: tokensOf(prompt),
    outputTokens: 40,
    cacheReadTokens: 7,
    cacheWrite5mTokens: 5,
    cacheWrite1hTokens: 3,
  };
  const converseUsage = {
    inputTokens: tokens.inputTokens,
    outputTokens: 40,
    totalTokens: tokens.inputTokens + 55,
    cacheReadInputTokens: 7,
    cacheWriteInputTokens: 8,
    cacheDetails: [
      { ttl: '1h', inputTokens: 3 },
      { ttl: '5m', inputTokens: 5 },
    ],
  };

  it.each([CLAUDE, NOVA])(
    'answers Converse of %s with the usage that it bills',
    async (modelId) => {
      const answer = await client.send(new ConverseCommand(converseInput(modelId, prompt)));

      expect(answer.output?.message?.content?.[0]?.text?.split(' ')).toHaveLength(40);
      expect(answer).toMatchObject({ stopReason: 'end_turn', usage: converseUsage });
      expect(billedOnce()).toMatchObject({ modelId, operation: 'converse', ...tokens });
    },
  );

  it.each([CLAUDE, NOVA])('streams Converse of %s with the usage last', async (modelId) => {
    const events = await converseEvents(client, `${prompt}[[chunks=6]]`, modelId);

    const names = events.map((event) => Object.keys(event)[0]);
    expect(names).toEqual([
      'messageStart',
      ...Array(6).fill('contentBlockDelta'),
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    const inputTokens = tokensOf(`${prompt}[[chunks=6]]`);
    expect(events.at(-1)?.metadata?.usage).toMatchObject({ inputTokens, outputTokens: 40 });
    expect(billedOnce()).toMatchObject({ modelId, operation: 'converse-stream', inputTokens });
  });

  it('answers InvokeModel of Claude in its own body and in headers', async () => {
    const command = new InvokeModelCommand(invokeInput(CLAUDE, prompt));
    let headers: Record<string, string> = {};
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        headers = (result.response as { headers: Record<string, string> }).headers;
        return result;
      },
      { step: 'deserialize' },
    );

    const answer: VendorJson = JSON.parse((await client.send(command)).body.transformToString());

    expect(answer.usage).toEqual({
      input_tokens: tokens.inputTokens,
      output_tokens: 40,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 8,
      cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 3 },
    });
    expect(headers).toMatchObject({
      'x-amzn-bedrock-input-token-count': String(tokens.inputTokens),
      'x-amzn-bedrock-output-token-count': '40',
      'x-amzn-bedrock-cache-read-input-token-count': '7',
      'x-amzn-bedrock-cache-write-input-token-count': '8',
    });
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(billedOnce()).toMatchObject({ operation: 'invoke', maxTokens: 100, ...tokens });
  });

  it('answers InvokeModel of Nova in its own body', async () => {
    const { body } = await client.send(new InvokeModelCommand(invokeInput(NOVA, prompt)));

    expect(JSON.parse(body.transformToString())).toMatchObject({
      output: { message: { role: 'assistant' } },
      usage: {
        inputTokens: tokens.inputTokens,
        outputTokens: 40,
        cacheReadInputTokenCount: 7,
        cacheWriteInputTokenCount: 8,
      },
    });
    expect(billedOnce()).toMatchObject({ modelId: NOVA, ...tokens });
  });

  it("streams Claude's own events, with metrics on the last", async () => {
    const events = await vendorEvents(client, CLAUDE, '[[output=40]][[chunks=2]]');

    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events[0]).toMatchObject({ message: { usage: { input_tokens: 7, output_tokens: 1 } } });
    expect(events[5]).toMatchObject({ usage: { output_tokens: 40 } });
    expect(events[6]).toMatchObject({
      'amazon-bedrock-invocationMetrics': { inputTokenCount: 7, outputTokenCount: 40 },
    });
  });

  it("streams Nova's own events, with metrics on the last", async () => {
    const events = await vendorEvents(client, NOVA, '[[output=40]][[chunks=2]]');

    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(events[5]).toMatchObject({
      metadata: { usage: { inputTokens: 7, outputTokens: 40 } },
      'amazon-bedrock-invocationMetrics': { inputTokenCount: 7, outputTokenCount: 40 },
    });
  });

  it('counts tokens of both shapes and bills nothing', async () => {
    const messages = [{ role: 'user' as const, content: [{ text: 'x'.repeat(400) }] }];
    const body = Buffer.from(JSON.stringify(claudeBody('x'.repeat(400))));
    const counts = await Promise.all(
      [{ converse: { messages } }, { invokeModel: { body } }].map((input) =>
        client.send(new CountTokensCommand({ modelId: BARE_CLAUDE, input })),
      ),
    );

    expect(counts.map(({ inputTokens }) => inputTokens)).toEqual([100, 100]);
    expect(bedrock.book.page()).toMatchObject({ requests: 2, billedRequests: 0 });
  });

  it.each([
    ['AccessDeniedException', 403],
    ['ValidationException', 400],
    ['ResourceNotFoundException', 404],
    ['ThrottlingException', 429],
    ['ModelNotReadyException', 429],
    ['ModelTimeoutException', 408],
    ['ModelErrorException', 424],
    ['InternalServerException', 500],
    ['ServiceUnavailableException', 503],
  ])('answers with %s as %i and bills nothing', async (name, status) => {
    const sent = client.send(new ConverseCommand(converseInput(CLAUDE, `[[error=${name}]]`)));

    await expect(sent).rejects.toMatchObject({ name, $metadata: { httpStatusCode: status } });
    expect(bedrock.book.page()).toMatchObject({ requests: 1, billedRequests: 0 });
    expect(bedrock.book.page().billed).toEqual(NO_TOKENS);
  });

  it('raises an exception in a running stream and bills it in full', async () => {
    const prompt = '[[output=90]][[exception=throttlingException@2]]';
    const { stream } = await client.send(new ConverseStreamCommand(converseInput(CLAUDE, prompt)));
    let deltas = 0;

    const reading = async () => {
      for await (const event of stream ?? []) deltas += event.contentBlockDelta ? 1 : 0;
    };

    await expect(reading()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(deltas).toBe(2);
    expect(billedOnce()).toMatchObject({ outputTokens: 90 });
  });

  it.each([
    ['[[reset]]', 0],
    ['[[cut=3]]', 3],
  ])('breaks the connection at %s and bills in full', async (directive, expectedDeltas) => {
    let deltas = 0;

    const reading = async () => {
      const input = converseInput(CLAUDE, `[[output=90]]${directive}`);
      const { stream } = await client.send(new ConverseStreamCommand(input));
      for await (const event of stream ?? []) deltas += event.contentBlockDelta ? 1 : 0;
    };

    await expect(reading()).rejects.toThrow();
    expect(deltas).toBe(expectedDeltas);
    expect(billedOnce()).toMatchObject({ outputTokens: 90 });
  });

  it('ends a stream without its last events at [[end=2]]', async () => {
    const events = await converseEvents(client, '[[output=90]][[end=2]]');

    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
    ]);
  });

  it('bills in full what its client leaves, and serves the next', async () => {
    const input = converseInput(CLAUDE, '[[output=80]][[chunks=50]][[delay=20]]');
    const controller = new AbortController();
    const options = { abortSignal: controller.signal };
    const { stream } = await client.send(new ConverseStreamCommand(input), options);
    for await (const event of stream ?? []) if (event.contentBlockDelta) break;
    controller.abort();
    const early = client.send(new ConverseCommand(converseInput(CLAUDE, '[[first=200]]')), {
      abortSignal: AbortSignal.timeout(50),
    });
    await expect(early).rejects.toThrow();
    await sleep(300);

    await client.send(new ConverseCommand(converseInput(CLAUDE, 'next')));

    const outputs = bedrock.book.page().records.map(({ outputTokens }) => outputTokens);
    expect(outputs).toEqual([80, 32, 32]);
  });
});

describe('what a prompt asks for', () => {
  let client: BedrockRuntimeClient;
  beforeAll(() => {
    client = clientOf('h2c');
  });
  afterAll(() => client.destroy());

  it('stops at max_tokens and says so', async () => {
    const { body } = await client.send(
      new InvokeModelCommand({
        modelId: CLAUDE,
        body: JSON.stringify(claudeBody('[[output=500]]', 10)),
      }),
    );

    expect(JSON.parse(body.transformToString())).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 10 },
    });
    expect(billedOnce()).toMatchObject({ maxTokens: 10, outputTokens: 10 });
  });

  it('writes a text of that many bytes in that many chunks', async () => {
    const events = await converseEvents(client, '[[bytes=4000000]][[chunks=200]]');
    const texts = events.flatMap(({ contentBlockDelta }) => contentBlockDelta?.delta?.text ?? []);

    expect(texts).toHaveLength(200);
    expect(texts.join('')).toHaveLength(4_000_000);
  });

  it('waits before the answer and between two chunks', async () => {
    const startedMs = performance.now();

    await converseEvents(client, '[[first=100]][[chunks=4]][[delay=50]]');

    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(245);
  });

  it('says nothing about tokens at [[no-usage]], and bills them', async () => {
    const [claude, converse, nova] = await Promise.all([
      vendorEvents(client, CLAUDE, '[[no-usage]]'),
      converseEvents(client, '[[no-usage]]'),
      vendorEvents(client, NOVA, '[[no-usage]]'),
    ]);

    expect(JSON.stringify([claude, converse, nova])).not.toMatch(/usage|invocationMetrics/i);
    expect(bedrock.book.page().billed).toMatchObject({ inputTokens: 9, outputTokens: 96 });
  });

  it('bills as many input tokens as it is told', async () => {
    await converseEvents(client, '[[input=12345]]');

    expect(billedOnce()).toMatchObject({ inputTokens: 12_345 });
  });

  it('pads every payload, so that their lengths tell nothing', async () => {
    const response = await fetch(`${bedrock.url}/model/${NOVA}/converse-stream`, {
      method: 'POST',
      body: JSON.stringify(converseInput(NOVA, 'hi')),
    });

    const paddings = [...(await response.text()).matchAll(/"p":"(\w*)"/g)].map(([, p]) => p);

    expect(paddings.length).toBeGreaterThan(4);
    expect(new Set(paddings).size).toBeGreaterThan(3);
  });
});

describe('what it refuses, as Bedrock does', () => {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${bedrock.url}${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const type = response.headers.get('x-amzn-errortype')?.split(':')[0];
    const { message } = (await response.json()) as { message?: string };
    return { status: response.status, type, message };
  };
  const { anthropic_version: _, ...withoutVersion } = claudeBody('hi');
  const { max_tokens: __, ...withoutMaxTokens } = claudeBody('hi');
  const thinking = { type: 'enabled', budget_tokens: 100 };

  it.each([
    ['a body that is no JSON', CLAUDE, '{', /Malformed input request/],
    ['a body without anthropic_version', CLAUDE, withoutVersion, /\[anthropic_version\]/],
    ['a body without max_tokens', CLAUDE, withoutMaxTokens, /\[max_tokens\]/],
    ['max_tokens of zero', CLAUDE, claudeBody('hi', 0), /max_tokens: 0/],
    ['no messages', NOVA, { messages: [] }, /messages/],
    ['thinking beyond max_tokens', CLAUDE, { ...claudeBody('hi'), thinking }, /budget_tokens/],
    ['an unknown model', 'meta.llama3-8b-instruct-v1:0', claudeBody('hi'), /model identifier/],
  ])('refuses %s with ValidationException', async (_name, modelId, body, message) => {
    const answer = await post(`/model/${encodeURIComponent(modelId)}/invoke`, body);

    expect(answer).toMatchObject({ status: 400, type: 'ValidationException' });
    expect(answer.message).toMatch(message);
    expect(bedrock.book.page().billedRequests).toBe(0);
  });

  it('decodes a model id once, not twice', async () => {
    await post(`/model/${encodeURIComponent(encodeURIComponent(NOVA))}/invoke`, novaBody('hi'));

    expect(bedrock.book.page().records[0]?.modelId).toBe('amazon.nova-lite-v1%3A0');
  });

  it.each([CLAUDE, NOVA])('does not count tokens for %s', async (modelId) => {
    const answer = await post(`/model/${modelId}/count-tokens`, { input: {} });

    expect(answer).toMatchObject({ status: 400, type: 'ValidationException' });
  });

  it('knows no other path', async () => {
    expect(await post('/model/x/embed', {})).toMatchObject({ status: 404 });
  });
});

describe('its book for other processes', () => {
  it('is served as JSON and can be cleared', async () => {
    const client = clientOf('HTTP/1.1');
    const arn = `arn:aws:bedrock:us-east-1:111122223333:inference-profile/${CLAUDE}`;
    await client.send(new ConverseCommand(converseInput(arn, 'hi')));
    client.destroy();

    const page = (await (await fetch(`${bedrock.url}/__book`)).json()) as BookPage;
    await fetch(`${bedrock.url}/__reset`, { method: 'POST' });

    expect(page.billedByModel).toEqual({
      [arn]: { ...NO_TOKENS, inputTokens: 1, outputTokens: 32 },
    });
    expect(page.records[0]?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(page.records[0]?.requestBodyBytes).toBeGreaterThan(50);
    expect(bedrock.book.page()).toMatchObject({ requests: 0, records: [] });
  });

  it('runs alone, prints its URL and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, ['local/simulated-bedrock-main.ts', '--port', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [url] = await once(createInterface(child.stdout), 'line');
      const client = clientOf('h2c', url);
      const answer = await client.send(new ConverseCommand(converseInput(NOVA, 'hi')));
      client.destroy();

      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect(answer.usage?.outputTokens).toBe(32);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
