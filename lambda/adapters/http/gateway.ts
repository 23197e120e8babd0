/**
 * The gateway's HTTP side: a Function URL event in; status, headers and a body that streams out.
 *
 * Order: door, origin, route, key, parse; then the spend guard. A door is code alone: nothing of the
 * request is read before its origin. Nothing here reads settings or the ledger.
 */
import type { Readable } from 'node:stream';
import type { GuardedAnswer, GuardedRequest } from '../../application/guarded-request.ts';
import { BODY_END_PATIENCE_MS } from '../../application/guarded-stream.ts';
import { quietTelemetry } from '../../application/quiet-telemetry.ts';
import type { SpendGuard } from '../../application/spend-guard.ts';
import { METRIC } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { answerHeaders, serverTiming } from './answer-headers.ts';
import { type CallerCredential, callerCredential } from './caller-credential.ts';
import { createClientBody } from './client-body.ts';
import { bedrockDoor } from './doors/bedrock-door.ts';
import type { AnswerForm, Door, Entry } from './doors/door.ts';
import { doorOf } from './doors/door-of-path.ts';
import { type ErrorAnswer, wireErrorOf, wireRefusalOf } from './error-response.ts';
import { createFrameReader } from './event-stream.ts';
import { countFailure } from './failure-metrics.ts';
import { createOriginCheck, type OriginCheck } from './origin-secret.ts';
import { requestWishes } from './request-wishes.ts';

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
  /** Aborts when the client has gone; a Function URL does not tell. */
  readonly left?: AbortSignal;
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
  /** A request must bring one of them. @default - none is asked for */
  readonly originSecrets?: readonly string[];
}

/** What a Function URL takes; local mode and other fronts are held to the same. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

type Answered = Awaited<ReturnType<HttpGateway['answer']>>;

export function createHttpGateway(given: HttpGatewayOptions): HttpGateway {
  const options = { ...given, telemetry: quietTelemetry(given.telemetry) };
  const originCheck = createOriginCheck(given.originSecrets ?? []);
  return {
    async answer(event, invocation) {
      // An endpoint that ends in a slash makes SDKs send `//model/...`.
      const path = event.rawPath.replace(REPEATED_SLASHES, '/');
      const arrivedMs = options.clock.elapsedMs();
      const visit: Visit = { options, originCheck, door: bedrockDoor, invocation, arrivedMs };
      options.telemetry.describe({ requestId: invocation.requestId });
      const answered = await answeredAnyway(visit, path, event);
      options.telemetry.describe({ status: String(answered.answer.statusCode) });
      return answered;
    },
  };
}

const REPEATED_SLASHES = /\/{2,}/g;

/** One request at its door. */
interface Visit {
  readonly options: HttpGatewayOptions;
  readonly originCheck: OriginCheck;
  readonly door: Door;
  readonly invocation: HttpInvocation;
  /** By the clock's `elapsedMs`. */
  readonly arrivedMs: number;
}

async function answeredAnyway(from: Visit, path: string, event: HttpEvent): Promise<Answered> {
  let visit = from;
  try {
    visit = { ...from, door: await doorOf(path) };
    return await serve(visit, path, event);
  } catch (error) {
    return at(failureAnswer(visit, error), visit.invocation);
  }
}

