/**
 * The upstream on real connections: signed for what is sent, sent once, and honest about failures.
 */
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { signatureOf } from '../helpers/signature-v4.ts';
import {
  CREDENTIALS,
  createUpstreamBench,
  exchange,
  failureOf,
  forever,
  ok,
  portOf,
  request,
} from '../helpers/upstream-server.ts';

let bench: ReturnType<typeof createUpstreamBench>;
beforeEach(() => {
  bench = createUpstreamBench();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await bench.close();
});

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\d{8})\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

describe('a request', () => {
  it.each([
    request().path,
    '/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse',
    '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x/invoke',
    '/model/plain/invoke',
  ])('is signed for the path as sent: %s', async (path) => {
    const { url, seen } = await bench.serve(ok);

    await exchange(bench.upstream(url), { path });

    const [one] = seen;
    if (one === undefined) throw new Error('nothing was seen');
    const [, , signedHeaders = '', signature] =
      AUTHORIZATION.exec(String(one.headers.authorization)) ?? [];
    expect(one.url).toBe(path);
    expect(signature).toBe(
      signatureOf(one, signedHeaders, { region: 'eu-west-1', ...CREDENTIALS }),
    );
    for (const name of ['host', 'x-amz-date', 'x-amz-security-token', 'content-type']) {
      expect(signedHeaders.split(';')).toContain(name);
    }
  });

  it('has the body’s bytes, the given headers, the signature’s, and no others', async () => {
    const { url, seen } = await bench.serve(ok);

    await exchange(bench.upstream(url));

    expect(seen[0]?.method).toBe('POST');
    expect(seen[0]?.body.toString()).toBe('{"a":"ü"}');
    expect(Object.keys(seen[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-security-token',
    ]);
  });

  it('goes behind the path of the endpoint, if that has one', async () => {
    const { url, seen } = await bench.serve(ok);

    await exchange(bench.upstream(new URL('/base/', url)));

    expect(seen[0]?.url).toBe(`/base${request().path}`);
  });

  it('ignores an environment that points AWS SDKs at hardcap', async () => {
    const { url, seen } = await bench.serve(ok);
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'hc_ci_secret');
    vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', url.href);
    vi.stubEnv('AWS_ENDPOINT_URL', url.href);

    await exchange(bench.upstream(url));
    expect(seen[0]?.headers.authorization).toMatch(AUTHORIZATION);
    const failure = await failureOf(
      bench.upstream(undefined).send(request({ region: 'us-nowhere-9' }), forever()),
    );

    expect(failure.message).toContain('bedrock-runtime.us-nowhere-9.amazonaws.com');
    expect(seen).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('comes with its status, its headers lower-cased, and its bytes as they arrive', async () => {
    let goOn = () => {};
    const { url } = await bench.serve((_, response) => {
      response.writeHead(201, { 'X-Amzn-RequestId': 'b-1' });
      response.write('first');
      goOn = () => response.end('second');
    });

    const answer = await bench.upstream(url).send(request(), forever());
    const chunks: string[] = [];
    for await (const chunk of answer.body) {
      chunks.push(Buffer.from(chunk).toString());
      goOn();
    }

    expect(answer.status).toBe(201);
    expect(answer.headers['x-amzn-requestid']).toBe('b-1');
    expect(chunks).toEqual(['first', 'second']);
  });

  it.each([400, 408, 429, 500, 503])(
    'of status %i is an answer: it is asked once',
    async (status) => {
      const { url, seen } = await bench.serve((_, response) => {
        response.writeHead(status, { 'x-amzn-errortype': 'ThrottlingException' }).end('{}');
      });

      expect((await exchange(bench.upstream(url))).status).toBe(status);
      expect(seen).toHaveLength(1);
    },
  );

  it('that breaks off throws where it is read', async () => {
    const { url } = await bench.serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.destroy());
    });

    await expect(exchange(bench.upstream(url))).rejects.toThrow();
  });
});

describe('a request that may have been billed', () => {
  it.each<[string, RequestListener]>([
    ['reset', (incoming) => incoming.socket.resetAndDestroy()],
    ['closed', (incoming) => incoming.socket.end()],
    ['answered with what is no HTTP', (incoming) => incoming.socket.end('garbage\r\n\r\n')],
  ])('is one that was %s after it was read; it is not sent again', async (_, answer) => {
    const { url, seen } = await bench.serve(answer);

    expect((await failureOf(exchange(bench.upstream(url)))).sent).toBe('unknown');
    expect(seen).toHaveLength(1);
  });
});

describe('a request that was certainly not sent', () => {
  it('is one whose connection was refused', async () => {
    const { url, server } = await bench.serve(ok);
    await new Promise((resolve) => server.close(resolve));

    expect(await failureOf(bench.upstream(url).send(request(), forever()))).toMatchObject({
      sent: 'not-sent',
    });
  });

  it('is one to a name that nobody knows', async () => {
    const nowhere = new URL('http://bedrock.invalid');

    expect((await failureOf(bench.upstream(nowhere).send(request(), forever()))).sent).toBe(
      'not-sent',
    );
  });

  it('is one without credentials', async () => {
    const { url, seen } = await bench.serve(ok);
    const credentials = () => Promise.reject(new Error('no credentials anywhere'));

    const failure = await failureOf(
      bench.upstream(url, { credentials }).send(request(), forever()),
    );

    expect(failure).toMatchObject({
      sent: 'not-sent',
      message: expect.stringMatching(/could not be signed: .*no credentials anywhere/),
    });
    expect(seen).toEqual([]);
  });

  it('is one whose TLS handshake was refused', async () => {
    // Without a certificate no handshake can succeed.
    const server = createTlsServer({});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const url = new URL(`https://127.0.0.1:${portOf(server)}`);

    expect((await failureOf(bench.upstream(url).send(request(), forever()))).sent).toBe('not-sent');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['broken off', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['answered by what is no TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is one whose TLS handshake was %s', async (_, answer) => {
    const server = createTcpServer((socket) => socket.once('data', () => answer(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bench.onClose(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const url = new URL(`https://127.0.0.1:${portOf(server)}`);

    expect((await failureOf(bench.upstream(url).send(request(), forever()))).sent).toBe('not-sent');
  });

  it('is one whose time had ended before', async () => {
    const { url, seen } = await bench.serve(ok);

    const failure = await failureOf(bench.upstream(url).send(request(), AbortSignal.abort()));

    expect(failure.sent).toBe('not-sent');
    expect(seen).toEqual([]);
  });
});
