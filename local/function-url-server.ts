/**
 * An honest imitation of a Lambda Function URL in RESPONSE_STREAM mode, on this machine.
 *
 * Owns:      the life of an invocation: limit, event, handler, time-out, answer.
 * Invariant: a client that leaves does not interrupt the handler, as on AWS.
 * Not here:  the event (function-url-event.ts) and the answer's way (function-url-response.ts).
 */
import { randomUUID } from 'node:crypto';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import {
  type DualRequest,
  type DualResponse,
  joinedHeaders,
  startDualListener,
} from './dual-listener.ts';
import {
  functionUrlEvent,
  invocationContext,
  isTextual,
  maxBodyBytes,
} from './function-url-event.ts';
import { answerJson, ClientAnswer, InvocationStream } from './function-url-response.ts';

/** A handler as `awslambda.streamifyResponse` makes it. */
export type StreamingHandler = (
  event: LambdaFunctionURLEvent,
  responseStream: InvocationStream,
  context: Context,
) => unknown;

export interface FunctionUrlServerOptions {
  readonly handler: StreamingHandler;
  /** 0 chooses a free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** The function's time-out; its answer is broken off then. */
  readonly timeoutMs: number;
  /** What this machine serves beside the function; true where it answered the request. */
  readonly ownPage?: (request: DualRequest, response: DualResponse) => boolean;
  /** Told what the runtime would log; by default one JSON line on stderr. */
  readonly onHandlerError?: (error: unknown, requestId: string) => void;
}

export interface FunctionUrlServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Invocations that run now. */
  inFlight(): number;
  /** Accepts no more and resolves when every invocation has ended or timed out. */
  close(): Promise<void>;
}

/** How long answers may still be read by slow clients when every handler has ended. */
const CLOSE_GRACE_MS = 5_000;

/**
 * Serves the handler on one port, by HTTP/1.1 and h2c.
 *
 * @throws the system's error where the port cannot be had, such as EADDRINUSE.
 */
export async function startFunctionUrlServer(
  options: FunctionUrlServerOptions,
): Promise<FunctionUrlServer> {
  const invocations = new Set<Promise<void>>();
  const listener = await startDualListener({
    port: options.port,
    ...(options.host === undefined ? {} : { host: options.host }),
    onRequest: (request, response) => {
      if (options.ownPage?.(request, response) === true) return;
      const invocation = serve(options, request, response).finally(() => {
        invocations.delete(invocation);
      });
      invocations.add(invocation);
    },
  });
  return {
    port: listener.port,
    url: `http://${options.host ?? '127.0.0.1'}:${listener.port}`,
    inFlight: () => invocations.size,
    close: async () => {
      const closed = listener.close(options.timeoutMs + CLOSE_GRACE_MS);
      while (invocations.size > 0) await Promise.all(invocations);
      await Promise.all([closed, listener.close(CLOSE_GRACE_MS)]);
    },
  };
}

/** Never rejects: whatever goes wrong is the client's answer and the log's. */
async function serve(
  options: FunctionUrlServerOptions,
  request: DualRequest,
  response: DualResponse,
): Promise<void> {
  const headers = joinedHeaders(request);
  const isText = isTextual(headers['content-type']);
  const body = await readBody(request, maxBodyBytes(isText));
  if (body === 'gone') return;
  if (body === 'too-large') {
    answerJson(response, 413, { Message: 'Request Entity Too Large' });
    return;
  }
  const requestId = randomUUID();
  const event = functionUrlEvent({ request, headers, body, isText }, requestId, Date.now());
  await invoke(options, event, requestId, new ClientAnswer(request, response));
}

/** One invocation, until the handler and its stream have ended or the time is over. */
async function invoke(
  options: FunctionUrlServerOptions,
  event: LambdaFunctionURLEvent,
  requestId: string,
  answer: ClientAnswer,
): Promise<void> {
  const stream = new InvocationStream(answer);
  const context = {
    ...invocationContext(requestId, options.timeoutMs),
    // A Function URL tells nobody; who stands before it may want to know.
    clientLeft: answer.left,
  };
  const report = options.onHandlerError ?? logHandlerError;
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_, reject) => {
    const timeOut = () => reject(new Error(`Task timed out after ${options.timeoutMs} ms`));
    timer = setTimeout(timeOut, options.timeoutMs);
  });
  try {
    await Promise.race([run(options.handler, event, stream, context), timedOut]);
  } catch (error) {
    report(error, requestId);
    answer.fail();
  } finally {
    clearTimeout(timer);
  }
}

async function run(
  handler: StreamingHandler,
  event: LambdaFunctionURLEvent,
  stream: InvocationStream,
  context: Context,
): Promise<void> {
  const streamEnded = endOf(stream);
  streamEnded.catch(() => undefined);
  const result = handler(event, stream, context);
  if (!(result instanceof Promise)) {
    throw new Error('Streaming does not support non-async handlers.');
  }
  await result;
  // As in the runtime: a handler that returns without ending its stream runs into the time-out.
  await streamEnded;
}

/** Rejects where the stream is closed before its end. */
const endOf = (stream: InvocationStream): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.once('close', () => {
      if (stream.writableFinished) resolve();
      else reject(stream.errored ?? new Error('The stream was closed before its end.'));
    });
  });

function logHandlerError(error: unknown, requestId: string): void {
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const line = { level: 'ERROR', message: 'Invoke Error', requestId, error: shown };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** The whole body; a body over the limit is read to its end and thrown away. */
function readBody(request: DualRequest, maxBytes: number): Promise<Buffer | 'too-large' | 'gone'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bodyBytes = 0;
    const gone = (): void => resolve('gone');
    request.on('error', gone);
    request.on('aborted', gone);
    request.on('close', gone);
    request.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
      // A client that is answered while it still writes may see a reset in place of the answer.
      if (bodyBytes > maxBytes) chunks.length = 0;
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      if (bodyBytes > maxBytes) resolve('too-large');
      else resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks, bodyBytes));
    });
  });
}
