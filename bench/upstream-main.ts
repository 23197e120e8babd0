/**
 * The benchmark's upstream: canned answers in Bedrock's wire format, as cheap as Node serves them.
 *
 * A stream's frames go out one by one, so that each can arrive as a chunk of its own.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CONVERSE_ANSWER, floodFrames, STREAM_FRAMES } from './answers.ts';
import { serveControl } from './control.ts';
import { FLOOD_MARK } from './scenarios.ts';

const IS_STREAM = /converse-stream$/;

const server = createServer({ keepAliveTimeout: 0, noDelay: true }, (request, response) => {
  // The prompt says what answer it wants: nothing else comes through every gateway.
  let asked = '';
  request.once('data', (chunk: Buffer) => {
    asked = chunk.subarray(0, 200).toString('latin1');
  });
  request.resume();
  request.on('end', () => {
    if (!IS_STREAM.test(request.url ?? '')) answerWhole(response);
    else if (asked.includes(FLOOD_MARK)) void answerFlood(response);
    else answerStream(response, Number(/pace (\d+) ms/.exec(asked)?.[1] ?? 0));
  });
});

function answerWhole(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': CONVERSE_ANSWER.length,
    'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
  });
  response.end(CONVERSE_ANSWER);
}

const STREAM_HEADERS = {
  'content-type': 'application/vnd.amazon.eventstream',
  'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
};

/** As much as whoever reads has room for, and no more. */
async function answerFlood(response: ServerResponse): Promise<void> {
  response.writeHead(200, STREAM_HEADERS);
  await pipeline(Readable.from(floodFrames()), response).catch(() => undefined);
}

function answerStream(response: ServerResponse, paceMs: number): void {
  response.writeHead(200, STREAM_HEADERS);
  let at = 0;
  const sendNext = (): void => {
    const frame = STREAM_FRAMES[at];
    at += 1;
    if (frame === undefined) response.end();
    else {
      response.write(frame);
      if (paceMs === 0) setImmediate(sendNext);
    }
    if (frame === undefined) clearInterval(timer);
  };
  const timer = paceMs === 0 ? undefined : setInterval(sendNext, paceMs);
  sendNext();
}

server.listen(0, '127.0.0.1', () => {
  serveControl(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
