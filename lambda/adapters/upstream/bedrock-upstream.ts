/**
 * The Upstream port on Bedrock Runtime: raw requests, signed by the SDK's signer, sent once.
 *
 * Bodies pass as bytes: an SDK's model of an operation would drop members that it does not know.
 * Not here: retries. Every attempt may be billed.
 */
import type { Agent as HttpAgent, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpRequest } from '@smithy/protocol-http';
import type { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../ports/clock.ts';
import type { TokenCounter } from '../../ports/token-counter.ts';
import {
  type Upstream,
  UpstreamFailure,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../ports/upstream.ts';
import { chunksOf } from './answer-chunks.ts';
import { bedrockUrl, type Credentials, createSigners } from './bedrock-signing.ts';
import { createBedrockTokenCounter } from './bedrock-token-counter.ts';
import { keepFresh } from './fresh-sockets.ts';
import { openAhead } from './opened-ahead.ts';
import { isCertainlyNotSent, noteEarlyErrors } from './send-failure.ts';

export interface BedrockUpstreamOptions {
  readonly clock: Clock;
  /** Another endpoint that speaks Bedrock's API; absent: Bedrock of the request's region. */
  readonly endpoint?: URL;
  readonly credentials: Credentials;
}

const CONNECT_TIMEOUT_MS = 3_000;
const MAX_SOCKETS = 512;

export interface ClosableUpstream extends Upstream {
  /** Counts by the same clients, credentials and connections. */
  readonly tokenCounter: TokenCounter;
  /** Closes idle connections. */
  close(): void;
}

export function createBedrockUpstream(options: BedrockUpstreamOptions): ClosableUpstream {
  const { clock, endpoint, credentials } = options;
  const isPlain = endpoint?.protocol === 'http:';
  const agent = createAgent(isPlain);
  const closeStale = keepFresh(agent, clock.nowMs);
  noteEarlyErrors(agent, isPlain ? 'connect' : 'secureConnect');
  // After the noting: what is opened ahead is noted too.
  const ahead = openAhead(agent, clock.nowMs);
  const requestHandler = new NodeHttpHandler({
    [isPlain ? 'httpAgent' : 'httpsAgent']: agent,
    connectionTimeout: CONNECT_TIMEOUT_MS,
  });
  const urlOf = (region: string): URL => endpoint ?? bedrockUrl(region);
  const signerOf = createSigners(credentials);
  const tokenCounter = createBedrockTokenCounter((region) => {
    closeStale();
    return {
      region,
      requestHandler,
      maxAttempts: 1,
      // Not by an API key: in the environment there may be one that is meant for hardcap itself.
      authSchemePreference: ['sigv4'],
      endpoint: async () => toEndpoint(urlOf(region)),
      credentials,
    };
  });
  return {
    tokenCounter,
    async send(request, signal) {
      closeStale();
      const signed = await sign(signerOf, urlOf, request);
      return transmit(requestHandler, signed, signal);
    },
    open(region) {
      closeStale();
      ahead.open(urlOf(region));
    },
    close() {
      ahead.close();
      requestHandler.destroy();
    },
  };
}

/**
 * Not by an import of node:http: that reads each of its exports, one of which then loads Node's own
 * WebSocket and fetch, a tenth of the time in which an instance starts.
 */
function createAgent(isPlain: boolean): HttpAgent {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
  return isPlain
    ? new (process.getBuiltinModule('node:http').Agent)(options)
    : new HttpsAgent(options);
}

const toEndpoint = (url: URL) => ({
  protocol: url.protocol,
  hostname: url.hostname,
  ...(url.port === '' ? {} : { port: Number(url.port) }),
  path: url.pathname,
});

async function sign(
  signerOf: (region: string) => SignatureV4,
  urlOf: (region: string) => URL,
  request: UpstreamRequest,
): Promise<HttpRequest> {
  try {
    const url = urlOf(request.region);
    const unsigned = new HttpRequest({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname.replace(/\/+$/, '') + request.path,
      headers: {
        ...request.headers,
        host: url.host,
        'content-length': String(request.body.byteLength),
      },
      body: request.body,
    });
    return HttpRequest.clone((await signerOf(request.region).sign(unsigned)) as HttpRequest);
  } catch (cause) {
    throw new UpstreamFailure('not-sent', `the request could not be signed: ${text(cause)}`, cause);
  }
}

async function transmit(
  requestHandler: NodeHttpHandler,
  signed: HttpRequest,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  if (signal.aborted) {
    throw new UpstreamFailure('not-sent', 'the time ended before the request was sent', undefined);
  }
  try {
    const { response } = await requestHandler.handle(signed, { abortSignal: signal });
    const body: IncomingMessage = response.body;
    return {
      status: response.statusCode,
      headers: lowerCased(response.headers),
      body: chunksOf(body),
      abort: () => {
        body.destroy();
      },
    };
  } catch (cause) {
    const sent = isCertainlyNotSent(cause) ? 'not-sent' : 'unknown';
    throw new UpstreamFailure(sent, `Bedrock did not answer: ${text(cause)}`, cause);
  }
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
