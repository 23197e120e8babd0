/**
 * The two ends of a running answer: where its frames are read, and where its bytes go.
 */

import type { NanoUsd } from '../domain/money.ts';

export interface Frame {
  /** `event`, `exception` or `error`. */
  readonly messageType: string;
  /** The event's or exception's type. */
  readonly eventType: string;
  readonly payload: Uint8Array;
}

/**
 * Cuts chunks into frames. Never throws: bytes that are no frames break it for good, and pass.
 *
 * Splitting and decoding are apart, so that bytes go to the client before they are looked into.
 */
export interface FrameReader {
  /** Gives the bytes up to the end of the last whole frame; maybe none. Broken: all bytes. */
  take(chunk: Uint8Array): Uint8Array;
  /** Decodes the frames taken since it was last called. */
  read(onFrame: (frame: Frame) => void): void;
  /** Bytes of a frame that is not whole. */
  rest(): Uint8Array;
  /** Whether bytes came that are no frames. */
  isBroken(): boolean;
}

/** Where an answer's bytes go. A client that has gone swallows them: it never throws. */
export interface AnswerSink {
  /** Resolves when the client has room for more, or has gone, or `interrupt` was called. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Ends every wait of `write` at once; what was written stays in line. */
  interrupt(): void;
  /** Writes an error in the answer's own form; `end` follows. */
  fail(error: StreamError): void;
  end(): void;
  /** Calls once the client has gone before the end; absent where nobody can tell. */
  onLeave?(call: () => void): void;
}

/** An error within a running stream, by the name that Bedrock's streams know it by. */
export interface StreamError {
  readonly type: 'validationException' | 'internalServerException';
  readonly message: string;
  /** The cap that ended it. */
  readonly cap?: CutCap;
}

/** A cap that ended a stream, and its books then. */
export interface CutCap {
  readonly reason: string;
  readonly capId: string;
  readonly limitNanoUsd: NanoUsd;
  readonly settledNanoUsd: NanoUsd;
  readonly reservedNanoUsd: NanoUsd;
  readonly resetsAtMs: number | undefined;
}

/** Why a running stream was ended by hardcap. */
export type CutReason =
  | { readonly kind: 'key'; readonly message: string }
  | {
      readonly kind: 'cap';
      readonly counterPk: string;
      readonly message: string;
      readonly cap: CutCap;
    }
  /** It needs more than is reserved, and nobody could say whether there is room. */
  | { readonly kind: 'unavailable'; readonly message: string }
  /** The client has gone, and the setting is not to read on without it. */
  | { readonly kind: 'left'; readonly message: string }
  | { readonly kind: 'deadline'; readonly message: string };
