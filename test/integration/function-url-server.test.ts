/**
 * The imitated Function URL against real clients and raw sockets: event, limits, answer, time.
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_EVENT_BODY_BYTES } from '../../local/function-url-event.ts';
import { type InvocationStream, installAwslambda } from '../../local/function-url-response.ts';
import {
  type FunctionUrlServer,
  type FunctionUrlServerOptions,
  type StreamingHandler,
  startFunctionUrlServer,
} from '../../local/function-url-server.ts';

installAwslambda();

let server: FunctionUrlServer | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

async function serve(
  handler: StreamingHandler,
  options: Partial<FunctionUrlServerOptions> = {},
): Promise<FunctionUrlServer> {
  const quiet = { onHandlerError: () => undefined };
  server = await startFunctionUrlServer({
    handler,
    port: 0,
    timeoutMs: 10_000,
    ...quiet,
    ...options,
  });
  return server;
}

/** Opens the stream with a prelude, as a handler does. */
const open = (stream: InvocationStream, prelude: Record<string, unknown> = {}): InvocationStream =>
  awslambda.HttpResponseStream.from(stream, prelude) as unknown as InvocationStream;

const endAnswer = (stream: InvocationStream): Promise<void> =>
  new Promise((resolve) => stream.end(() => resolve()));

/** A handler that answers with the event that it was given. */
const echo: StreamingHandler = async (event, stream) => {
  const answer = open(stream, { headers: { 'content-type': 'application/json' } });
  answer.write(JSON.stringify(event));
  await endAnswer(answer);
};

async function send(options: RequestOptions, body?: Uint8Array | string): Promise<IncomingMessage> {
  const request = httpRequest({ host: '127.0.0.1', method: 'POST', ...options });
  // A reset after the answer's head is told twice: the body's reader is the one that is tested.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function eventOf(
  options: RequestOptions,
  body?: Uint8Array | string,
): Promise<LambdaFunctionURLEvent> {
  const { port } = await serve(echo);
  return JSON.parse(await text(await send({ port, ...options }, body)));
}

