/**
 * A Function URL server for one test, and plain clients of it.
 */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { afterEach } from 'vitest';
import { type InvocationStream, installAwslambda } from '../../local/function-url-response.ts';
import {
  type FunctionUrlServer,
  type FunctionUrlServerOptions,
  type StreamingHandler,
  startFunctionUrlServer,
} from '../../local/function-url-server.ts';

installAwslambda();

let server: FunctionUrlServer | undefined;
const sockets: Socket[] = [];

/** Closes what the tests of the importing file open, after each of them. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server?.close();
    server = undefined;
  });
}

/** Serves the handler until the test ends. */
export async function serve(
  handler: StreamingHandler,
  options: Partial<FunctionUrlServerOptions> = {},
): Promise<FunctionUrlServer> {
  server = await startFunctionUrlServer({
    handler,
    port: 0,
    timeoutMs: 10_000,
    onHandlerError: () => undefined,
    ...options,
  });
  return server;
}

/** Opens the stream with a prelude, as a handler does. */
export const openAnswer = (
  stream: InvocationStream,
  prelude: Record<string, unknown> = {},
): InvocationStream =>
  awslambda.HttpResponseStream.from(stream, prelude) as unknown as InvocationStream;

/** Resolves when the whole answer has been taken, or the client has gone. */
export const endAnswer = (stream: InvocationStream): Promise<void> =>
  new Promise((resolve) => stream.end(() => resolve()));

/** A handler that answers with the event that it was given. */
export const echo: StreamingHandler = async (event, stream) => {
  const answer = openAnswer(stream, { headers: { 'content-type': 'application/json' } });
  answer.write(JSON.stringify(event));
  await endAnswer(answer);
};

/** Sends one request by HTTP/1.1 and resolves at the head of its answer. */
export async function send(
  options: RequestOptions,
  body?: Uint8Array | string,
): Promise<IncomingMessage> {
  const request = httpRequest({ host: '127.0.0.1', method: 'POST', ...options });
  // A reset after the answer's head is told twice: the body's reader is the one that is tested.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** The event that a request becomes. */
export async function eventOf(
  options: RequestOptions,
  body?: Uint8Array | string,
): Promise<LambdaFunctionURLEvent> {
  const { port } = await serve(echo);
  return JSON.parse(await text(await send({ port, ...options }, body)));
}

/** A raw connection that is destroyed when the test ends. */
export function connectTo(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** Looks until it is so; the test's own time-out ends it. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}
