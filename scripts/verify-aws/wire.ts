/**
 * One HTTP/1.1 request as it goes over the wire, with the time of everything that comes back.
 *
 * Not `fetch`: it hides trailers and chunks, and would change the path.
 * Invariant: resolves also where the other side breaks off; `broken` says so.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface WireRequest {
  readonly url: URL;
  readonly method: string;
  /** As it is to be sent, with its percent signs. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Called with every piece; true leaves: the connection is closed. */
  readonly leaveAfter?: (pieces: number) => boolean;
  readonly timeoutMs: number;
  readonly trustedCertificates?: string;
}

export interface WireAnswer {
  /** 0: no answer came. */
  readonly status: number;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: readonly string[];
  /** Milliseconds after the request was begun. */
  readonly headAtMs: number;
  readonly pieceAtMs: readonly number[];
  readonly endAtMs: number;
  readonly body: Buffer;
  /** Why the answer is not whole, or did not come. */
  readonly broken?: string;
}

/** Sends one request, on a connection of its own where `headers` say `connection: close`. */
export function exchange(asked: WireRequest): Promise<WireAnswer> {
  const startedAtMs = performance.now();
  const sinceStart = () => performance.now() - startedAtMs;
  const send = asked.url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    const outgoing = send(
      asked.url,
      {
        method: asked.method,
        path: asked.path,
        headers: { ...asked.headers, 'content-length': String(asked.body.byteLength) },
        timeout: asked.timeoutMs,
        ...(asked.trustedCertificates && { ca: asked.trustedCertificates }),
      },
      (answer) => {
        resolve(readAnswer(answer, asked, sinceStart));
      },
    );
    outgoing.on('timeout', () =>
      outgoing.destroy(new Error(`no answer in ${asked.timeoutMs / 1000} s`)),
    );
    // After an answer has begun, its own end says what became of it.
    outgoing.on('error', (error) => resolve({ ...NO_ANSWER, broken: error.message }));
    outgoing.end(asked.body);
  });
}

const NO_ANSWER: WireAnswer = {
  status: 0,
  headers: {},
  trailers: [],
  headAtMs: 0,
  pieceAtMs: [],
  endAtMs: 0,
  body: Buffer.alloc(0),
};

async function readAnswer(
  answer: IncomingMessage,
  asked: WireRequest,
  sinceStart: () => number,
): Promise<WireAnswer> {
  const headAtMs = sinceStart();
  const pieces: Buffer[] = [];
  const pieceAtMs: number[] = [];
  let broken: string | undefined;
  try {
    for await (const piece of answer) {
      pieces.push(piece);
      pieceAtMs.push(sinceStart());
      if (asked.leaveAfter?.(pieces.length) === true) break;
    }
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value);
  return {
    status: answer.statusCode ?? 0,
    headers,
    trailers: Object.keys(answer.trailers),
    headAtMs,
    pieceAtMs,
    endAtMs: sinceStart(),
    body: Buffer.concat(pieces),
    ...(broken !== undefined && { broken }),
  };
}
