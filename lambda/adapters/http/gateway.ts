/**
 * The gateway's HTTP side: a Function URL event in; status, headers and a body that streams out.
 *
 * Order: route, key, parse; then the spend guard. Nothing here reads settings or the ledger.
 */
import type { Readable } from 'node:stream';
import type { GuardedAnswer, GuardedRequest } from '../../application/guarded-request.ts';
import { BODY_END_PATIENCE_MS } from '../../application/guarded-stream.ts';
import { quietTelemetry } from '../../application/quiet-telemetry.ts';
import type { SpendGuard } from '../../application/spend-guard.ts';
import { METRIC } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import { isConverse, isStreaming, type Operation } from '../../domain/operation.ts';
import { type JsonObject, parseBody } from '../../domain/request-body.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { answerHeaders, serverTiming } from './answer-headers.ts';
import { callerCredential } from './caller-credential.ts';
import { createClientBody } from './client-body.ts';
import { capRefusedAnswer, type ErrorAnswer, errorAnswer } from './error-response.ts';
import { exceptionFrame } from './event-stream.ts';
import { routeOf, upstreamPath } from './route.ts';

/** The parts of a Function URL's event (payload 2.0) that are read. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpInvocation {
  readonly requestId: string;
  /** Epoch milliseconds at which the answer must have ended. */
  readonly deadlineAtMs: number;
}

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string | Readable;
}

export interface HttpGateway {
  /** Answers anything; never rejects. `done` resolves when books and journal are written. */
  answer(
    event: HttpEvent,
    invocation: HttpInvocation,
  ): Promise<{ readonly answer: HttpAnswer; readonly done: Promise<void> }>;
}

export interface HttpGatewayOptions {
  readonly guard: SpendGuard;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The first is the one of a path that names none. */
  readonly regions: readonly string[];
  /** 429 or 402. */
  readonly overCapStatus: number;
}

/** What a Function URL takes; local mode and other fronts are held to the same. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

type Answered = Awaited<ReturnType<HttpGateway['answer']>>;

export function createHttpGateway(given: HttpGatewayOptions): HttpGateway {
  const options = { ...given, telemetry: quietTelemetry(given.telemetry) };
  return {
    async answer(event, invocation) {
      try {
        return await serve(options, event, invocation);
      } catch (error) {
        return at(failureAnswer(options, error, invocation), invocation);
      }
    },
  };
}

async function serve(
  options: HttpGatewayOptions,
  event: HttpEvent,
  invocation: HttpInvocation,
): Promise<Answered> {
  const { method } = event.requestContext.http;
  const route = routeOf(method, event.rawPath, options.regions);
  if (route.kind === 'health') return at(HEALTHY, invocation);
  if (route.kind === 'unknown') {
    const message = `unknown_route: hardcap serves no ${method} ${event.rawPath}`;
    throw new HardcapError('unknown_route', message);
  }
  options.telemetry.count(METRIC.requests);
  const headers = presentHeaders(event.headers);
  const credential = callerCredential(headers);
  const bytes = bodyBytes(event, headers);
  let stream: Readable | undefined;
  let streamHeaders: { status: number; headers: Record<string, string> } | undefined;
  const request = (body: JsonObject): GuardedRequest => ({
    ...credential,
    requestId: invocation.requestId,
    operation: route.operation,
    modelId: route.modelId,
    region: route.region,
    body,
    headers,
    upstreamPath: (modelId) => upstreamPath(modelId, route.operation),
    upstreamHeaders: upstreamHeaders(route.operation, headers),
    deadlineAtMs: invocation.deadlineAtMs,
    openSink(head) {
      const { body: clientBody, sink } = createClientBody(exceptionFrame);
      stream = clientBody;
      const sent = answerHeaders(head, invocation.requestId, undefined);
      streamHeaders = { status: head.status, headers: sent };
      return sink;
    },
  });
  const answer =
    route.operation === 'count-tokens'
      ? await options.guard.handleFree(request({}), bytes)
      : await options.guard.handle(request(parseBody(bytes)));
  if (answer.kind === 'stream' && stream !== undefined && streamHeaders !== undefined) {
    const { status, headers: sent } = streamHeaders;
    return { answer: { statusCode: status, headers: sent, body: stream }, done: answer.done };
  }
  return wholeAnswer(options, answer, invocation);
}

const HEALTHY: ErrorAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'ok' }),
};

/** An answer that is whole, and whose body the client may have before the books are closed. */
function wholeAnswer(
  options: HttpGatewayOptions,
  answer: GuardedAnswer,
  invocation: HttpInvocation,
): Answered {
  if (answer.kind === 'refused') {
    const refusal = capRefusedAnswer(answer.refusal, options.overCapStatus);
    const headers = { ...refusal.headers, 'server-timing': serverTiming(answer.timings) };
    return at({ ...refusal, headers }, invocation, answer.done);
  }
  if (answer.kind === 'stream') throw new HardcapError('invariant_broken', 'a stream has no body');
  const { head, costNanoUsd, settled, done } = answer;
  if (head.status >= 400) options.telemetry.count(METRIC.errors);
  const { body, sink } = createClientBody(exceptionFrame);
  void sink.write(answer.body);
  // The body ends once it is settled: a sequential client never meets its own reservation.
  const ended = Promise.race([settled, options.clock.sleep(BODY_END_PATIENCE_MS)]).then(() =>
    sink.end(),
  );
  const headers = answerHeaders(head, invocation.requestId, costNanoUsd);
  return {
    answer: { statusCode: head.status, headers, body },
    done: Promise.all([ended, done]).then(() => undefined),
  };
}

