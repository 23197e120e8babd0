/**
 * Idle sockets are told by the wall clock, as a frozen function's own timers stand still.
 */
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { keepFresh, MAX_IDLE_MS } from '../../lambda/adapters/upstream/fresh-sockets.ts';

let nowMs: number;
let agent: Agent;
let closeStale: () => void;
beforeEach(() => {
  nowMs = 1_000_000;
  agent = new Agent({ keepAlive: true });
  closeStale = keepFresh(agent, () => nowMs);
});

/** A socket that has become idle now, as the agent tells it. */
function idleSocket(host = 'a:443:'): Duplex {
  const socket = Object.assign(new Duplex({ read() {} }), {
    setKeepAlive: () => undefined,
    unref: () => undefined,
    setTimeout: () => undefined,
    timeout: 0,
  });
  expect(agent.keepSocketAlive(socket)).toBe(true);
  const free = agent.freeSockets as Record<string, Duplex[]>;
  free[host] = [...(free[host] ?? []), socket];
  return socket;
}

describe('an idle socket', () => {
  it('may be used again within its time, to the millisecond', () => {
    const socket = idleSocket();
    nowMs += MAX_IDLE_MS;

    closeStale();

    expect(socket.destroyed).toBe(false);
  });

  it('is closed once it was idle for longer', () => {
    const socket = idleSocket();
    nowMs += MAX_IDLE_MS + 1;

    closeStale();

    expect(socket.destroyed).toBe(true);
  });

  it('is closed where the clock was set back: its age is not known', () => {
    const socket = idleSocket();
    nowMs -= 1;

    closeStale();

    expect(socket.destroyed).toBe(true);
  });

  it('counts its time from when it was last used', () => {
    const socket = idleSocket();
    nowMs += MAX_IDLE_MS;
    agent.keepSocketAlive(socket);
    nowMs += MAX_IDLE_MS;

    closeStale();

    expect(socket.destroyed).toBe(false);
  });

  it('that nobody saw become idle is closed', () => {
    const socket = new Duplex({ read() {} });
    (agent.freeSockets as Record<string, Duplex[]>)['a:443:'] = [socket];

    closeStale();

    expect(socket.destroyed).toBe(true);
  });

  it('is told from the others of its host and of other hosts', () => {
    const old = [idleSocket('a:443:'), idleSocket('b:443:')];
    nowMs += MAX_IDLE_MS;
    const young = [idleSocket('a:443:'), idleSocket('b:443:')];
    nowMs += 1;

    closeStale();

    expect(old.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    expect(young.map(({ destroyed }) => destroyed)).toEqual([false, false]);
  });
});
