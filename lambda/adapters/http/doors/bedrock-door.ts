/**
 * Bedrock Runtime's own wire: AWS SDKs come in here, and get what Bedrock answers byte for byte.
 */
import { HardcapError } from '../../../domain/errors.ts';
import { isConverse, isStreaming, OPERATIONS, type Operation } from '../../../domain/operation.ts';
import { type JsonObject, parseBody } from '../../../domain/request-body.ts';
import type { ErrorAnswer, WireError } from '../error-response.ts';
import { exceptionFrame } from '../event-stream.ts';
import { routeOf, UNSERVED_OPERATIONS, upstreamPath } from '../route.ts';
import type { Door, DoorRequest, DoorRoute, Entry, Immediate } from './door.ts';

const HEALTHY: ErrorAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'ok' }),
};

const modelRoute = (operation: Operation): DoorRoute => ({
  method: 'POST',
  path: `/model/{modelId}/${operation}`,
  outcome: operation === 'count-tokens' ? 'free' : 'reserved',
});

/** It owns every path that no other door does. */
export const bedrockDoor: Door = {
  routes: [
    ...OPERATIONS.map(modelRoute),
    { method: 'POST', path: '/guardrail/{guardrail}/version/{version}/apply', outcome: 'reserved' },
    { method: 'POST', path: '/guardrail-checks/invoke', outcome: 'reserved' },
    ...UNSERVED_OPERATIONS.map(
      ({ method, path }): DoorRoute => ({ method, path, outcome: 'refused' }),
    ),
    { method: 'GET', path: '/healthz', outcome: 'answered' },
  ],
  enter,
  errorAnswer: bedrockErrorAnswer,
  streamError: exceptionFrame,
};

function enter(request: DoorRequest): Entry | Immediate {
  const { method, path, headers } = request;
  const route = routeOf(method, path, request.regions);
  if (route.kind === 'health') return { immediate: HEALTHY };
  if (route.kind === 'unknown') {
    throw new HardcapError('unknown_route', `unknown_route: hardcap serves no ${method} ${path}`);
  }
  if (route.kind === 'unserved') {
    throw new HardcapError(
      'operation_not_served',
      `operation_not_served: hardcap does not serve ${route.operation}: ${route.why}`,
      { details: { operation: route.operation } },
    );
  }
  if (route.kind === 'guardrail') {
    const { operation, modelId, region } = route;
    return {
      operation,
      modelId,
      region,
      body: parseBody(request.bytes()),
      upstreamPath: () => route.upstreamPath,
      upstreamHeaders: { 'content-type': 'application/json', accept: 'application/json' },
    };
  }
  const { operation, modelId, region } = route;
  const bytes = request.bytes();
  const isFree = operation === 'count-tokens';
  return {
    operation,
    modelId,
    region,
    body: isFree ? {} : parseBody(bytes),
    ...(isFree && { freeBytes: bytes }),
    upstreamPath: (id) => upstreamPath(id, operation),
    upstreamHeaders: upstreamHeaders(operation, headers),
  };
}

/** The type stands in a header and in the body, as a Function URL may rename the header. */
export function bedrockErrorAnswer(error: WireError): ErrorAnswer {
  const { status, type, message, fields } = error;
  return {
    status,
    headers: { ...error.headers, 'content-type': 'application/json', 'x-amzn-errortype': type },
    body: JSON.stringify({ __type: type, message, ...fields }),
  };
}

/** The message of an error of Bedrock's: what stands before its operations may write `Message`. */
export function bedrockMessageOf({ message, Message }: JsonObject): string {
  if (typeof message === 'string') return message;
  return typeof Message === 'string' ? Message : 'Bedrock gave no message';
}

/** Headers of Bedrock's own; those that move the cost are here only if the estimate let them. */
const PASSED_ON = [
  'x-amzn-bedrock-guardrailidentifier',
  'x-amzn-bedrock-guardrailversion',
  'x-amzn-bedrock-service-tier',
  'x-amzn-bedrock-performanceconfig-latency',
  'x-amzn-bedrock-trace',
  'x-amzn-bedrock-request-metadata',
] as const;

/** What a request can be signed and sent with: found out later, it might have been sent. */
const PLAIN_TEXT = /^[\t\x20-\x7e]*$/;

function upstreamHeaders(
  operation: Operation,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const built: Record<string, string> = { 'content-type': 'application/json' };
  if (!isStreaming(operation)) built.accept = 'application/json';
  else if (!isConverse(operation)) built['x-amzn-bedrock-accept'] = 'application/json';
  return { ...built, ...bedrockHeaders(headers) };
}

/**
 * The headers of a request that are Bedrock's own, as they are passed on.
 *
 * @throws HardcapError invalid_request
 */
export function bedrockHeaders(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = headers[name];
    if (value === undefined) continue;
    if (!PLAIN_TEXT.test(value)) {
      throw new HardcapError(
        'invalid_request',
        `invalid_request: the header ${name} holds characters other than plain ASCII text`,
      );
    }
    passed[name] = value;
  }
  return passed;
}