function open1(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

describe('the event', () => {
  it('keeps the path and the query as they were on the wire', async () => {
    const path = '/model/arn%3Aaws%3Abedrock%2Fabc%20d:1//x/invoke?a=1&b=%2F&a=2';

    const event = await eventOf({ path });

    expect(event.rawPath).toBe('/model/arn%3Aaws%3Abedrock%2Fabc%20d:1//x/invoke');
    expect(event.requestContext.http.path).toBe(event.rawPath);
    expect(event.rawQueryString).toBe('a=1&b=%2F&a=2');
    expect(event.queryStringParameters).toEqual({ a: '1,2', b: '/' });
  });

  it('lower-cases headers and joins repeated ones, also those that Node would drop', async () => {
    const headers = ['Host', 'h', 'X-Two', 'a', 'x-two', 'b', 'Authorization', '1'];

    const event = await eventOf({ headers: [...headers, 'authorization', '2'] as never });

    expect(event.headers).toMatchObject({ 'x-two': 'a,b', authorization: '1,2' });
  });

  it('says who asked, when and how, in payload 2.0', async () => {
    const event = await eventOf({ path: '/p', headers: { cookie: 'a=1; b=2', 'user-agent': 'u' } });

    expect(event).toMatchObject({ version: '2.0', routeKey: '$default', cookies: ['a=1', 'b=2'] });
    expect(event.requestContext).toMatchObject({
      accountId: 'anonymous',
      stage: '$default',
      http: { method: 'POST', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'u' },
    });
    expect(event.requestContext.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(event.requestContext.time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(Math.abs(Date.now() - event.requestContext.timeEpoch)).toBeLessThan(5_000);
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['application/vnd.api+json', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', false],
    ['application/octet-stream', true],
    ['application/jsonp', true],
    ['image/png', true],
    [undefined, true],
  ])('gives a body of type %s with isBase64Encoded %s', async (contentType, isBase64Encoded) => {
    const headers = contentType === undefined ? {} : { 'content-type': contentType };

    const event = await eventOf({ headers }, '{"é":1}');

    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    const encoding = isBase64Encoded ? 'base64' : 'utf8';
    expect(Buffer.from(event.body ?? '', encoding).toString()).toBe('{"é":1}');
  });

  it('gives bytes that are no text as base64 even where the type says text', async () => {
    const bytes = Buffer.from([0x22, 0xff, 0x22]);

    const event = await eventOf({ headers: { 'content-type': 'application/json' } }, bytes);

    expect(event).toMatchObject({ isBase64Encoded: true, body: bytes.toString('base64') });
  });

  it('has no body where the request has none', async () => {
    const event = await eventOf({ method: 'GET' });

    expect(event).not.toHaveProperty('body');
    expect(event.isBase64Encoded).toBe(false);
  });

  it('is the same over h2c', async () => {
    const { port } = await serve(echo);
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/a%2Fb?q=1',
      'content-type': 'application/json',
      'x-two': ['a', 'b'],
    });
    stream.end('{}');

    const event: LambdaFunctionURLEvent = JSON.parse(await text(stream));
    session.close();

    expect(event).toMatchObject({ rawPath: '/a%2Fb', rawQueryString: 'q=1', body: '{}' });
    expect(event.headers).toMatchObject({ host: `127.0.0.1:${port}`, 'x-two': 'a,b' });
    expect(Object.keys(event.headers).filter((name) => name.startsWith(':'))).toEqual([]);
  });
});

describe('the 6 MB limit', () => {
  const count = async (bodyBytes: number, contentType: string) => {
    let invocations = 0;
    const { port } = await serve(async (_event, stream) => {
      invocations += 1;
      open(stream).write('ok');
      await endAnswer(stream);
    });
    const headers = { 'content-type': contentType };
    const response = await send({ port, headers }, Buffer.alloc(bodyBytes, 0x20));
    return { status: response.statusCode, body: await text(response), invocations };
  };
  const BASE64_LIMIT = (MAX_EVENT_BODY_BYTES / 4) * 3;

  it.each([
    ['text', MAX_EVENT_BODY_BYTES, 'application/json'],
    ['bytes, as base64,', BASE64_LIMIT, 'application/octet-stream'],
  ])('lets %s of exactly 6,291,456 bytes through', async (_, bodyBytes, contentType) => {
    expect(await count(bodyBytes, contentType)).toMatchObject({ status: 200, invocations: 1 });
  });

  it.each([
    ['text', MAX_EVENT_BODY_BYTES + 1, 'application/json'],
    ['bytes, as base64,', BASE64_LIMIT + 1, 'application/octet-stream'],
  ])('answers 413 without an invocation for longer %s', async (_, bodyBytes, contentType) => {
    const { status, body, invocations } = await count(bodyBytes, contentType);

    expect({ status, invocations }).toEqual({ status: 413, invocations: 0 });
    expect(JSON.parse(body)).toEqual({ Message: 'Request Entity Too Large' });
  });
});

describe('the answer', () => {
  it('has the status, headers and cookies of the prelude and none of the connection', async () => {
    const { port } = await serve(async (_event, stream) => {
      const headers = { 'X-A': 'b', connection: 'close', 'transfer-encoding': 'gzip', n: 1 };
      const answer = open(stream, { statusCode: 429, headers, cookies: ['a=1', 'b=2'] });
      answer.write('over');
      await endAnswer(answer);
    });

    const response = await send({ port });

    expect(response.statusCode).toBe(429);
    expect(response.headers).toMatchObject({
      'x-a': 'b',
      n: '1',
      'set-cookie': ['a=1', 'b=2'],
      'content-type': 'application/octet-stream',
      'transfer-encoding': 'chunked',
      connection: 'keep-alive',
    });
    expect(await text(response)).toBe('over');
  });

  it('begins when an empty string is written, before there is a body', async () => {
    let finish = (): void => undefined;
    const { port } = await serve(async (_event, stream) => {
      open(stream, { statusCode: 201 }).write('');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await endAnswer(stream);
    });

    const response = await send({ port });
    finish();

    expect(response.statusCode).toBe(201);
    expect(await text(response)).toBe('');
  });

  it('is cut out of the stream wherever the prelude is split', async () => {
    const { port } = await serve(async (_event, stream) => {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      for (const byte of Buffer.from('{"statusCode":202}\0\0\0\0\0\0\0\0body')) {
        stream.write(Buffer.from([byte]));
      }
      await endAnswer(stream);
    });

    const response = await send({ port });

    expect(response.statusCode).toBe(202);
    expect(await text(response)).toBe('body');
  });

  it('is 200 with raw bytes where the handler gives no prelude', async () => {
    const { port } = await serve(async (_event, stream) => {
      stream.setContentType('text/plain');
      stream.write('plain');
      await endAnswer(stream);
    });

    const response = await send({ port });

    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/plain']);
    expect(await text(response)).toBe('plain');
  });

  it.each([
    ['throws', async () => Promise.reject(new Error('broken'))],
    ['is not async', () => undefined],
    ['ends without a write', async (_: unknown, stream: InvocationStream) => endAnswer(stream)],
    [
      'gives a header that cannot be sent',
      async (_: unknown, stream: InvocationStream) => {
        open(stream, { headers: { 'bad name': 'x' } }).write('x');
      },
    ],
  ] satisfies [string, StreamingHandler][])('is 502 when the handler %s', async (_, handler) => {
    const { port } = await serve(handler);

    const response = await send({ port });

    expect(response.statusCode).toBe(502);
    expect(JSON.parse(await text(response))).toEqual({ Message: 'Internal Server Error' });
  });

  it.each(['HTTP/1.1', 'h2c'])(
    'is broken off, not ended, when the handler fails after the prelude: %s',
    async (version) => {
      const { port } = await serve(async (_event, stream) => {
        open(stream).write('partial');
        await sleep(50);
        throw new Error('broken');
      });

      const reading =
        version === 'h2c' ? readHttp2(port) : send({ port }).then((response) => text(response));

      await expect(reading).rejects.toThrow();
    },
  );

  it('comes through middy, which pipes a body with back-pressure', async () => {
    const handler = middy({ executionMode: executionModeStreamifyResponse }).handler(async () => ({
      statusCode: 418,
      headers: { 'x-by': 'middy' },
      body: 'm'.repeat(100_000),
    }));
    const { port } = await serve(handler as unknown as StreamingHandler);

    const response = await send({ port });

    expect([response.statusCode, response.headers['x-by']]).toEqual([418, 'middy']);
    expect((await text(response)).length).toBe(100_000);
  });
});

async function readHttp2(port: number): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  try {
    return await text(session.request({ ':path': '/' }));
  } finally {
    session.destroy();
  }
}

describe('a slow or a leaving client', () => {
  const CHUNK = Buffer.alloc(65_536, 0x61);
  /** Far more than all buffers between two sockets of one machine hold. */
  const CHUNKS = 1_000;

  /** Writes and waits for `drain`, as a good handler does; tells how much it could write. */
  const writer = () => {
    const progress = { written: 0, longestBuffer: 0, isDone: false };
    const handler: StreamingHandler = async (_event, stream) => {
      open(stream).write('');
      for (let i = 0; i < CHUNKS; i += 1) {
        const hasRoom = stream.write(CHUNK);
        progress.written += 1;
        progress.longestBuffer = Math.max(progress.longestBuffer, stream.writableLength);
        if (!hasRoom) await once(stream, 'drain');
      }
      await endAnswer(stream);
      progress.isDone = true;
    };
    return { progress, handler };
  };

  it('holds the handler back while it does not read, and loses nothing', async () => {
    const { progress, handler } = writer();
    const { port } = await serve(handler);

    const response = await send({ port });
    response.pause();
    await sleep(500);
    const writtenWhilePaused = progress.written;
    let bodyBytes = 0;
    for await (const chunk of response) bodyBytes += chunk.length;

    expect(writtenWhilePaused).toBeLessThan(CHUNKS / 2);
    expect(progress.longestBuffer).toBeLessThanOrEqual(2 * CHUNK.length);
    expect(bodyBytes).toBe(CHUNKS * CHUNK.length);
  });

  it.each(['HTTP/1.1', 'h2c'])(
    'does not interrupt the handler when it leaves: %s',
    async (version) => {
      const { progress, handler } = writer();
      const { port } = await serve(handler);

      if (version === 'h2c') {
        const session = connectHttp2(`http://127.0.0.1:${port}`);
        const stream = session.request({ ':path': '/' });
        stream.on('error', () => undefined);
        await once(stream, 'response');
        session.destroy();
      } else {
        (await send({ port })).destroy();
      }
      const leftMs = performance.now();
      await until(() => progress.isDone);

      expect(performance.now() - leftMs).toBeLessThan(5_000);
      expect(progress.written).toBe(CHUNKS);
      expect(progress.longestBuffer).toBeLessThanOrEqual(2 * CHUNK.length);
    },
  );

  it('is not invoked for when it leaves before its request is whole', async () => {
    let invocations = 0;
    const { port } = await serve(async () => {
      invocations += 1;
    });
    const socket = open1(port);
    socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc');
    await sleep(50);
    socket.resetAndDestroy();
    await until(() => server?.inFlight() === 0);

    expect(invocations).toBe(0);
  });
});

describe('time', () => {
  it('breaks the answer off at the time-out and counts down to it', async () => {
    const seen: number[] = [];
    const { port } = await serve(
      async (_event, stream, context) => {
        seen.push(context.getRemainingTimeInMillis());
        open(stream).write('begun');
        await sleep(100);
        seen.push(context.getRemainingTimeInMillis());
        await sleep(1_000);
        await endAnswer(stream);
      },
      { timeoutMs: 300 },
    );

    const response = await send({ port });

    await expect(text(response)).rejects.toThrow();
    const [first = 0, second = 0] = seen;
    expect(first).toBeGreaterThan(250);
    expect(first).toBeLessThanOrEqual(300);
    expect(second).toBeLessThanOrEqual(first - 90);
  });

  it('closes when the last handler has ended, not before, and then refuses connections', async () => {
    let finish = (): void => undefined;
    const running = await serve(async (_event, stream) => {
      open(stream).write('');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      stream.write('late');
      await endAnswer(stream);
    });
    const response = await send({ port: running.port, agent: false });
    let isClosed = false;

    const closing = running.close().then(() => {
      isClosed = true;
    });
    await sleep(100);
    const wasClosedEarly = isClosed;
    finish();

    expect(await text(response)).toBe('late');
    await closing;
    expect(wasClosedEarly).toBe(false);
    expect(running.inFlight()).toBe(0);
    await expect(send({ port: running.port, agent: false })).rejects.toThrow('ECONNREFUSED');
  });

  it('closes at once when only idle connections are open', async () => {
    const running = await serve(echo);
    const idle = open1(running.port);
    const kept = open1(running.port);
    const session = connectHttp2(running.url);
    await Promise.all([once(idle, 'connect'), once(session, 'remoteSettings')]);
    kept.write('GET / HTTP/1.1\r\nhost: h\r\n\r\n');
    await once(kept, 'data');
    const startedMs = performance.now();

    await running.close();

    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('the two versions of HTTP on one port', () => {
  it.each([
    ['HTTP/1.1', Buffer.from('PRINT / HTTP/1.1\r\nhost: h\r\n\r\n'), 'HTTP/1.1 400'],
    ['HTTP/1.1', Buffer.from('PUT /x HTTP/1.1\r\nhost: h\r\n\r\n'), '"rawPath":"/x"'],
  ])('knows %s byte by byte: %s', async (_, bytes, expected) => {
    const { port } = await serve(echo);
    const socket = open1(port).setNoDelay();
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
    });

    for (const byte of bytes) {
      socket.write(Buffer.from([byte]));
      await sleep(1);
    }
    await until(() => seen.includes(expected) || socket.destroyed);

    expect(seen).toContain(expected);
  });

  it('knows the HTTP/2 preface when each of its bytes comes alone', async () => {
    const { port } = await serve(echo);
    const socket = open1(port).setNoDelay();
    await once(socket, 'connect');
    const dribble = dribbled(socket);

    const session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => dribble });
    const stream = session.request({ ':path': '/dribbled' });
    const event = JSON.parse(await text(stream));
    session.destroy();

    expect(event.rawPath).toBe('/dribbled');
  });

  it('survives garbage, silence and resets', async () => {
    const { port } = await serve(echo);
    open1(port).end('\0\0\0garbage');
    open1(port).end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, by any reading');
    open1(port).end('PRI * HT');
    const reset = open1(port);
    reset.write('POST / HTTP/1.1\r\n');
    await sleep(50);
    reset.resetAndDestroy();

    expect((await send({ port })).statusCode).toBe(200);
  });
});

/** A connection that sends every byte of what is written alone. */
function dribbled(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, callback) => {
      const sendRest = async (): Promise<void> => {
        for (const byte of chunk) {
          socket.write(Buffer.from([byte]));
          await sleep(1);
        }
      };
      sendRest().then(() => callback(), callback);
    },
  });
  socket.on('data', (chunk) => duplex.push(chunk));
  socket.on('end', () => duplex.push(null));
  return duplex;
}
