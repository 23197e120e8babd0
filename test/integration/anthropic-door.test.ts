/**
 * Anthropic's own SDK at `/v1/messages`, by its base URL alone: answers, streams, refusals, cuts.
 */
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const MODEL = 'claude-haiku-4-5';

let running: RunningGateway;
let good: string;
let full: string;
let requests = 0;
beforeAll(async () => {
  running = await startRunningGateway();
  good = await running.key('good');
  await running.cap('good-daily', { keys: ['good'], limitUsd: 100 });
  full = await running.key('full');
  await running.cap('full-daily', { keys: ['full'], limitUsd: 0 });
});
beforeEach(() => {
  requests = 0;
  running.bedrock.book.reset();
});
afterAll(() => running.close());

const client = (key: string, auth: 'apiKey' | 'authToken' = 'apiKey') =>
  new Anthropic({
    baseURL: running.url,
    apiKey: null,
    authToken: null,
    [auth]: key,
    fetch: (input, init) => {
      requests += 1;
      return fetch(input, init);
    },
  });

const ask = (text: string, model = MODEL) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: text }],
});

const asked = () => running.bedrock.book.page().records.at(-1);

describe('a message', () => {
  it.each(['apiKey', 'authToken'] as const)('is answered to a key in %s', async (auth) => {
    const message = await client(good, auth).messages.create(ask('[[input=11]][[output=7]]'));

    expect(message.usage).toMatchObject({ input_tokens: 11, output_tokens: 7 });
    expect(message.content[0]).toMatchObject({ type: 'text' });
    expect(asked()).toMatchObject({
      modelId: 'us.anthropic.claude-haiku-4-5-20251001-v1:0',
      operation: 'invoke',
      outcome: 'billed',
    });
  });

  it('may name its model by a Bedrock id', async () => {
    await client(good).messages.create(
      ask('hi', 'global.anthropic.claude-haiku-4-5-20251001-v1:0'),
    );

    expect(asked()?.modelId).toBe('global.anthropic.claude-haiku-4-5-20251001-v1:0');
  });

  it('goes to the region that the path names, under the profile of that region', async () => {
    const elsewhere = await startRunningGateway({
      env: { HARDCAP_REGIONS: 'us-east-1,eu-west-1' },
    });
    try {
      const key = await elsewhere.key('k');
      await elsewhere.cap('c', { limitUsd: 1 });
      const european = new Anthropic({
        baseURL: `${elsewhere.url}/bedrock/eu-west-1`,
        apiKey: key,
      });

      await european.messages.create(ask('hi'));

      expect(elsewhere.bedrock.book.page().records[0]?.modelId).toMatch(/^eu\.anthropic/);
    } finally {
      await elsewhere.close();
    }
  });

  it('streams the events that Bedrock sends, to their end', async () => {
    const stream = client(good).messages.stream(ask('[[output=12]][[chunks=5]]'));
    const types: string[] = [];
    stream.on('streamEvent', ({ type }) => types.push(type));
    const message = await stream.finalMessage();

    expect(message.usage.output_tokens).toBe(12);
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      ...Array.from({ length: 5 }, () => 'content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('has its beta headers in the body that Bedrock gets', async () => {
    const answer = await fetch(`${running.url}/v1/messages?beta=true`, {
      method: 'POST',
      headers: {
        'x-api-key': good,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'context-1m-2025-08-07, interleaved-thinking-2025-05-14',
      },
      body: JSON.stringify({ ...ask('hi'), anthropic_beta: ['interleaved-thinking-2025-05-14'] }),
    });

    expect(answer.status).toBe(200);
    // The simulated Bedrock refuses a body without its version.
    expect(asked()?.outcome).toBe('billed');
  });

  it('passes on the headers of Bedrock’s that its price goes by', async () => {
    const answer = await fetch(`${running.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': good, 'x-amzn-bedrock-service-tier': 'flex' },
      body: JSON.stringify(ask('hi')),
    });

    expect(answer.status).toBe(200);
    expect(asked()?.headers['x-amzn-bedrock-service-tier']).toBe('flex');
  });

  it('is settled to the cent of what Bedrock billed', async () => {
    await running.cap('exact', { keys: ['exact'], limitUsd: 1, models: ['*haiku*'] });
    const exact = await running.key('exact');

    const stream = client(exact).messages.stream(ask('[[input=1000]][[output=100]]'));
    await stream.finalMessage();

    // 1,000 tokens at $1.10 and 100 at $5.50 a million.
    await expect.poll(async () => (await running.counter('exact')).settledUsd).toBe('0.00165');
  });
});

describe('count_tokens', () => {
  it('is free, and asks Bedrock for the model without its profile', async () => {
    const { input_tokens: tokens } = await client(good).messages.countTokens({
      model: MODEL,
      messages: [{ role: 'user', content: '[[input=17]]' }],
    });

    expect(tokens).toBe(17);
    expect(asked()).toMatchObject({
      modelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
      operation: 'count-tokens',
      outcome: 'not-billed',
    });
  });
});

describe('a refusal', () => {
  it('of a full cap is Anthropic’s rate_limit_error, raised at the first request', async () => {
    const refused = await client(full)
      .messages.create(ask('hi'))
      .catch((error) => error);

    expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
    expect(refused.message).toContain('full-daily');
    expect(refused.error.error).toMatchObject({
      type: 'rate_limit_error',
      reason: 'larger-than-limit',
      cap: 'full-daily',
      limit_usd: '0.00',
      settled_usd: '0.00',
      reserved_usd: '0.00',
    });
    expect(requests).toBe(1);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it.each([
    [
      'a model of no known name',
      { model: 'claude-next' },
      Anthropic.BadRequestError,
      'claude-next',
    ],
    ['an unpriced member', { container: 'c' }, Anthropic.BadRequestError, 'container'],
  ])('of %s names it', async (_what, members, kind, named) => {
    const refused = await client(good)
      .messages.create({ ...ask('hi'), ...members } as never)
      .catch((error) => error);

    expect(refused).toBeInstanceOf(kind);
    expect(refused.message).toContain(named);
    expect(requests).toBe(1);
  });

  it('of an unknown key is an authentication_error', async () => {
    const refused = await client(good.slice(0, -1))
      .messages.create(ask('hi'))
      .catch((e) => e);

    expect(refused).toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('of batches, which no cap could hold, says what is served', async () => {
    const refused = await client(good)
      .messages.batches.list()
      .catch((error) => error);

    expect(refused).toBeInstanceOf(Anthropic.NotFoundError);
    expect(refused.message).toContain('/v1/messages');
  });

  it('of Bedrock’s own keeps its message and status', async () => {
    const refused = await client(good)
      .messages.create(ask('[[error=ThrottlingException]]'), { maxRetries: 0 })
      .catch((error) => error);

    expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
    expect(refused.message).toContain('simulated ThrottlingException');
  });
});

describe('a stream that goes wrong', () => {
  const drained = async (text: string, key = good) => {
    const stream = await client(key).messages.create({ ...ask(text), stream: true });
    const types: string[] = [];
    try {
      for await (const { type } of stream) types.push(type);
      return { types, error: undefined };
    } catch (error) {
      return { types, error: error as InstanceType<typeof Anthropic.APIError> };
    }
  };

  it('by an exception of Bedrock’s raises its message after the events before it', async () => {
    const { types, error } = await drained('[[chunks=6]][[exception=throttlingException@2]]');

    expect(types.filter((type) => type === 'content_block_delta')).toHaveLength(2);
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(error?.type).toBe('rate_limit_error');
    expect(error?.message).toContain('simulated throttlingException');
    expect(requests).toBe(1);
  });

  it('by a lowered cap is cut with an error that names the cap', async () => {
    await running.cap('lowered', { keys: ['lowered'], limitUsd: 1 });
    const key = await running.key('lowered');
    await client(key).messages.create(ask('[[output=90]]'));

    const running_ = drained('[[chunks=100]][[delay=100]]', key);
    await expect.poll(() => running.bedrock.book.page().billedRequests).toBe(2);
    await running.cap('lowered', { keys: ['lowered'], limitUsd: 0 });
    const { error } = await running_;

    expect(error?.message).toContain('budget_exceeded');
    expect(error?.message).toContain('lowered');
  });
});
