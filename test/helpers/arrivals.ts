/**
 * How many requests reach a server of this process, by the key that they carry.
 *
 * Node itself tells of each one, by HTTP/1.1 and HTTP/2, so neither server nor client is changed.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

const HTTP1 = 'http.server.request.start';
const HTTP2 = 'http2.server.stream.start';

export interface Arrivals {
  /** Requests that carried this key since `countArrivals`. */
  of(key: string): number;
  stop(): void;
}

/** Counts what arrives at the port of this URL from now on. */
export function countArrivals(url: string): Arrivals {
  const port = Number(new URL(url).port);
  const counts = new Map<string, number>();
  const count = (localPort: number | undefined, headers: IncomingHttpHeaders): void => {
    if (localPort !== port) return;
    const { authorization = '', 'x-api-key': apiKey } = headers;
    const key = typeof apiKey === 'string' ? apiKey : authorization.replace(/^Bearer /, '');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  const onHttp1 = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    count(request.socket.localPort, request.headers);
  };
  const onHttp2 = (message: unknown): void => {
    const { stream, headers } = message as {
      readonly stream: ServerHttp2Stream;
      readonly headers: IncomingHttpHeaders;
    };
    count(stream.session?.socket.localPort, headers);
  };
  subscribe(HTTP1, onHttp1);
  subscribe(HTTP2, onHttp2);
  return {
    of: (key) => counts.get(key) ?? 0,
    stop() {
      unsubscribe(HTTP1, onHttp1);
      unsubscribe(HTTP2, onHttp2);
    },
  };
}
