/**
 * One TCP port that serves HTTP/1.1 and h2c (HTTP/2 with prior knowledge) to one request listener.
 *
 * The JavaScript SDK speaks HTTP/2 to Bedrock and every other client HTTP/1.1; which of the two a
 * connection is, its first bytes say.
 * Invariant: no socket's error ends the process; a closed listener holds no socket.
 */
import {
  createServer as createHttp1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';

/** What the request listener is given, by either version of HTTP. */
export type DualRequest = IncomingMessage | Http2ServerRequest;
export type DualResponse = ServerResponse | Http2ServerResponse;

export interface DualListenerOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** Default 127.0.0.1: local mode is for this machine only. */
  readonly host?: string;
  readonly onRequest: (request: DualRequest, response: DualResponse) => void;
}

export interface DualListener {
  readonly port: number;
  /**
   * Accepts no more, lets running requests finish for `graceMs`, then closes what is left. May be
   * called again with a shorter time.
   */
  close(graceMs: number): Promise<void>;
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-3.4 */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** Clients open connections ahead of their first request, so this is no short time. */
const FIRST_BYTES_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
const HTTP2_SESSION_MEMORY_MB = 256;
const HTTP2_WINDOW_BYTES = 1_048_576;

/**
 * Listens on one port for both versions of HTTP.
 *
 * @throws the system's error where the port cannot be had, such as EADDRINUSE.
 */
export async function startDualListener(options: DualListenerOptions): Promise<DualListener> {
  const sockets = new Set<Socket>();
  const http1 = startHttp1(options.onRequest);
  const http2 = startHttp2(options.onRequest);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client may reset its connection at any moment, also between two listeners of others.
    socket.on('error', () => socket.destroy());
    peekVersion(socket, http1.accept, http2.accept);
  });
  await listen(server, options.port, options.host ?? '127.0.0.1');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;

  let closed: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    for (const socket of sockets) {
      if (!http1.owns(socket) && !http2.owns(socket)) socket.destroy();
    }
    http1.closeIdle();
    http2.closeIdle();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return {
    port,
    close: async (graceMs) => {
      closed ??= stop();
      const killer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      clearTimeout(killer);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      // Errors of accepting (no file descriptors left) pass; the next accept tries again.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

/** Reads until the bytes can only be one version, puts them back and hands the socket on. */
function peekVersion(
  socket: Socket,
  acceptHttp1: (socket: Socket) => void,
  acceptHttp2: (socket: Socket) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const giveUp = (): void => {
    socket.destroy();
  };
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const comparable = Math.min(seen.length, HTTP2_PREFACE.length);
    const isPreface = seen.subarray(0, comparable).equals(HTTP2_PREFACE.subarray(0, comparable));
    // The preface may come in pieces, even byte by byte.
    if (isPreface && comparable < HTTP2_PREFACE.length) return;
    socket.off('readable', onReadable);
    socket.off('end', giveUp);
    socket.off('timeout', giveUp);
    socket.setTimeout(0);
    socket.unshift(seen);
    (isPreface ? acceptHttp2 : acceptHttp1)(socket);
  };
  socket.setTimeout(FIRST_BYTES_TIMEOUT_MS);
  socket.on('timeout', giveUp);
  socket.on('end', giveUp);
  socket.on('readable', onReadable);
}

interface Protocol {
  accept(socket: Socket): void;
  owns(socket: Socket): boolean;
  /** Closes what is idle now, and what is busy as soon as it is idle. */
  closeIdle(): void;
}

function startHttp1(onRequest: DualListenerOptions['onRequest']): Protocol {
  /** Sockets by how many of their requests are running. */
  const running = new Map<Socket, number>();
  let isClosing = false;
  const server = createHttp1Server({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS });
  server.on('request', (request, response) => {
    const { socket } = request;
    running.set(socket, (running.get(socket) ?? 0) + 1);
    if (isClosing) response.shouldKeepAlive = false;
    response.once('close', () => {
      const left = (running.get(socket) ?? 1) - 1;
      if (running.has(socket)) running.set(socket, left);
      if (isClosing && left === 0) socket.destroySoon();
    });
    onRequest(request, response);
  });
  return {
    accept: (socket) => {
      running.set(socket, 0);
      socket.once('close', () => running.delete(socket));
      server.emit('connection', socket);
    },
    owns: (socket) => running.has(socket),
    closeIdle: () => {
      isClosing = true;
      for (const [socket, count] of running) {
        if (count === 0) socket.destroySoon();
      }
    },
  };
}

function startHttp2(onRequest: DualListenerOptions['onRequest']): Protocol {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server({
    maxSessionMemory: HTTP2_SESSION_MEMORY_MB,
    settings: { initialWindowSize: HTTP2_WINDOW_BYTES },
  });
  server.on('request', onRequest);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return {
    accept: (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // Half-open, as HTTP/1.1 has it, a session would not notice that its client has gone.
      socket.allowHalfOpen = false;
      server.emit('connection', socket);
    },
    owns: (socket) => sockets.has(socket),
    closeIdle: () => {
      // GOAWAY: streams that run end by themselves, and the session after the last of them.
      for (const session of sessions) session.close();
    },
  };
}

/**
 * The request's headers, lower-cased, repeated ones joined by a comma: `headers` of Node drops
 * some that are repeated, such as a second `authorization`.
 */
export function joinedHeaders(request: DualRequest): Record<string, string> {
  const joined: Record<string, string> = {};
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    if (name === ':authority') joined.host ??= value;
    // HTTP/2's pseudo-headers are its request line; the other would be no member but a prototype.
    if (name.startsWith(':') || name === '__proto__') continue;
    if (!Object.hasOwn(joined, name)) joined[name] = value;
    else joined[name] += `${name === 'cookie' ? '; ' : ','}${value}`;
  }
  return joined;
}

/** Whether nobody can be answered any more: the client or its stream is closed. */
export const isGone = (response: DualResponse): boolean =>
  'stream' in response ? response.stream.destroyed : response.destroyed;

/** One write for two classes whose overloads do not unite; false asks to wait for `drain`. */
export const writeTo = (response: DualResponse, chunk: Uint8Array): boolean =>
  'stream' in response ? response.write(chunk) : response.write(chunk);

/** Breaks off an answer so that the client sees it: a reset, never a clean end. */
export function resetResponse(request: DualRequest, response: DualResponse): void {
  if ('stream' in response) {
    response.stream.close(HTTP2_INTERNAL_ERROR);
    return;
  }
  request.socket.resetAndDestroy();
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const HTTP2_INTERNAL_ERROR = 2;
