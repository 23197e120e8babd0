/**
 * A running stream under guard: relayed, metered, watched, and settled when it ends or is cut.
 *
 * Invariant: the counter refuses before the client learns of a cut, as clients resend at once.
 */
import { createUsageMeter } from '../domain/usage.ts';
import type { AnswerSink, CutReason, StreamError } from '../ports/stream.ts';
import type { UpstreamResponse } from '../ports/upstream.ts';
import { answerHead } from './answer-head.ts';
import { atNothing, byUsage } from './endings.ts';
import type {
  GuardedAnswer,
  GuardedRequest,
  Reserved,
  SpendGuardOptions,
  SpendGuardPorts,
} from './guarded-request.ts';
import type { Ending } from './settlement.ts';
import { type RelayEnd, relayStream } from './stream-relay.ts';
import { watchStream } from './stream-watch.ts';
import { capitalised, isCertainlyNotBilled } from './upstream-verdict.ts';

/** How long the end of a body waits for its settle, so that a client never meets its own. */
export const BODY_END_PATIENCE_MS = 250;

/** A running stream looks at the settings no oftener, whatever age is allowed. */
const MIN_WATCH_INTERVAL_MS = 250;

/** Starts to relay; the answer's `done` resolves once the stream has ended and is settled. */
export function startStream(
  ports: SpendGuardPorts,
  options: SpendGuardOptions,
  request: GuardedRequest,
  reserved: Reserved,
  response: UpstreamResponse,
): GuardedAnswer {
  const { model, prepared } = reserved.admission;
  const meter = createUsageMeter({
    operation: request.operation,
    model,
    headers: response.headers,
    oneHourCacheWrites: prepared.oneHourCacheWrites,
  });
  const reader = request.createFrameReader();
  const sink = request.openSink(answerHead(reserved, response, prepared.boundNanoUsd));
  const relay = relayStream(response, reader, meter, sink);
  const watching = new AbortController();
  void watchStream(
    ports,
    { ...reserved, keyText: request.keyText, deadlineAtMs: request.deadlineAtMs },
    Math.max(options.settingsMaxAgeMs, MIN_WATCH_INTERVAL_MS),
    watching.signal,
  ).then((reason) => {
    if (reason !== undefined) relay.cut(reason);
  });
  const done = relay.end.then(async (end) => {
    watching.abort();
    const ending = endingOf(ports, options, reserved, response.status, end);
    await endStream(ports, reserved, sink, end, ending);
    await reserved.settlement.done;
  });
  return { kind: 'stream', done };
}

const BROKEN_OFF: StreamError = {
  type: 'internalServerException',
  message: 'upstream_failed: the stream of Bedrock broke off',
};

const cutError = (cut: CutReason): StreamError =>
  cut.kind === 'deadline'
    ? { type: 'internalServerException', message: `upstream_timeout: ${cut.message}` }
    : { type: 'validationException', message: `budget_exceeded: ${cut.message}` };

async function endStream(
  ports: SpendGuardPorts,
  reserved: Reserved,
  sink: AnswerSink,
  end: RelayEnd,
  ending: Ending,
): Promise<void> {
  const settled = reserved.settlement.finish(ending);
  const patience = ports.clock.sleep(BODY_END_PATIENCE_MS);
  await (end.cut?.kind === 'cap' ? settled : Promise.race([settled, patience]));
  if (end.cut !== undefined) sink.fail(cutError(end.cut));
  else if (end.broken !== undefined) sink.fail(BROKEN_OFF);
  sink.end();
}

function endingOf(
  ports: SpendGuardPorts,
  options: SpendGuardOptions,
  reserved: Reserved,
  status: number,
  end: RelayEnd,
): Ending {
  const { rejection } = end;
  const isFree =
    rejection !== undefined && isCertainlyNotBilled(capitalised(rejection.type), rejection.message);
  const uncut = isFree
    ? atNothing(status, rejection.type)
    : byUsage(reserved.admission, end.usage, status);
  if (end.cut === undefined) return uncut;
  const cut =
    end.cut.kind === 'cap'
      ? { cut: holdShut(end.cut, ports.clock.nowMs() + options.cutHoldMs) }
      : {};
  return { ...uncut, outcome: 'cut', reason: end.cut.message, ...cut };
}

const holdShut = (cut: Extract<CutReason, { kind: 'cap' }>, untilMs: number) => ({
  counterPk: cut.counterPk,
  untilMs,
});
