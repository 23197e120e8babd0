/**
 * A running stream under guard: relayed, metered, watched, and settled when it ends or is cut.
 *
 * Invariant: the counter refuses before the client learns of a cut, as clients resend at once.
 */
import { METRIC } from '../contract.ts';
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
import { createExtension } from './stream-extension.ts';
import { type RelayEnd, type RunningRelay, relayStream } from './stream-relay.ts';
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
  const { telemetry } = ports;
  const meter = createUsageMeter({
    operation: request.operation,
    model,
    headers: response.headers,
    oneHourCacheWrites: prepared.oneHourCacheWrites,
  });
  const reader = request.createFrameReader();
  const sink = request.openSink(answerHead(reserved, response, undefined));
  const extension = createExtension(ports, options, {
    reserved,
    keyId: request.keyId,
    cut: (reason) => relay.cut(reason),
  });
  const relay: RunningRelay = relayStream(response, reader, meter, sink, extension);
  if (options.whenClientLeaves === 'settle') sink.onLeave?.(() => relay.cut(LEFT));
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
    if (end.isDamaged === true || end.broken !== undefined) {
      telemetry.count(METRIC.streamsDamaged);
    }
    const idle = extension?.stop();
    const seen = extension === undefined ? {} : { seenNanoUsd: extension.seenNanoUsd() };
    const ending = { ...endingOf(ports, options, reserved, response.status, end), ...seen };
    await endStream(ports, reserved, sink, end, ending);
    await Promise.all([reserved.settlement.done, idle]);
  });
  return { kind: 'stream', done };
}

const BROKEN_OFF: StreamError = {
  type: 'internalServerException',
  message: 'upstream_failed: the stream of Bedrock broke off',
};

const LEFT: CutReason = { kind: 'left', message: 'the client has left' };

/** Undefined where nobody is left to be told. */
function cutError(cut: CutReason): StreamError | undefined {
  switch (cut.kind) {
    case 'left':
      return undefined;
    case 'deadline':
      return { type: 'internalServerException', message: `upstream_timeout: ${cut.message}` };
    case 'unavailable':
      return { type: 'internalServerException', message: `ledger_unavailable: ${cut.message}` };
    case 'key':
      return { type: 'validationException', message: `budget_exceeded: ${cut.message}` };
    case 'cap': {
      const message = `budget_exceeded: ${cut.message}`;
      return { type: 'validationException', message, cap: cut.cap };
    }
  }
}

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
  const broken = end.broken === undefined ? undefined : BROKEN_OFF;
  const error = end.cut === undefined ? broken : cutError(end.cut);
  if (error !== undefined) sink.fail(error);
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
  if (end.cut.kind === 'left') return { ...uncut, reason: end.cut.message };
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
