/**
 * A pass-through behind the imitated Function URL: what the imitation itself costs.
 *
 * The least that a streaming handler can do; with BENCH_WRITES it keeps books first, as the floor.
 * hardcap is measured behind the same imitation.
 */
import { Agent, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { installAwslambda } from '../../local/function-url-response.ts';
import { type StreamingHandler, startFunctionUrlServer } from '../../local/function-url-server.ts';
import { serveControl } from '../control.ts';
import { floorBooks } from './floor-books.ts';

const { hostname, port } = new URL(process.env.BENCH_UPSTREAM ?? '');
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
const TIMEOUT_MS = 60_000;
const before = floorBooks();

interface Awslambda {
  readonly HttpResponseStream: {
    from(stream: NodeJS.WritableStream, prelude: object): NodeJS.WritableStream;
  };
}

installAwslambda();
const { HttpResponseStream } = (globalThis as unknown as { awslambda: Awslambda }).awslambda;

const handler: StreamingHandler = async ({ rawPath: path, headers, body = '' }, stream) => {
  if (before !== undefined) await before();
  await new Promise<void>((resolve, reject) => {
    const sent = request({ agent, hostname, port, method: 'POST', path, headers }, (answer) => {
      const prelude = { statusCode: answer.statusCode, headers: answer.headers };
      pipeline(answer, HttpResponseStream.from(stream, prelude)).then(resolve, reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
};

serveControl((await startFunctionUrlServer({ handler, port: 0, timeoutMs: TIMEOUT_MS })).url);
