/**
 * A server in Bedrock's place that remembers what it was asked, and true upstreams that ask it.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type BedrockUpstreamOptions,
  type ClosableUpstream,
  createBedrockUpstream,
} from '../../lambda/adapters/upstream/bedrock-upstream.ts';
import type { UpstreamFailure, UpstreamRequest } from '../../lambda/ports/upstream.ts';
import type { SignedRequest } from './signature-v4.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** The credentials of AWS's own examples. */
export const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'a-session-token',
};

export interface Seen extends SignedRequest {
  readonly socket: Socket;
}

export const portOf = (server: { address(): AddressInfo | string | null }): number => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

/** What one test opens; `close` closes all of it, the last first. */
export function createUpstreamBench() {
  const clock = createVirtualClock();
  const closing: (() => Promise<void> | void)[] = [];
  return {
    clock,
    onClose: (close: () => Promise<void> | void) => closing.push(close),
    async close() {
      for (const close of closing.reverse()) await close();
    },
    /** A server on a free port; `answer` is asked once a request was read. */
    async serve(answer: RequestListener) {
      const server = await listening(answer);
      closing.push(server.close);
      return server;
    },
    /** An upstream on the bench's clock; without an endpoint it asks Bedrock itself. */
    upstream(endpoint: URL | undefined, rest: Partial<BedrockUpstreamOptions> = {}) {
      const upstream: ClosableUpstream = createBedrockUpstream({
        clock,
        credentials: CREDENTIALS,
        ...(endpoint === undefined ? {} : { endpoint }),
        ...rest,
      });
      closing.push(() => upstream.close());
      return upstream;
    },
  };
}

async function listening(answer: RequestListener) {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers, socket } = request;
    seen.push({ method, url, headers, socket, body: Buffer.concat(chunks) });
    answer(request, response);
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${portOf(server)}`),
    seen,
    server,
    connections: () => connections,
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A Converse request in eu-west-1. */
export const request = (rest: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  region: 'eu-west-1',
  path: '/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse',
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: Buffer.from('{"a":"ü"}'),
  ...rest,
});

/** A signal that never aborts. */
export const forever = (): AbortSignal => new AbortController().signal;

/** The answer, its body read to the end. */
export async function exchange(upstream: ClosableUpstream, rest: Partial<UpstreamRequest> = {}) {
  const answer = await upstream.send(request(rest), forever());
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return { ...answer, text: Buffer.concat(chunks).toString() };
}

/** The failure of a send, which must fail. */
export async function failureOf(sending: Promise<unknown>): Promise<UpstreamFailure> {
  try {
    await sending;
  } catch (error) {
    return error as UpstreamFailure;
  }
  throw new Error('it was sent');
}

/** Answers with an empty object. */
export const ok: RequestListener = (_, response) => {
  response.end('{}');
};