async function serve(visit: Visit, path: string, event: HttpEvent): Promise<Answered> {
  const { options, door, invocation } = visit;
  const headers = visit.originCheck(presentHeaders(event.headers));
  let credential: CallerCredential | undefined;
  const entry = door.enter({
    method: event.requestContext.http.method,
    path,
    headers,
    regions: options.regions,
    bytes: () => {
      // Garbage instead of a key costs neither a read of the body nor its parsing.
      credential = callerCredential(headers);
      return bodyBytes(event, headers);
    },
  });
  if ('immediate' in entry) return at(entry.immediate, invocation);
  options.telemetry.count(METRIC.requests);
  credential ??= callerCredential(headers);
  options.telemetry.describe({ key: credential.keyId });
  if ('write' in entry) {
    const { write, ...listing } = entry;
    const asked = { ...credential, ...listing };
    return at(write(await options.guard.listModels(asked)), invocation);
  }
  options.telemetry.describe({ operation: entry.operation });
  const opened: { stream?: Answered['answer'] } = {};
  const request: GuardedRequest = {
    ...credential,
    requestId: invocation.requestId,
    arrivedMs: visit.arrivedMs,
    operation: entry.operation,
    modelId: entry.modelId,
    ...(entry.namedAs !== undefined && { namedAs: entry.namedAs }),
    ...requestWishes(headers, entry),
    region: entry.region,
    body: entry.body,
    headers,
    upstreamPath: entry.upstreamPath,
    upstreamHeaders: entry.upstreamHeaders,
    deadlineAtMs: invocation.deadlineAtMs,
    createFrameReader: entry.createFrameReader ?? createFrameReader,
    openSink(head) {
      const { body, sink } = createClientBody(door.streamError);
      const sent = answerHeaders(head, invocation.requestId, undefined);
      const streamHeaders = { ...sent, ...entry.form?.streamHeaders };
      opened.stream = { statusCode: head.status, headers: streamHeaders, body };
      const formed = entry.form?.streamSink(sink, head) ?? sink;
      return { ...formed, onLeave: (call) => onLeave(invocation, call) };
    },
  };
  const answer =
    entry.freeBytes === undefined
      ? await options.guard.handle(request)
      : await options.guard.handleFree(request, entry.freeBytes);
  if (answer.kind === 'stream' && opened.stream !== undefined) {
    return { answer: opened.stream, done: answer.done };
  }
  return wholeAnswer(visit, entry, answer);
}

function onLeave({ left }: HttpInvocation, call: () => void): void {
  if (left?.aborted === true) call();
  else left?.addEventListener('abort', call, { once: true });
}

/** An answer that is whole, and whose body the client may have before the books are closed. */
function wholeAnswer(visit: Visit, entry: Entry, answer: GuardedAnswer): Answered {
  const { options, door, invocation } = visit;
  if (answer.kind === 'refused') {
    const refusal = door.errorAnswer(wireRefusalOf(answer.refusal, options.overCapStatus));
    const headers = { ...refusal.headers, 'server-timing': serverTiming(answer.timings) };
    return at({ ...refusal, headers }, invocation, answer.done);
  }
  if (answer.kind === 'stream') throw new HardcapError('invariant_broken', 'a stream has no body');
  const { head, costNanoUsd, settled, done } = answer;
  if (head.status >= 400) options.telemetry.count(METRIC.errors);
  let written: ReturnType<AnswerForm['whole']>;
  try {
    written = entry.form?.whole(head, answer.body) ?? { headers: {}, body: answer.body };
  } catch (error) {
    // The request is settled all the same, and its books are waited for.
    return at(failureAnswer(visit, error), invocation, done);
  }
  const { body, sink } = createClientBody(door.streamError);
  void sink.write(written.body);
  // The body ends once it is settled: a sequential client never meets its own reservation.
  const ended = Promise.race([settled, options.clock.sleep(BODY_END_PATIENCE_MS)]).then(() =>
    sink.end(),
  );
  const headers = answerHeaders(head, invocation.requestId, costNanoUsd);
  return {
    answer: { statusCode: head.status, headers: { ...headers, ...written.headers }, body },
    done: Promise.all([ended, done]).then(() => undefined),
  };
}

function at(error: ErrorAnswer, invocation: HttpInvocation, done = Promise.resolve()): Answered {
  const headers = { ...error.headers, 'x-hardcap-request-id': invocation.requestId };
  return { answer: { statusCode: error.status, headers, body: error.body }, done };
}

function failureAnswer({ options, door, invocation }: Visit, error: unknown): ErrorAnswer {
  countFailure(options.telemetry, error);
  const isOurs = error instanceof HardcapError;
  const answer = door.errorAnswer(wireErrorOf(error, invocation.requestId));
  // That an operation is not served is no fault.
  if (answer.status >= 500 && answer.status !== 501) {
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
