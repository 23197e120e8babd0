/**
 * The upstream on real connections: signed for what is sent, sent once, and honest about failures.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type BedrockUpstreamOptions,
  type ClosableUpstream,
  createBedrockUpstream,
} from '../../lambda/adapters/upstream/bedrock-upstream.ts';
import { MAX_IDLE_MS } from '../../lambda/adapters/upstream/fresh-sockets.ts';
import type { UpstreamFailure, UpstreamRequest } from '../../lambda/ports/upstream.ts';
import { type SignedRequest, signatureOf } from '../helpers/signature-v4.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'a-session-token',
};
const CLOSE_ARRIVES_MS = 50;
const MODEL_PATH = '/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse';

interface Seen extends SignedRequest {
  readonly socket: Socket;
}

let clock: VirtualClock;
let closing: (() => Promise<void> | void)[];
beforeEach(() => {
  clock = createVirtualClock();
  closing = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.reverse()) await close();
});

const portOf = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** A server on a free port, closed when the test ends; it remembers what it was asked. */
async function serve(answer: RequestListener) {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers, socket } = request;
    seen.push({ method, url, headers, socket, body: Buffer.concat(chunks) });
    answer(request, response);
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const url = new URL(`http://127.0.0.1:${portOf(server)}`);
  return { url, seen, server, connections: () => connections };
}

function create(endpoint: URL | undefined, rest: Partial<BedrockUpstreamOptions> = {}) {
  const upstream: ClosableUpstream = createBedrockUpstream({
    clock,
    credentials: CREDENTIALS,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...rest,
  });
  closing.push(() => upstream.close());
  return upstream;
}

const request = (rest: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  region: 'eu-west-1',
  path: MODEL_PATH,
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: Buffer.from('{"a":"ü"}'),
  ...rest,
});

const forever = () => new AbortController().signal;

async function exchange(upstream: ClosableUpstream, rest: Partial<UpstreamRequest> = {}) {
  const answer = await upstream.send(request(rest), forever());
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return { ...answer, text: Buffer.concat(chunks).toString() };
}

/** The failure of a send, which must fail. */
async function failureOf(sending: Promise<unknown>): Promise<UpstreamFailure> {
  try {
    await sending;
  } catch (error) {
    return error as UpstreamFailure;
  }
  throw new Error('it was sent');
}

const ok: RequestListener = (_, response) => {
  response.end('{}');
};

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/(\d{8})\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

describe('a request', () => {
  it.each([
    MODEL_PATH,
    '/model/us.anthropic.claude-haiku-4-5-20251001-v1:0/converse',
    '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x/invoke',
    '/model/plain/invoke',
  ])('is signed for the path as sent: %s', async (path) => {
    const { url, seen } = await serve(ok);

    await exchange(create(url), { path });

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
    const { url, seen } = await serve(ok);

    await exchange(create(url));

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
    const { url, seen } = await serve(ok);

    await exchange(create(new URL('/base/', url)));

    expect(seen[0]?.url).toBe(`/base${MODEL_PATH}`);
  });

  it('ignores an environment that points AWS SDKs at hardcap', async () => {
    const { url, seen } = await serve(ok);
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'hc_ci_secret');
    vi.stubEnv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', url.href);
    vi.stubEnv('AWS_ENDPOINT_URL', url.href);

    await exchange(create(url));
    expect(seen[0]?.headers.authorization).toMatch(AUTHORIZATION);
    const failure = await failureOf(
      create(undefined).send(request({ region: 'us-nowhere-9' }), forever()),
    );

    expect(failure.message).toContain('bedrock-runtime.us-nowhere-9.amazonaws.com');
    expect(seen).toHaveLength(1);
  });
});

describe('an answer', () => {
  it('comes with its status, its headers lower-cased, and its bytes as they arrive', async () => {
    let goOn = () => {};
    const { url } = await serve((_, response) => {
      response.writeHead(201, { 'X-Amzn-RequestId': 'b-1' });
      response.write('first');
      goOn = () => response.end('second');
    });

    const answer = await create(url).send(request(), forever());
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
      const { url, seen } = await serve((_, response) => {
        response.writeHead(status, { 'x-amzn-errortype': 'ThrottlingException' }).end('{}');
      });

      expect((await exchange(create(url))).status).toBe(status);
      expect(seen).toHaveLength(1);
    },
  );

  it('that breaks off throws where it is read', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => response.destroy());
    });

    await expect(exchange(create(url))).rejects.toThrow();
  });
});

