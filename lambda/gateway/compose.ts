/**
 * Puts the gateway together: adapters into the application, the application behind middy's
 * streaming handler. The function and local mode differ only in what they pass in.
 */
import type { Readable } from 'node:stream';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import type { DynamoCalls } from '../adapters/dynamodb/dynamo-calls.ts';
import { createHttpGateway } from '../adapters/http/gateway.ts';
import { createDynamoLedger } from '../adapters/ledger/dynamo-ledger.ts';
import { createDynamoSettings } from '../adapters/settings/dynamo-settings.ts';
import { quietTelemetry } from '../application/quiet-telemetry.ts';
import { createSpendGuard } from '../application/spend-guard.ts';
import { withProfiles } from '../application/spend-guard-with-profiles.ts';
import { METRIC } from '../contract.ts';
import { WindowClock } from '../domain/window.ts';
import type { Clock } from '../ports/clock.ts';
import type { ProfileDirectory } from '../ports/profile-directory.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TokenCounter } from '../ports/token-counter.ts';
import type { Upstream } from '../ports/upstream.ts';
import type { GatewayEnvironment } from './environment.ts';

export interface GatewayParts {
  readonly environment: GatewayEnvironment;
  /** With short time-outs. */
  readonly dynamo: DynamoCalls;
  readonly upstream: Upstream;
  /** Absent: nothing is counted, and the bounds by bytes stand. */
  readonly tokenCounter?: TokenCounter;
  readonly profiles: ProfileDirectory;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** A handler as the runtime calls it, once middy has wrapped it for streaming. */
export type StreamingHandler = (
  event: LambdaFunctionURLEvent,
  responseStream: NodeJS.WritableStream,
  context: Context,
) => Promise<void>;

const CUT_HOLD_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** What is left of the function's time for cutting, settling and answering. */
const MAX_DEADLINE_MARGIN_MS = 5_000;
const DEADLINE_MARGIN_PERCENT = 10;

export function composeGateway(parts: GatewayParts): StreamingHandler {
  const { environment, dynamo, upstream, tokenCounter, profiles, clock } = parts;
  const telemetry = quietTelemetry(parts.telemetry);
  const settings = createDynamoSettings({
    dynamo,
    tableName: environment.settingsTable,
    clock,
  });
  const spendGuard = createSpendGuard(
    {
      ledger: createDynamoLedger({
        dynamo,
        tableName: environment.ledgerTable,
        clock,
        maxInFlight: environment.maxInFlight,
        journalDays: environment.journalDays,
        reservationMarginMs: environment.reservationMarginMs,
        onRetry: () => telemetry.count(METRIC.ledgerRetries),
      }),
      settings,
      upstream,
      ...(tokenCounter && { tokenCounter }),
      clock,
      telemetry,
    },
    {
      windows: new WindowClock(),
      allowUncovered: environment.allowUncovered,
      allowFields: environment.allowFields,
      maxTagCounters: environment.maxTagCounters,
      notesReservation: environment.notesReservation,
      settingsMaxAgeMs: environment.settingsMaxAgeMs,
      reservationMarginMs: environment.reservationMarginMs,
      overCapStatus: environment.overCapStatus,
      cutHoldMs: CUT_HOLD_MS,
      whenClientLeaves: environment.whenClientLeaves,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    },
  );
  const { regions, overCapStatus, settingsMaxAgeMs, originSecrets } = environment;
  const guard = withProfiles(spendGuard, { profiles, settings, clock }, settingsMaxAgeMs);
  const gateway = createHttpGateway({
    guard,
    clock,
    telemetry,
    regions,
    overCapStatus,
    originSecrets,
  });
  /** What an invocation still has to do once its bytes are out, by the runtime's context. */
  const unfinished = new WeakMap<object, Promise<void>>();

  const wrapped = middy<LambdaFunctionURLEvent, { body: string | Readable }>({
    executionMode: executionModeStreamifyResponse,
    // The deadline is kept by the application, which settles before it answers.
    timeoutEarlyInMillis: 0,
    requestEnd: async (request) => {
      await unfinished.get(request.context);
      telemetry.flush();
    },
  }).handler(async (event, context) => {
    const { answer, done } = await gateway.answer(event, {
      requestId: context.awsRequestId,
      deadlineAtMs: deadlineAtMs(clock, context),
      ...leftOf(context),
    });
    unfinished.set(context, done);
    return answer;
  });
  return wrapped as unknown as StreamingHandler;
}

/** A front that sees its clients go says so in the context; Lambda's has no such member. */
interface WatchedContext extends Context {
  readonly clientLeft?: AbortSignal;
}

const leftOf = ({ clientLeft }: WatchedContext): { readonly left?: AbortSignal } =>
  clientLeft === undefined ? {} : { left: clientLeft };

function deadlineAtMs(clock: Clock, context: Context): number {
  const remainingMs = context.getRemainingTimeInMillis();
  const marginMs = Math.min(
    MAX_DEADLINE_MARGIN_MS,
    Math.ceil((remainingMs * DEADLINE_MARGIN_PERCENT) / 100),
  );
  return clock.nowMs() + remainingMs - marginMs;
}
