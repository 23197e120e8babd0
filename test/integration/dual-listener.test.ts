/**
 * HTTP/1.1 and h2c on one port: which of the two a connection is, however its bytes come.
 */
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closeAfterEach, connectTo, echo, send, serve, until } from './function-url-fixture.ts';

closeAfterEach();

describe('the two versions of HTTP on one port', () => {
  it.each([
    ['HTTP/1.1', Buffer.from('PRINT / HTTP/1.1\r\nhost: h\r\n\r\n'), 'HTTP/1.1 400'],
    ['HTTP/1.1', Buffer.from('PUT /x HTTP/1.1\r\nhost: h\r\n\r\n'), '"rawPath":"/x"'],
  ])('knows %s byte by byte: %s', async (_, bytes, expected) => {
    const { port } = await serve(echo);
    const socket = connectTo(port).setNoDelay();
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
    const socket = connectTo(port).setNoDelay();
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
    connectTo(port).end('\0\0\0garbage');
    connectTo(port).end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot a frame at all, by any reading');
    connectTo(port).end('PRI * HT');
    const undecided = connectTo(port);
    undecided.write('PRI');
    const reset = connectTo(port);
    reset.write('POST / HTTP/1.1\r\n');
    await sleep(50);
    reset.resetAndDestroy();
    undecided.resetAndDestroy();
    await sleep(50);

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