describe('a request that may have been billed', () => {
  it.each<[string, RequestListener]>([
    ['reset', (incoming) => incoming.socket.resetAndDestroy()],
    ['closed', (incoming) => incoming.socket.end()],
    ['answered with what is no HTTP', (incoming) => incoming.socket.end('garbage\r\n\r\n')],
  ])('is one that was %s after it was read; it is not sent again', async (_, answer) => {
    const { url, seen } = await serve(answer);

    expect((await failureOf(exchange(create(url)))).sent).toBe('unknown');
    expect(seen).toHaveLength(1);
  });
});

describe('a request that was certainly not sent', () => {
  it('is one whose connection was refused', async () => {
    const { url, server } = await serve(ok);
    await new Promise((resolve) => server.close(resolve));

    expect(await failureOf(create(url).send(request(), forever()))).toMatchObject({
      sent: 'not-sent',
    });
  });

  it('is one to a name that nobody knows', async () => {
    const nowhere = new URL('http://bedrock.invalid');

    expect((await failureOf(create(nowhere).send(request(), forever()))).sent).toBe('not-sent');
  });

  it('is one without credentials', async () => {
    const { url, seen } = await serve(ok);
    const credentials = () => Promise.reject(new Error('no credentials anywhere'));

    const failure = await failureOf(create(url, { credentials }).send(request(), forever()));

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
    closing.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const url = new URL(`https://127.0.0.1:${portOf(server)}`);

    expect((await failureOf(create(url).send(request(), forever()))).sent).toBe('not-sent');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['broken off', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
    ['answered by what is no TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is one whose TLS handshake was %s', async (_, answer) => {
    const server = createTcpServer((socket) => socket.once('data', () => answer(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const url = new URL(`https://127.0.0.1:${portOf(server)}`);

    expect((await failureOf(create(url).send(request(), forever()))).sent).toBe('not-sent');
  });

  it('is one whose time had ended before', async () => {
    const { url, seen } = await serve(ok);

    const failure = await failureOf(create(url).send(request(), AbortSignal.abort()));

    expect(failure.sent).toBe('not-sent');
    expect(seen).toEqual([]);
  });
});

describe('an abort', () => {
  it('of a request that waits for its answer closes the connection; it may be billed', async () => {
    const { promise: asked, resolve: setAsked } = Promise.withResolvers<IncomingMessage>();
    const { url } = await serve((incoming) => setAsked(incoming));
    const stopping = new AbortController();
    const sending = create(url).send(request(), stopping.signal);
    sending.catch(() => undefined);
    const { socket } = await asked;

    stopping.abort();

    expect((await failureOf(sending)).sent).toBe('unknown');
    await expect.poll(() => socket.destroyed).toBe(true);
  });

  it.each(['answer', 'signal'])('of a running answer (by its %s) closes it too', async (by) => {
    const { url, seen } = await serve((_, response) => {
      response.write('first');
    });
    const stopping = new AbortController();
    const answer = await create(url).send(request(), stopping.signal);
    const reading = (async () => {
      for await (const _ of answer.body) {
        if (by === 'answer') answer.abort();
        else stopping.abort();
      }
    })();

    await expect(reading).rejects.toThrow();
    await expect.poll(() => seen[0]?.socket.destroyed).toBe(true);
  });
});

describe('a connection', () => {
  it('is used again for the next request', async () => {
    const { url, connections } = await serve(ok);
    const upstream = create(url);

    for (let i = 0; i < 3; i += 1) await exchange(upstream);

    expect(connections()).toBe(1);
  });

  it('that the other side closed while it was idle costs no request', async () => {
    const { url, seen, server } = await serve(ok);
    const upstream = create(url);
    await exchange(upstream);

    server.closeIdleConnections();
    await expect.poll(() => seen[0]?.socket.destroyed).toBe(true);
    // The other side's close is on its way to this side, which nothing here can see arrive.
    await sleep(CLOSE_ARRIVES_MS);

    expect((await exchange(upstream)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it('that was idle for too long by the wall clock is not used again', async () => {
    const { url, connections } = await serve(ok);
    const upstream = create(url);
    await exchange(upstream);
    clock.advance(MAX_IDLE_MS);
    await exchange(upstream);
    expect(connections()).toBe(1);

    clock.advance(MAX_IDLE_MS + 1);
    await exchange(upstream);

    expect(connections()).toBe(2);
  });

  it('that died unseen while the function was frozen costs no request', async () => {
    const { url, seen, server } = await serve(ok);
    const upstream = create(url);
    await exchange(upstream);

    // Closed and aged in one go: no event of the socket’s is seen before the next send.
    server.closeIdleConnections();
    clock.advance(MAX_IDLE_MS + 1);

    expect((await exchange(upstream)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });
});
