/**
 * Sends a reserved request to Bedrock, once, and sees to it that its end is settled.
 *
 * Invariant: every way out has called `Settlement.finish`, or has handed the reservation to a
 *            running stream that will.
 */
import { METRIC } from '../contract.ts';
import { HardcapError } from '../domain/errors.ts';
import { formatUsd } from '../domain/money.ts';
import { isConverse, isStreaming } from '../domain/operation.ts';
import { METADATA_HEADER } from '../domain/request-tags.ts';
import { metadataHeaderWith, withReservation } from '../domain/reservation-note.ts';
import { usageFromAnswer } from '../domain/usage.ts';
import type { Clock } from '../ports/clock.ts';
import { UpstreamFailure, type UpstreamRequest, type UpstreamResponse } from '../ports/upstream.ts';
import { answerHead } from './answer-head.ts';
import { atNothing, byUsage, inFull } from './endings.ts';
import type {
  GuardedAnswer,
  GuardedRequest,
  Reserved,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import { startStream } from './guarded-stream.ts';
import { mostReserved } from './reserve-all.ts';
import { type Ending, mostCharged } from './settlement.ts';
import { errorTypeOf, isCertainlyNotBilled } from './upstream-verdict.ts';

/** @throws HardcapError upstream_failed or upstream_timeout, after the reservation has ended */
export async function sendOnce(
  ports: SpendGuardPorts,
  options: SpendGuardOptions,
  request: GuardedRequest,
  reserved: Reserved,
): Promise<GuardedAnswer> {
  const { clock } = ports;
  const { model } = reserved.admission;
  const startedMs = clock.elapsedMs();
  const deadline = deadlineSignal(clock, request.deadlineAtMs);
  let response: UpstreamResponse | undefined;
  try {
    if (clock.nowMs() >= request.deadlineAtMs) {
      throw new UpstreamFailure('not-sent', 'no time was left to ask Bedrock', undefined);
    }
    response = await ports.upstream.send(
      {
        region: request.region,
        path: request.upstreamPath(model.modelId, model.baseModelId),
        ...notedRequest(options, request, reserved),
      },
      deadline.signal,
    );
    const upstreamMs = clock.elapsedMs() - startedMs;
    ports.telemetry.count(METRIC.upstreamLatencyMs, upstreamMs);
    const timed = { ...reserved, timings: { ...reserved.timings, upstreamMs } };
    const isOk = response.status >= 200 && response.status < 300;
    if (isOk && isStreaming(request.operation)) {
      return startStream(ports, options, request, timed, response);
    }
    const body = await readWhole(response, options.maxAnswerBytes);
    return isOk ? completed(request, timed, response, body) : rejected(timed, response, body);
  } catch (error) {
    response?.abort();
    throw await failed(reserved, error, deadline.signal.aborted);
  } finally {
    deadline.cancel();
  }
}

/** What is sent, with the reservation's id in its metadata: AWS's log shows it there. */
function notedRequest(
  options: SpendGuardOptions,
  { operation, body: asked, upstreamHeaders: headers }: GuardedRequest,
  { admission, reservationId }: Reserved,
): Pick<UpstreamRequest, 'headers' | 'body'> {
  const { body } = admission.prepared;
  if (!options.notesReservation) return { headers, body };
  if (isConverse(operation)) {
    return { headers, body: withReservation(body, asked.requestMetadata, reservationId) };
  }
  const metadata = metadataHeaderWith(headers[METADATA_HEADER], reservationId);
  return { headers: { ...headers, [METADATA_HEADER]: metadata }, body };
}

/** Settles a request that got no whole answer, and says what the client is told. */
async function failed(
  reserved: Reserved,
  error: unknown,
  isDeadline: boolean,
): Promise<HardcapError> {
  const { admission, held, settlement } = reserved;
  const isUnsent = error instanceof UpstreamFailure && error.sent === 'not-sent';
  const reason = error instanceof Error ? error.message : String(error);
  const ending = isUnsent
    ? atNothing(502, reason)
    : inFull(admission, isDeadline ? 504 : 502, reason);
  await settlement.finish(ending);
  const told = toldOf(error);
  const costUsd = formatUsd(mostCharged(held, ending));
  const charged = isUnsent ? 'nothing is charged' : `the request is charged in full, $${costUsd}`;
  const details = {
    reservedUsd: formatUsd(mostReserved(held) ?? admission.prepared.boundNanoUsd),
    costUsd,
  };
  if (isDeadline) {
    return new HardcapError(
      'upstream_timeout',
      `upstream_timeout: Bedrock had not answered when the function's time ended; ${charged}`,
      { cause: error, details },
    );
  }
  return new HardcapError('upstream_failed', `upstream_failed: ${told}; ${charged}`, {
    cause: error,
    details,
  });
}

/** What a client may read of a failure: of a fault that nobody has foreseen, nothing. */
export const toldOf = (error: unknown): string =>
  error instanceof UpstreamFailure || error instanceof HardcapError
    ? error.message
    : 'the answer of Bedrock broke off';

function completed(
  request: GuardedRequest,
  reserved: Reserved,
  response: UpstreamResponse,
  body: Uint8Array,
): GuardedAnswer {
  const { model, prepared } = reserved.admission;
  const usage = usageFromAnswer({
    operation: request.operation,
    model,
    headers: response.headers,
    body,
    oneHourCacheWrites: prepared.oneHourCacheWrites,
  });
  return answer(reserved, response, body, byUsage(reserved.admission, usage, response.status));
}

/** An error of Bedrock's: passed on as it is; released only where it is certainly not billed. */
function rejected(reserved: Reserved, response: UpstreamResponse, body: Uint8Array): GuardedAnswer {
  const { status } = response;
  const { type, message } = errorTypeOf(response.headers, body);
  const ending = isCertainlyNotBilled(type, message)
    ? atNothing(status, type)
    : inFull(reserved.admission, status, type === '' ? 'error of no known type' : type);
  return answer(reserved, response, body, ending);
}

function answer(
  reserved: Reserved,
  response: UpstreamResponse,
  body: Uint8Array,
  ending: Ending,
): GuardedAnswer {
  return {
    kind: 'complete',
    head: answerHead(reserved, response, ending.costNanoUsd),
    body,
    costNanoUsd: ending.costNanoUsd,
    settled: reserved.settlement.finish(ending),
    done: reserved.settlement.done,
  };
}

/**
 * The whole body of an answer that is not a stream.
 *
 * @throws HardcapError `upstream_failed` where it is larger than `maxBytes`; the body's own error
 *         where the connection breaks
 */
export async function readWhole(response: UpstreamResponse, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new HardcapError('upstream_failed', `the answer is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** Given, as an abort without one makes an error with a stack for every request. */
const CANCELLED = 'the answer came in time';

/** A signal that aborts at `deadlineAtMs`, unless cancelled before. */
export function deadlineSignal(clock: Clock, deadlineAtMs: number) {
  const expiry = new AbortController();
  const waiting = new AbortController();
  clock.sleep(Math.max(0, deadlineAtMs - clock.nowMs()), waiting.signal).then(
    () => expiry.abort(),
    () => {},
  );
  return { signal: expiry.signal, cancel: () => waiting.abort(CANCELLED) };
}