function at(error: ErrorAnswer, invocation: HttpInvocation, done = Promise.resolve()): Answered {
  const headers = { ...error.headers, 'x-hardcap-request-id': invocation.requestId };
  return { answer: { statusCode: error.status, headers, body: error.body }, done };
}

function failureAnswer(
  options: HttpGatewayOptions,
  error: unknown,
  invocation: HttpInvocation,
): ErrorAnswer {
  options.telemetry.count(METRIC.errors);
  const isOurs = error instanceof HardcapError;
  if (isOurs && error.code === 'settings_malformed') {
    options.telemetry.count(METRIC.malformedSettings);
  }
  if (isOurs && error.code === 'invariant_broken') options.telemetry.count(METRIC.invariantBroken);
  const answer = errorAnswer(error, invocation.requestId);
  if (answer.status >= 500) {
    options.telemetry.error(isOurs ? error.code : 'fault', {
      requestId: invocation.requestId,
      error: error instanceof Error ? error.message : String(error),
      cause: isOurs && error.cause !== undefined ? String(error.cause) : undefined,
      stack: !isOurs && error instanceof Error ? error.stack : undefined,
    });
  }
  return answer;
}

function presentHeaders(headers: HttpEvent['headers']): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) present[name.toLowerCase()] = value;
  }
  return present;
}

function bodyBytes(event: HttpEvent, headers: Readonly<Record<string, string>>): Uint8Array {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new HardcapError(
      'invalid_request',
      `invalid_request: content-encoding "${encoding}" is not read; send the body as it is`,
    );
  }
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.byteLength <= MAX_BODY_BYTES) return bytes;
  throw new HardcapError(
    'body_too_large',
    `body_too_large: ${bytes.byteLength} bytes; at most ${MAX_BODY_BYTES} pass a Function URL`,
  );
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
  for (const name of PASSED_ON) {
    const value = headers[name];
    if (value === undefined) continue;
    if (!PLAIN_TEXT.test(value)) {
      throw new HardcapError(
        'invalid_request',
        `invalid_request: the header ${name} holds characters other than plain ASCII text`,
      );
    }
    built[name] = value;
  }
  return built;
}
