/**
 * The upstream's connections: closed by an abort, used again while they are fresh, and not after.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_IDLE_MS } from '../../lambda/adapters/upstream/fresh-sockets.ts';
import {
  createUpstreamBench,
  exchange,
  failureOf,
  ok,
  request,
} from '../helpers/upstream-server.ts';

const CLOSE_ARRIVES_MS = 50;

let bench: ReturnType<typeof createUpstreamBench>;
beforeEach(() => {
  bench = createUpstreamBench();
});
afterEach(() => bench.close());

describe('an abort', () => {
  it('of a request that waits for its answer closes the connection; it may be billed', async () => {
    const { promise: asked, resolve: setAsked } = Promise.withResolvers<IncomingMessage>();
    const { url } = await bench.serve((incoming) => setAsked(incoming));
    const stopping = new AbortController();
    const sending = bench.upstream(url).send(request(), stopping.signal);
    sending.catch(() => undefined);
    const { socket } = await asked;

    stopping.abort();

    expect((await failureOf(sending)).sent).toBe('unknown');
    await expect.poll(() => socket.destroyed).toBe(true);
  });

  it.each(['answer', 'signal'])('of a running answer (by its %s) closes it too', async (by) => {
    const { url, seen } = await bench.serve((_, response) => {
      response.write('first');
    });
    const stopping = new AbortController();
    const answer = await bench.upstream(url).send(request(), stopping.signal);
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
    const { url, connections } = await bench.serve(ok);
    const upstream = bench.upstream(url);

    for (let i = 0; i < 3; i += 1) await exchange(upstream);

    expect(connections()).toBe(1);
  });

  it('that the other side closed while it was idle costs no request', async () => {
    const { url, seen, server } = await bench.serve(ok);
    const upstream = bench.upstream(url);
    await exchange(upstream);

    server.closeIdleConnections();
    await expect.poll(() => seen[0]?.socket.destroyed).toBe(true);
    // The other side's close is on its way to this side, which nothing here can see arrive.
    await sleep(CLOSE_ARRIVES_MS);

    expect((await exchange(upstream)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it('that was idle for too long by the wall clock is not used again', async () => {
    const { url, connections } = await bench.serve(ok);
    const upstream = bench.upstream(url);
    await exchange(upstream);
    bench.clock.advance(MAX_IDLE_MS);
    await exchange(upstream);
    expect(connections()).toBe(1);

    bench.clock.advance(MAX_IDLE_MS + 1);
    await exchange(upstream);

    expect(connections()).toBe(2);
  });

  it('that died unseen while the function was frozen costs no request', async () => {
    const { url, seen, server } = await bench.serve(ok);
    const upstream = bench.upstream(url);
    await exchange(upstream);

    // Closed and aged in one go: no event of the socket’s is seen before the next send.
    server.closeIdleConnections();
    bench.clock.advance(MAX_IDLE_MS + 1);

    expect((await exchange(upstream)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });
});
