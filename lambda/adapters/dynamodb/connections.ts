/**
 * Connections to DynamoDB: kept alive, each request sent once and waited for a bounded time.
 *
 * On node:https itself: the SDK's HTTP handler sets four timers for a request and copies its
 * headers, a sixth of what a write costs.
 */
import type { ClientRequest, Agent as HttpAgent, IncomingMessage, request } from 'node:http';
import https from 'node:https';

export const MAX_SOCKETS = 256;

/** How long one attempt waits. The wait for a free socket counts as connecting. */
export interface LedgerTimeouts {
  readonly connectTimeoutMs: number;
  /** For the whole answer, from when it was asked for. */
  readonly requestTimeoutMs: number;
}

/** For DynamoDB in the same region, from a function that serves one request at a time. */
export const LEDGER_TIMEOUTS: LedgerTimeouts = { connectTimeoutMs: 300, requestTimeoutMs: 1_000 };

/**
 * For an embedded ledger, which does one write after another and shares the gateway's processor:
 * hundreds at once wait there for seconds, and giving up on them would only add to its work.
 */
export const EMBEDDED_LEDGER_TIMEOUTS: LedgerTimeouts = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
};

export interface WireResponse {
  readonly status: number;
  readonly text: string;
}

export interface Connections {
  /**
   * Sends once and answers when the whole answer is there.
   *
   * @throws Error named TimeoutError where it takes too long, the signal's reason where it aborts, and
   * the system's error where the connection fails; the request may have arrived all the same
   */
  post(
    headers: Readonly<Record<string, string>>,
    body: string,
    signal?: AbortSignal,
  ): Promise<WireResponse>;
  /** Closes the connections. */
  close(): void;
}

/** Connections to one endpoint. */
export function createConnections(endpoint: URL, timeouts: LedgerTimeouts): Connections {
  const plain = endpoint.protocol === 'http:';
  // Not by an import of node:http, which loads more of Node than a new instance needs.
  const module: { request: typeof request; Agent: typeof HttpAgent } = plain
    ? process.getBuiltinModule('node:http')
    : https;
  const agent = new module.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const target = {
    agent,
    method: 'POST',
    host: endpoint.hostname.replace(/^\[|\]$/g, ''),
    path: endpoint.pathname,
    ...(endpoint.port === '' ? {} : { port: endpoint.port }),
  };
  return {
    post: (headers, body, signal) =>
      new Promise((resolve, reject) => {
        const sent = module.request({ ...target, headers }, (answer) => {
          collect(answer, resolve, reject);
        });
        sent.on('error', reject);
        const giveUp = (error: Error) => {
          // Said here, as a request that still waits for a connection tells of no error.
          reject(error);
          sent.destroy(error);
        };
        const stopWaiting = limit(sent, timeouts, signal, giveUp);
        sent.on('close', stopWaiting);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Gives up where it takes too long; one timer, as nearly every answer comes in time. */
function limit(
  sent: ClientRequest,
  { connectTimeoutMs, requestTimeoutMs }: LedgerTimeouts,
  signal: AbortSignal | undefined,
  giveUp: (error: Error) => void,
): () => void {
  const isConnected = () => sent.socket?.connecting === false;
  const end = () => giveUp(timeout(requestTimeoutMs));
  const firstMs = Math.min(connectTimeoutMs, requestTimeoutMs);
  let timer = setTimeout(() => {
    if (!isConnected() || firstMs === requestTimeoutMs) giveUp(timeout(firstMs));
    else timer = setTimeout(end, requestTimeoutMs - firstMs);
  }, firstMs);
  const abort = () => giveUp(asError(signal?.reason));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
}

const timeout = (afterMs: number): Error =>
  Object.assign(new Error(`DynamoDB had not answered after ${afterMs} ms`), {
    name: 'TimeoutError',
    code: 'ETIMEDOUT',
  });

const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error(String(reason));

/** Chunks are put together once, as a character may lie across two. */
function collect(
  answer: IncomingMessage,
  resolve: (response: WireResponse) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const [first] = chunks;
    const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    resolve({ status: answer.statusCode ?? 0, text: bytes.toString() });
  });
  answer.on('error', reject);
  // After 'end' or 'error' this comes too late to matter.
  answer.on('close', () => reject(new Error('the answer of DynamoDB broke off')));
}
