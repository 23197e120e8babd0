/**
 * A connection that is opened while the reserve is in flight, on real sockets.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_IDLE_MS } from '../../lambda/adapters/upstream/fresh-sockets.ts';
import {
  createUpstreamBench,
  exchange,
  failureOf,
  forever,
  ok,
  request,
} from '../helpers/upstream-server.ts';

const REGION = 'eu-west-1';

let bench: ReturnType<typeof createUpstreamBench>;
beforeEach(() => {
  bench = createUpstreamBench();
});
afterEach(() => bench.close());

async function opened() {
  const server = await bench.serve(ok);
  const upstream = bench.upstream(server.url);
  const connected = once(server.server, 'connection');
  upstream.open?.(REGION);
  const [socket] = await connected;
  return { ...server, upstream, socket };
}

describe('a connection opened ahead', () => {
  it('is there before the send, and is the one that it uses', async () => {
    const { upstream, connections, seen } = await opened();
    expect(connections()).toBe(1);

    await exchange(upstream);

    expect(seen).toHaveLength(1);
    expect(connections()).toBe(1);
  });

  it('is one, however often it is asked for, and none where one is idle', async () => {
    const { upstream, connections } = await opened();
    upstream.open?.(REGION);
    await exchange(upstream);

    upstream.open?.(REGION);
    await exchange(upstream);

    expect(connections()).toBe(1);
  });

  it('is taken once: two requests at a time have one each', async () => {
    const { upstream, connections } = await opened();

    await Promise.all([exchange(upstream), exchange(upstream)]);

    expect(connections()).toBe(2);
  });

  it('is not used once it has waited for too long, freeze included', async () => {
    const { upstream, connections, seen } = await opened();
    bench.clock.advance(MAX_IDLE_MS + 1);

    await exchange(upstream);

    expect(connections()).toBe(2);
    expect(seen).toHaveLength(1);
  });

  it('is not used where the other side has closed it meanwhile', async () => {
    const { upstream, connections, socket } = await opened();
    socket.end();
    await sleep(20);

    await exchange(upstream);

    expect(connections()).toBe(2);
  });

  it('that fails leaves the send to meet the failure, certain that nothing was sent', async () => {
    const { url, close } = await bench.serve(ok);
    await close();
    const upstream = bench.upstream(url);
    upstream.open?.(REGION);

    const failure = await failureOf(upstream.send(request(), forever()));

    expect(failure.sent).toBe('not-sent');
  });
});
