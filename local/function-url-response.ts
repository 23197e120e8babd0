/**
 * The way of an answer through a Function URL: the runtime's stream, the prelude, the client.
 *
 * Owns:      `awslambda`, the global that the runtime gives to handlers.
 * Invariant: a client that has gone never stops the handler: its writes are swallowed, at once.
 */
import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import {
  type DualRequest,
  type DualResponse,
  isGone,
  resetResponse,
  writeTo,
} from './dual-listener.ts';

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);
const PRELUDE_END_TEXT = PRELUDE_END.toString('latin1');
/** A prelude holds a status and headers; longer ones the platform refuses. */
const MAX_PRELUDE_BYTES = 1_048_576;
/** They belong to a connection, and the connection is the platform's. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

interface Prelude {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
}

type WriteCallback = (error?: Error | null) => void;

/** The stream that a handler writes its answer to, with the runtime's own quirks. */
export class InvocationStream extends Writable {
  /** Set by `HttpResponseStream.from`; called once, by the first `write` and not by `end`. */
  _onBeforeFirstWrite: ((write: (chunk: string | Uint8Array) => void) => void) | undefined;
  readonly #answer: ClientAnswer;
  #hasWritten = false;

  constructor(answer: ClientAnswer) {
    super();
    this.#answer = answer;
    // Without a listener an error of the stream would end the process; `fail` tells the client.
    this.on('error', () => undefined);
  }

  /** Says what the bytes are. @throws after the first write. */
  setContentType(contentType: string): void {
    if (this.#hasWritten) throw new Error('Cannot set content-type, too late.');
    this.#answer.contentType = contentType;
  }

  override write(
    chunk: unknown,
    encodingOrCallback?: BufferEncoding | WriteCallback,
    callback?: WriteCallback,
  ): boolean {
    if (!this.#hasWritten) {
      this.#hasWritten = true;
      this._onBeforeFirstWrite?.((part) => super.write(part));
    }
    const bytes = asBytes(chunk);
    const encoding = typeof encodingOrCallback === 'string' ? encodingOrCallback : 'utf8';
    const done = typeof encodingOrCallback === 'function' ? encodingOrCallback : callback;
    return done === undefined
      ? super.write(bytes, encoding)
      : super.write(bytes, encoding, (error) => done(error));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    this.#answer.push(chunk, callback);
  }

  override _final(callback: WriteCallback): void {
    this.#answer.finish(callback);
  }
}

/** The runtime's rule: what is not text, a Buffer or a plain Uint8Array goes out as its JSON. */
function asBytes(chunk: unknown): string | Uint8Array {
  if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) return chunk;
  const isPlain = chunk instanceof Uint8Array && chunk.constructor === Uint8Array;
  return isPlain ? chunk : JSON.stringify(chunk);
}

/** The platform's side: cuts the prelude off the stream and answers the client with it. */
export class ClientAnswer {
  contentType = 'application/octet-stream';
  readonly #request: DualRequest;
  readonly #response: DualResponse;
  #prelude: Buffer = Buffer.alloc(0);
  #state: 'prelude' | 'body' | 'over' = 'prelude';
  #onRoom: (() => void) | undefined;
  readonly #left = new AbortController();

