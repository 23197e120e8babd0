/**
 * The imitated Function URL's answers: prelude, back-pressure, clients that leave, time.
 */
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import { describe, expect, it } from 'vitest';
import type { InvocationStream } from '../../local/function-url-response.ts';
import type { StreamingHandler } from '../../local/function-url-server.ts';
import {
  closeAfterEach,
  connectTo,
  echo,
  endAnswer,
  openAnswer,
  send,
  serve,
  until,
} from './function-url-fixture.ts';

closeAfterEach();

describe('the answer', () => {
  it('has the status, headers and cookies of the prelude and none of the connection', async () => {
    const { port } = await serve(async (_event, stream) => {
      const headers = { 'X-A': 'b', connection: 'close', 'transfer-encoding': 'gzip', n: 1 };
      const answer = openAnswer(stream, { statusCode: 429, headers, cookies: ['a=1', 'b=2'] });
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
      openAnswer(stream, { statusCode: 201 }).write('');
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
        openAnswer(stream, { headers: { 'bad name': 'x' } }).write('x');
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
        openAnswer(stream).write('partial');
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
      openAnswer(stream).write('');
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
    const running = await serve(async () => {
      invocations += 1;
    });
    const socket = connectTo(running.port);
    socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nabc');
    await sleep(50);
    socket.resetAndDestroy();
    await until(() => running.inFlight() === 0);

    expect(invocations).toBe(0);
  });
});

describe('time', () => {
  it('breaks the answer off at the time-out and counts down to it', async () => {
    const seen: number[] = [];
    const { port } = await serve(
      async (_event, stream, context) => {
        seen.push(context.getRemainingTimeInMillis());
        openAnswer(stream).write('begun');
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
      openAnswer(stream).write('');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      stream.write('late');
      await endAnswer(stream);
    });
    const agent = new Agent({ keepAlive: true });
    const response = await send({ port: running.port, agent });
    let isClosed = false;

    const closing = running.close().then(() => {
      isClosed = true;
    });
    await sleep(100);
    const wasClosedEarly = isClosed;
    finish();
    const finishedMs = performance.now();

    expect(await text(response)).toBe('late');
    await closing;
    agent.destroy();
    expect(performance.now() - finishedMs).toBeLessThan(2_000);
    expect(wasClosedEarly).toBe(false);
    expect(running.inFlight()).toBe(0);
    await expect(send({ port: running.port, agent: false })).rejects.toThrow('ECONNREFUSED');
  });

  it('waits for a handler whose client has gone when it closes', async () => {
    let isDone = false;
    const running = await serve(async (_event, stream) => {
      openAnswer(stream).write('');
      await sleep(300);
      await endAnswer(stream);
      isDone = true;
    });
    (await send({ port: running.port })).destroy();

    await running.close();

    expect(isDone).toBe(true);
  });

  it('closes at once when only idle connections are open', async () => {
    const running = await serve(echo);
    const idle = connectTo(running.port);
    const kept = connectTo(running.port);
    const session = connectHttp2(running.url);
    await Promise.all([once(idle, 'connect'), once(session, 'remoteSettings')]);
    kept.write('GET / HTTP/1.1\r\nhost: h\r\n\r\n');
    await once(kept, 'data');
    const startedMs = performance.now();

    await running.close();

    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});
