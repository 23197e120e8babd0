/**
 * What a prompt can ask of the simulated Bedrock, what it refuses, and its book.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import {
  type BedrockRuntimeClient,
  ConverseCommand,
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
  NOVA,
  novaBody,
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

describe('what a prompt asks for', () => {
  let client: BedrockRuntimeClient;
  beforeAll(() => {
    client = clientOf('h2c', bedrock.url);
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

  it.each([
    ['[[input=200000]]', 200],
    ['[[input=200001]]', 400],
    ['[[input=199900]] [[cache-read=50]] [[cache-write=50]]', 200],
    ['[[input=199900]] [[cache-read=50]] [[cache-write=51]]', 400],
    ['[[input=199900]] [[cache-write-1h=101]]', 400],
  ])('bills no prompt beyond the context window: %s is answered %i', async (text, status) => {
    const ids = [
      CLAUDE,
      BARE_CLAUDE,
      `arn:aws:bedrock:us-east-1:111122223333:inference-profile/${CLAUDE}`,
    ];

    for (const modelId of ids) {
      const response = await fetch(
        `${bedrock.url}/model/${encodeURIComponent(modelId)}/converse-stream`,
        { method: 'POST', body: JSON.stringify(converseInput(modelId, text)) },
      );
      const body = await response.text();

      expect(response.status).toBe(status);
      if (status === 400) expect(body).toContain('Input is too long for requested model.');
    }
    expect(bedrock.book.page()).toMatchObject({
      requests: ids.length,
      billedRequests: status === 400 ? 0 : ids.length,
    });
  });

  it('refuses a prompt that is longer than the context window by its bytes', async () => {
    // Nova Micro is taken to hold 128 K (131,072) tokens, of four bytes each here.
    const ask = async (bytes: number) => {
      const response = await fetch(`${bedrock.url}/model/amazon.nova-micro-v1:0/invoke`, {
        method: 'POST',
        body: JSON.stringify(novaBody('x'.repeat(bytes))),
      });
      await response.arrayBuffer();
      return response.status;
    };

    expect(await ask(524_288)).toBe(200);
    expect(await ask(524_289)).toBe(400);
    expect(bedrock.book.page()).toMatchObject({ requests: 2, billedRequests: 1 });
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

  it.each([
    [BARE_CLAUDE, 200],
    [CLAUDE, 400],
    [NOVA, 400],
  ])('counts tokens by bare ids of Claude only: %s is %i', async (modelId, status) => {
    const messages = [{ role: 'user', content: [{ text: 'hi' }] }];

    const answer = await post(`/model/${modelId}/count-tokens`, {
      input: { converse: { messages } },
    });

    expect(answer.status).toBe(status);
  });

  it('knows no other path', async () => {
    expect(await post('/model/x/embed', {})).toMatchObject({ status: 404 });
  });
});

describe('its book for other processes', () => {
  it('is served as JSON and can be cleared', async () => {
    const client = clientOf('HTTP/1.1', bedrock.url);
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
