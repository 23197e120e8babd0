/**
 * A request on its way through the spend guard, and the answer that it comes to.
 */
import type { NanoUsd } from '../domain/money.ts';
import type { ReservationId } from '../domain/reservation.ts';
import type { Clock } from '../ports/clock.ts';
import type { CounterState, Ledger, RefusalReason } from '../ports/ledger.ts';
import type { Settings } from '../ports/settings.ts';
import type { AnswerSink, FrameReader } from '../ports/stream.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { TokenCounter } from '../ports/token-counter.ts';
import type { Upstream } from '../ports/upstream.ts';
import type { Admission, AdmissionRules, AskedRequest, Charge } from './admission.ts';
import type { Held } from './reserve-all.ts';
import type { Settlement } from './settlement.ts';

export interface SpendGuardOptions extends AdmissionRules {
  readonly settingsMaxAgeMs: number;
  /** Whether requests to Bedrock carry the reservation's id in their metadata, for AWS's log. */
  readonly notesReservation: boolean;
  /** 429 or 402; the journal keeps it beside a refusal. */
  readonly overCapStatus: number;
  readonly reservationMarginMs: number;
  /** How long a cut counter refuses, as clients resend a cut request at once. */
  readonly cutHoldMs: number;
  /** Whether an answer whose client has gone is read on for its usage, or ended and settled. */
  readonly whenClientLeaves: 'drain' | 'settle';
  /** The longest answer that is not a stream, in bytes. */
  readonly maxAnswerBytes: number;
}

export interface SpendGuardPorts {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Absent: nothing is counted, and the bounds by bytes stand. */
  readonly tokenCounter?: TokenCounter;
}

export interface GuardedRequest extends AskedRequest {
  readonly requestId: string;
  /** When it came in, by the clock's `elapsedMs`. @default - when the guard got it */
  readonly arrivedMs?: number;
  readonly keyText: string;
  readonly keyId: string;
  /** The path for Bedrock, encoded, for the model that was found. */
  readonly upstreamPath: (modelId: string, baseModelId: string) => string;
  /** Built from nothing: no header of the client's passes on unread. */
  readonly upstreamHeaders: Readonly<Record<string, string>>;
  /** Epoch milliseconds at which the answer must have ended. */
  readonly deadlineAtMs: number;
  /** Reads the frames of a stream by the wire on which Bedrock answers this request. */
  readonly createFrameReader: () => FrameReader;
  /** Called once, when a stream is about to start, with the answer's head. */
  readonly openSink: (head: AnswerHead) => AnswerSink;
}

/** The tightest enforced cap of an admitted request, for the answer's headers. */
export interface CapNote {
  readonly capId: string;
  readonly remainingNanoUsd: NanoUsd;
  readonly resetsAtMs: number | undefined;
}

/** Milliseconds of each step before the answer, for `Server-Timing`. */
export interface Timings {
  readonly authMs: number;
  readonly estimateMs: number;
  readonly reserveMs: number;
  readonly upstreamMs: number;
}

export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly reservedNanoUsd: NanoUsd;
  readonly cap: CapNote | undefined;
  readonly timings: Timings;
  /** The output limit of each answer, where a clamp cap lowered it. */
  readonly clampedMaxTokens?: number;
}

/** What a caller is told who meets a full cap. */
export interface CapRefusal {
  readonly charge: Charge;
  readonly reason: RefusalReason;
  readonly state: CounterState;
  readonly boundNanoUsd: NanoUsd;
}

/** `done` resolves when books and journal are done; the function may return then. */
export type GuardedAnswer =
  | {
      readonly kind: 'complete';
      readonly head: AnswerHead;
      readonly body: Uint8Array;
      readonly costNanoUsd: NanoUsd;
      /** Resolves when the books have answered. */
      readonly settled: Promise<void>;
      readonly done: Promise<void>;
    }
  | { readonly kind: 'stream'; readonly done: Promise<void> }
  | {
      readonly kind: 'refused';
      readonly refusal: CapRefusal;
      readonly timings: Timings;
      readonly done: Promise<void>;
    };

/** A reservation that stands, by settings that are fresh enough to send upon. */
export interface Reserved {
  readonly admission: Admission;
  readonly held: readonly Held[];
  readonly settlement: Settlement;
  readonly reservationId: ReservationId;
  readonly timings: Timings;
}
