/**
 * The two ends of a running answer: where its frames are read, and where its bytes go.
 */

export interface Frame {
  /** `event`, `exception` or `error`. */
  readonly messageType: string;
  /** The event's or exception's type. */
  readonly eventType: string;
  readonly payload: Uint8Array;
}

/** Cuts chunks into frames. Never throws: bytes that are no frames set `isBroken` for good. */
export interface FrameReader {
  push(chunk: Uint8Array, onFrame: (frame: Frame) => void): void;
  readonly isBroken: boolean;
}

/** Where an answer's bytes go. A client that has gone swallows them: it never throws. */
export interface AnswerSink {
  /** Resolves when the client has room for more, or has gone, or `interrupt` was called. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Ends every wait of `write` at once; what was written stays in line. */
  interrupt(): void;
  /** Writes an error in the answer's own form; `end` follows. */
  fail(message: string): void;
  end(): void;
}

/** Why a running stream was ended by hardcap. */
export type CutReason =
  | { readonly kind: 'key'; readonly message: string }
  | { readonly kind: 'cap'; readonly counterPk: string; readonly message: string }
  | { readonly kind: 'deadline'; readonly message: string };
