/**
 * The simulated Bedrock's operations through the real SDK client, over h2c and HTTP/1.1.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import { type BookPage, NO_TOKENS } from '../../local/simulated-book.ts';
import {
  BARE_CLAUDE,
  CLAUDE,
  claudeBody,
  clientOf,
  converseEvents,
  converseInput,
  invokeInput,
  NOVA,
  tokensOf,
  type VendorJson,
  vendorEvents,
} from './bedrock-fixture.ts';

let bedrock: SimulatedBedrock;
beforeAll(async () => {
  bedrock = await startSimulatedBedrock({ port: 0 });
});
beforeEach(() => bedrock.book.reset());
afterAll(() => bedrock.close());

const billedOnce = (): BookPage['records'][number] | undefined => {
  const { records, requests, billedRequests } = bedrock.book.page();
  return requests === 1 && billedRequests === 1 ? records[0] : undefined;
};

describe.each(['h2c', 'HTTP/1.1'])('over %s', (version) => {
  let client: BedrockRuntimeClient;
  beforeAll(() => {
    client = clientOf(version, bedrock.url);
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
