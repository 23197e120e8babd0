/**
 * The body on its way to a client that is slow, quick, or gone.
 */
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { createClientBody } from '../../lambda/adapters/http/client-body.ts';
import { settleDown } from '../helpers/fake-ports.ts';

const HIGH_WATER_MARK_BYTES = 256 * 1024;
const FULL = Buffer.alloc(HIGH_WATER_MARK_BYTES, 'x');
const ERROR = { type: 'validationException', message: 'over' } as const;

const create = () => createClientBody(({ message }) => Buffer.from(`<${message}>`));

/** Whether the promise has resolved by now. */
async function isOver(waiting: Promise<void> | undefined): Promise<boolean> {
  let over = false;
  void waiting?.then(() => {
    over = true;
  });
  await settleDown();
  return over;
}

describe('a client that reads', () => {
  it('gets every byte in order, then the error, then the end', async () => {
    const { body, sink } = create();
    const reading = buffer(body);

    await sink.write(Buffer.from('a'));
    await sink.write(Buffer.from('b'));
    sink.fail(ERROR);
    sink.end();

    expect((await reading).toString()).toBe('ab<over>');
  });

  it('is not waited for while there is room', () => {
    const { sink } = create();

    expect(sink.write(Buffer.alloc(HIGH_WATER_MARK_BYTES - 1))).toBeUndefined();
  });
});

describe('a client that is slow', () => {
  it('is waited for once the high-water mark is reached, and no longer than it is full', async () => {
    const { body, sink } = create();

    const waiting = sink.write(FULL);
    expect(await isOver(waiting)).toBe(false);
    body.read();

    expect(await isOver(waiting)).toBe(true);
  });

  it('gets all of 10 MB while no more than the mark and a chunk is held', async () => {
    const { body, sink } = create();
    const chunk = Buffer.alloc(100_000, 'y');
    let most = 0;
    const reading = (async () => {
      let bytes = 0;
      for await (const part of body) {
        bytes += (part as Buffer).byteLength;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return bytes;
    })();

    for (let i = 0; i < 100; i += 1) {
      await sink.write(chunk);
      most = Math.max(most, body.readableLength);
    }
    sink.end();

    expect(await reading).toBe(100 * chunk.byteLength);
    expect(most).toBeLessThanOrEqual(HIGH_WATER_MARK_BYTES + chunk.byteLength);
  });

  it('is waited for no more after an interrupt, and loses nothing', async () => {
    const { body, sink } = create();
    const waiting = sink.write(FULL);

    sink.interrupt();
    expect(await isOver(waiting)).toBe(true);
    expect(sink.write(FULL)).toBeUndefined();
    sink.fail(ERROR);
    sink.end();

    expect((await buffer(body)).byteLength).toBe(2 * FULL.byteLength + '<over>'.length);
  });
});

describe('a client that has gone', () => {
  it('ends a wait for it', async () => {
    const { body, sink } = create();
    const waiting = sink.write(FULL);

    body.destroy();

    expect(await isOver(waiting)).toBe(true);
  });

  it.each([undefined, new Error('the client has gone')])(
    'swallows everything, without a wait and without an error (%s)',
    async (cause) => {
      const { body, sink } = create();
      const errors: unknown[] = [];
      body.on('error', (error) => errors.push(error));
      body.destroy(cause);
      await settleDown();

      expect(sink.write(FULL)).toBeUndefined();
      sink.fail(ERROR);
      sink.end();
      sink.interrupt();
      await settleDown();

      expect(errors).toEqual([]);
      expect(body.readableLength).toBe(0);
    },
  );

  it('as the runtime’s pipeline finds out does not reach the writer', async () => {
    const { body, sink } = create();
    const client = new PassThrough();
    const piping = pipeline(body, client).catch(() => 'gone');
    const waiting = sink.write(Buffer.concat([FULL, FULL]));

    client.destroy();

    expect(await piping).toBe('gone');
    expect(await isOver(waiting)).toBe(true);
    expect(sink.write(FULL)).toBeUndefined();
  });
});
