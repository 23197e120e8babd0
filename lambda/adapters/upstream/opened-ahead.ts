/**
 * Opens a connection ahead of the request that will need it.
 *
 * Invariant: at most one connection for an origin is open and not taken, and none is taken that has
 *            broken or waited for long: a request sent on it would have to be charged in full.
 */
import type { Agent } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { MAX_IDLE_MS } from './fresh-sockets.ts';

export interface OpenedAhead {
  /** Begins a connection to the URL's origin, unless one is idle or begun. */
  open(url: URL): void;
  /** Closes what was not taken. */
  close(): void;
}

interface Ahead {
  readonly socket: Duplex;
  readonly openedAtMs: number;
}

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** What an agent adds to the options of each connection; its types leave it out. */
type AgentWithOptions = Agent & { readonly options?: object };

/** @param nowMs wall clock, freeze included */
export function openAhead(agent: AgentWithOptions, nowMs: () => number): OpenedAhead {
  const waiting = new Map<string, Ahead>();
  const createConnection = agent.createConnection.bind(agent);
  /** Takes what waits for an origin; what must not be used any more is closed. */
  const take = (origin: string): Duplex | undefined => {
    const ahead = waiting.get(origin);
    waiting.delete(origin);
    if (ahead === undefined || isUsable(ahead, nowMs())) return ahead?.socket;
    ahead.socket.destroy();
    return undefined;
  };
  agent.createConnection = (options, callback) =>
    take(`${options.host}:${options.port}`) ?? createConnection(options, callback);
  return {
    open(url) {
      const host = url.hostname;
      const port = Number(url.port) || (url.protocol === 'https:' ? HTTPS_PORT : HTTP_PORT);
      const origin = `${host}:${port}`;
      const begun = waiting.get(origin);
      if (hasIdle(agent, origin) || (begun && isUsable(begun, nowMs()))) return;
      begun?.socket.destroy();
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const socket = createConnection({ ...agent.options, host, port, ...servername });
      if (socket) waiting.set(origin, { socket, openedAtMs: nowMs() });
    },
    close() {
      for (const { socket } of waiting.values()) socket.destroy();
      waiting.clear();
    },
  };
}

function isUsable({ socket, openedAtMs }: Ahead, now: number): boolean {
  const ageMs = now - openedAtMs;
  // A negative age means that the clock was set back: the true age is not known.
  return !socket.destroyed && socket.writable && ageMs >= 0 && ageMs <= MAX_IDLE_MS;
}

/** An agent names its sockets by host and port first. */
const hasIdle = (agent: Agent, origin: string): boolean =>
  Object.entries(agent.freeSockets).some(
    ([name, sockets]) => name.startsWith(`${origin}:`) && (sockets?.length ?? 0) > 0,
  );