  constructor(request: DualRequest, response: DualResponse) {
    this.#request = request;
    this.#response = response;
    response.on('drain', () => this.#makeRoom());
    response.on('error', () => undefined);
    response.on('close', () => {
      if (!response.writableEnded) this.#left.abort();
      this.#state = 'over';
      this.#makeRoom();
    });
  }

  /** Aborts when the client goes before its answer has ended. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Calls back when the client has room for more, or will never read any. */
  push(chunk: Buffer, callback: WriteCallback): void {
    try {
      if (this.#state === 'prelude') this.#readPrelude(chunk, callback);
      else this.#send(chunk, callback);
    } catch (error) {
      this.fail();
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The stream has ended: so does the answer, once the client has taken it or has gone. */
  finish(callback: WriteCallback): void {
    // Nothing was written, so there is no status to answer with.
    if (this.#state === 'prelude') this.fail();
    if (this.#state !== 'body') {
      callback();
      return;
    }
    this.#onRoom = callback;
    this.#response.end();
  }

  /** The invocation failed: 502 before the status has gone out, a broken answer after. */
  fail(): void {
    if (this.#state === 'prelude') {
      this.#state = 'over';
      answerJson(this.#response, 502, { Message: 'Internal Server Error' });
    } else if (this.#state === 'body') {
      this.#state = 'over';
      resetResponse(this.#request, this.#response);
    }
    this.#makeRoom();
  }

  #readPrelude(chunk: Buffer, callback: WriteCallback): void {
    if (this.contentType !== PRELUDE_TYPE) {
      this.#sendHead({ headers: { 'content-type': this.contentType } });
      this.#send(chunk, callback);
      return;
    }
    this.#prelude = this.#prelude.length === 0 ? chunk : Buffer.concat([this.#prelude, chunk]);
    const end = this.#prelude.indexOf(PRELUDE_END);
    if (end < 0) {
      if (this.#prelude.length > MAX_PRELUDE_BYTES) throw new Error('the prelude does not end');
      callback();
      return;
    }
    const rest = this.#prelude.subarray(end + PRELUDE_END.length);
    this.#sendHead(JSON.parse(this.#prelude.toString('utf8', 0, end)));
    this.#prelude = Buffer.alloc(0);
    this.#send(rest, callback);
  }

  #sendHead({ statusCode = 200, headers = {}, cookies = [] }: Prelude): void {
    const sent: Record<string, string | string[]> = {};
    let isTyped = false;
    for (const [name, value] of Object.entries(headers)) {
      const lowerCased = name.toLowerCase();
      if (HOP_BY_HOP.has(lowerCased)) continue;
      isTyped ||= lowerCased === 'content-type';
      sent[name] = String(value);
    }
    if (!isTyped) sent['content-type'] = 'application/octet-stream';
    if (cookies.length > 0) sent['set-cookie'] = [...cookies];
    // The client sees the status now, not with the first bytes of the body.
    if ('stream' in this.#response) this.#response.writeHead(statusCode, sent);
    else flushHead(this.#response.writeHead(statusCode, sent));
    this.#state = 'body';
  }

  #send(chunk: Buffer, callback: WriteCallback): void {
    if (this.#state !== 'body' || chunk.length === 0 || writeTo(this.#response, chunk)) callback();
    else this.#onRoom = callback;
  }

  #makeRoom(): void {
    const onRoom = this.#onRoom;
    this.#onRoom = undefined;
    onRoom?.();
  }
}

/** What is written in the same turn goes out in one packet with the head. */
function flushHead(response: ServerResponse): void {
  const { socket } = response;
  socket?.cork();
  response.flushHeaders();
  setImmediate(() => socket?.uncork());
}

/** Answers with one JSON object, unless the client has gone. */
export function answerJson(response: DualResponse, status: number, body: object): void {
  if (response.writableEnded || isGone(response)) return;
  const text = JSON.stringify(body);
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

/**
 * Defines `globalThis.awslambda` as the runtime does: to be called before the handler's module
 * is imported. Calling it again changes nothing.
 */
export function installAwslambda(): void {
  // Libraries for the runtime may have put their own things there before.
  const runtime = globalThis as { awslambda?: Record<string, unknown> };
  const present = runtime.awslambda ?? {};
  if ('streamifyResponse' in present) return;
  const awslambda = {
    streamifyResponse: <Handler extends object>(handler: Handler): Handler =>
      Object.assign(handler, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 'response' }),
    HttpResponseStream: {
      from: (stream: InvocationStream, prelude: Prelude): InvocationStream => {
        stream.setContentType(PRELUDE_TYPE);
        const metadata = JSON.stringify(prelude);
        stream._onBeforeFirstWrite = (write) => {
          write(metadata + PRELUDE_END_TEXT);
        };
        return stream;
      },
    },
  };
  runtime.awslambda = Object.assign(present, awslambda);
}
