/**
 * Bedrock's chat completions through the gateway, byte by byte: what passes, what is hidden, and
 * what becomes of streams that are no events.
 */
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';
import { createUpstreamBench } from '../helpers/upstream-server.ts';

const MODEL = 'openai.gpt-oss-120b-1:0';

let running: RunningGateway;
let key: string;
beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('wire');
  await running.cap('wire', { keys: ['wire'], limitUsd: 1_000 });
});
afterAll(() => running.close());

const post = (
  url: string,
  bearer: string,
  text: string,
  members: object = {},
  headers: Readonly<Record<string, string>> = {},
) =>
  fetch(`${url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 1_000,
      messages: [{ role: 'user', content: text }],
      ...members,
    }),
  });

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());

async function both(text: string, members: object = {}) {
  const direct = await post(running.bedrock.url, 'any', text, members);
  const through = await post(running.url, key, text, members);
  return { direct, through, bytes: [await bytesOf(direct), await bytesOf(through)] as const };
}

describe('an answer through the gateway', () => {
  it.each([
    ['a whole answer', {}],
    ['a stream of 200 chunks', { stream: true }],
    ['a stream with its usage', { stream: true, stream_options: { include_usage: true } }],
  ])('is byte-identical for %s', async (_what, members) => {
    const { direct, through, bytes } = await both('[[output=200]] [[chunks=200]]', members);

    expect(bytes[0].byteLength).toBeGreaterThan(1_000);
    expect(bytes[1].equals(bytes[0])).toBe(true);
    expect(through.headers.get('content-type')).toBe(direct.headers.get('content-type'));
  });

  it.each(['[[end=3]]', '[[exception=throttlingException@2]]', '[[error=ModelErrorException]]'])(
    'is byte-identical where Bedrock ends it by %s',
    async (directive) => {
      const { direct, through, bytes } = await both(`[[chunks=10]] ${directive}`, { stream: true });

      expect(through.status).toBe(direct.status);
      expect(bytes[1].toString()).toBe(bytes[0].toString());
    },
  );

  it('asks Bedrock for the usage of every stream, which settles it', async () => {
    const id = 'settled';
    const own = await running.key(id);
    await running.cap(id, { keys: [id], limitUsd: 1 });

    await (await post(running.url, own, '[[input=1000]][[output=100]]', { stream: true })).text();

    // 1,000 tokens at $0.15 and 100 at $0.60 a million.
    expect(await running.counter(id)).toMatchObject({ settledUsd: '0.00021', reservations: 0 });
  });
});

describe('a server in Bedrock’s place', () => {
  const bench = createUpstreamBench();
  afterAll(() => bench.close());

  async function through(
    answer: RequestListener,
    members: object = { stream: true },
    headers = {},
  ) {
    const server = await bench.serve(answer);
    const gateway = await startRunningGateway({ upstream: server.url.href });
    bench.onClose(() => gateway.close());
    const own = await gateway.key('k');
    await gateway.cap('c', { limitUsd: 1 });
    const response = await post(gateway.url, own, 'hello', members, headers);
    const text = await response.text();
    const books = await gateway.counter('c');
    return { text, response, books, seen: server.seen };
  }

  const streaming =
    (...chunks: string[]): RequestListener =>
    (_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      for (const chunk of chunks) response.write(chunk);
      response.end();
    };
  const delta = 'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n';
  const usage =
    'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}\n\n';
  const done = 'data: [DONE]\n\n';

  it('T14 gets the headers that hardcap built, signed, and the body that was priced', async () => {
    const { seen } = await through(streaming(delta, usage, done));

    expect(seen).toHaveLength(1);
    const [request] = seen;
    expect(request?.url).toBe('/openai/v1/chat/completions');
    expect(request?.headers).toMatchObject({
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 /),
    });
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({
      model: MODEL,
      max_tokens: 1_000,
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('gets the guardrail that the client named, and none of its other headers', async () => {
    const { seen, books } = await through(
      streaming(delta, usage, done),
      { stream: true },
      {
        'x-amzn-bedrock-guardrailidentifier': 'g',
        'x-amzn-bedrock-guardrailversion': '1',
        'x-amzn-security-token': 'mine',
        'openai-organization': 'org',
      },
    );

    expect(seen[0]?.headers).toMatchObject({
      'x-amzn-bedrock-guardrailidentifier': 'g',
      'x-amzn-bedrock-guardrailversion': '1',
    });
    expect(seen[0]?.headers).not.toHaveProperty('x-amzn-security-token');
    expect(seen[0]?.headers).not.toHaveProperty('openai-organization');
    // The tokens alone cost $0.0000027: what no trace tells of the guardrail is charged.
    expect(Number(books.settledUsd)).toBeGreaterThan(0.0001);
  });

  it('is settled at the tier that its stream says it was served at', async () => {
    const served = usage.replace('{"choices"', '{"service_tier":"priority","choices"');

    const { books } = await through(streaming(delta, served, done));

    // 1.75 times the default price.
    expect(books.settledUsd).toBe('0.000004725');
  });

  it('T17 is settled by the usage of any last chunk, whatever ended the answer', async () => {
    const cut = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}\n\n';

    const { text, books } = await through(streaming(delta, cut, usage, done));

    expect(text).toBe(delta + cut + done);
    // 10 tokens at $0.15 and 2 at $0.60 a million.
    expect(books.settledUsd).toBe('0.0000027');
  });

  it('passes garbage on, and charges it in full', async () => {
    const garbage = 'data: {"choices":[{"delta":\n\nnothing of this\r\n\r\n: is an event\n\n\n';

    const { text, response, books } = await through(streaming(delta, garbage));

    expect(text).toBe(delta + garbage);
    expect(books.settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
  });

  it('passes an event on that has no end, and charges it in full', async () => {
    const { text, response, books } = await through(streaming(delta, 'data: {"choices":'));

    expect(text).toBe(`${delta}data: {"choices":`);
    expect(books.settledUsd).toBe(response.headers.get('x-hardcap-reserved-usd'));
  });

  it('is charged nothing for an error in OpenAI’s shape before any output', async () => {
    const { response, text, books } = await through(
      (_, response) => {
        response.statusCode = 400;
        response.end('{"error":{"message":"no such field","type":"invalid_request_error"}}');
      },
      { stream: false },
    );

    expect(response.status).toBe(400);
    expect(text).toContain('no such field');
    expect(books.settledUsd).toBe('0.00');
  });

  it('is charged in full for an error of its own', async () => {
    const { response, books } = await through(
      (_, response) => {
        response.statusCode = 500;
        response.end('{"error":{"message":"it broke","type":"server_error"}}');
      },
      { stream: false },
    );

    expect(response.status).toBe(500);
    expect(Number(books.settledUsd)).toBeGreaterThan(0);
  });

  it('has an error in AWS’s shape told in OpenAI’s', async () => {
    const { text } = await through(
      (_, response) => {
        response.statusCode = 403;
        response.setHeader('x-amzn-errortype', 'AccessDeniedException:http://internal/');
        response.end('{"message":"not yours"}');
      },
      { stream: false },
    );

    expect(JSON.parse(text)).toEqual({
      error: {
        message: 'not yours',
        type: 'permission_error',
        code: 'AccessDeniedException',
        param: null,
      },
    });
  });
});
