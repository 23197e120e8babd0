/**
 * The Upstream port on Bedrock Runtime: raw requests, signed by the SDK's signer, sent once.
 *
 * Bodies pass as bytes: an SDK's model of an operation would drop members that it does not know.
 * Not here: retries. Every attempt may be billed.
 */
import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  BedrockRuntimeClient,
  type BedrockRuntimeClientConfig,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpRequest } from '@smithy/protocol-http';
import type { Clock } from '../../ports/clock.ts';
import type { TokenCounter } from '../../ports/token-counter.ts';
import {
  type Upstream,
  UpstreamFailure,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../ports/upstream.ts';
import { createBedrockTokenCounter } from './bedrock-token-counter.ts';
import { keepFresh } from './fresh-sockets.ts';
import { isCertainlyNotSent, noteEarlyErrors } from './send-failure.ts';

export interface BedrockUpstreamOptions {
  readonly clock: Clock;
  /** Another endpoint that speaks Bedrock's API; absent: Bedrock of the request's region. */
  readonly endpoint?: URL;
  readonly credentials?: NonNullable<BedrockRuntimeClientConfig['credentials']>;
}

const CONNECT_TIMEOUT_MS = 3_000;
const MAX_SOCKETS = 512;
const SIGNING_NAME = 'bedrock';

export interface ClosableUpstream extends Upstream {
  /** Counts by the same clients, credentials and connections. */
  readonly tokenCounter: TokenCounter;
  /** Closes idle connections. */
  close(): void;
}

export function createBedrockUpstream(options: BedrockUpstreamOptions): ClosableUpstream {
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const closeStale = [httpAgent, httpsAgent].map((agent) => keepFresh(agent, options.clock.nowMs));
  noteEarlyErrors(httpAgent, 'connect');
  noteEarlyErrors(httpsAgent, 'secureConnect');
  const requestHandler = new NodeHttpHandler({
    httpAgent,
    httpsAgent,
    connectionTimeout: CONNECT_TIMEOUT_MS,
  });
  const clients = new Map<string, BedrockRuntimeClient>();
  const clientOf = (region: string): BedrockRuntimeClient => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client: BedrockRuntimeClient = new BedrockRuntimeClient({
      region,
      requestHandler,
      maxAttempts: 1,
      // Not by an API key: in the environment there may be one that is meant for hardcap itself.
      authSchemePreference: ['sigv4'],
      endpoint: async () => toEndpoint(endpointUrl(client, region, options.endpoint)),
      ...(options.credentials && { credentials: options.credentials }),
    });
    clients.set(region, client);
    return client;
  };
  const tokenCounter = createBedrockTokenCounter((region) => {
    for (const close of closeStale) close();
    return clientOf(region);
  });
  return {
    tokenCounter,
    async send(request, signal) {
      for (const close of closeStale) close();
      const signed = await sign(clientOf(request.region), request, options.endpoint);
      return transmit(requestHandler, signed, signal);
    },
    close: () => requestHandler.destroy(),
  };
}

/**
 * Where Bedrock of this region is. The endpoint rules are asked directly: an environment that
 * points AWS SDKs at hardcap (AWS_ENDPOINT_URL_BEDROCK_RUNTIME) must not point hardcap at itself.
 */
const endpointUrl = (
  client: BedrockRuntimeClient,
  region: string,
  endpoint: URL | undefined,
): URL =>
  endpoint ??
  client.config.endpointProvider({ Region: region, UseFIPS: false, UseDualStack: false }).url;

const toEndpoint = (url: URL) => ({
  protocol: url.protocol,
  hostname: url.hostname,
  ...(url.port === '' ? {} : { port: Number(url.port) }),
  path: url.pathname,
});

async function sign(
  client: BedrockRuntimeClient,
  request: UpstreamRequest,
  endpoint: URL | undefined,
): Promise<HttpRequest> {
  try {
    const url = endpointUrl(client, request.region, endpoint);
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
    const signer = await client.config.signer({
      name: 'sigv4',
      signingName: SIGNING_NAME,
      signingRegion: request.region,
      properties: {},
    });
    return HttpRequest.clone((await signer.sign(unsigned)) as HttpRequest);
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
      body,
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
