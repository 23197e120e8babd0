/**
 * Relays a running stream: bytes to the client as they come, frames to the meter beside it.
 *
 * Invariant: every way out settles once; a client that has gone is settled like one that stays.
 * Not here:  the codec and the client's connection (ports/stream.ts).
 */
import type { Usage, UsageMeter } from '../domain/usage.ts';
import type { AnswerSink, CutReason, FrameReader } from '../ports/stream.ts';
import type { UpstreamResponse } from '../ports/upstream.ts';
import type { StreamExtension } from './stream-extension.ts';
import { errorTypeOf } from './upstream-verdict.ts';

export interface RelayEnd {
  readonly usage: Usage;
  /** The exception frame that came before any output. */
  readonly rejection?: { readonly type: string; readonly message: string };
  readonly cut?: CutReason;
  /** The connection to Bedrock broke. */
  readonly broken?: unknown;
  /** Bytes came that are no frames, or the last frame is not whole. */
  readonly isDamaged?: boolean;
}

export interface RunningRelay {
  /** Resolves when upstream has ended, broken, or been cut; the sink is not ended yet. */
  readonly end: Promise<RelayEnd>;
  /** Ends the stream now: upstream is closed, and `end` tells this reason. */
  cut(reason: CutReason): void;
}

/**
 * How much is decoded together where nothing is extended by it: what frames tell is needed at the
 * end, and code that runs for every chunk of a slow stream has left the processor's caches each time.
 */
const DECODED_TOGETHER_BYTES = 16 * 1024;

export function relayStream(
  upstream: UpstreamResponse,
  reader: FrameReader,
  meter: UsageMeter,
  sink: AnswerSink,
  extension?: StreamExtension,
): RunningRelay {
  let cut: CutReason | undefined;
  const stopped = Promise.withResolvers<void>();
  let undecodedBytes = 0;
  const decode = () => {
    reader.read((frame) => {
      meter.event(frame.messageType, frame.eventType, frame.payload);
      extension?.saw(frame.payload);
      if (frame.messageType !== 'event') message ??= errorTypeOf({}, frame.payload).message;
    });
    if (reader.isBroken()) extension?.sawBytes(undecodedBytes);
    undecodedBytes = 0;
  };
  let message: string | undefined;
  const pump = async (): Promise<RelayEnd> => {
    let broken: unknown;
    let isDamaged = false;
    try {
      for await (const chunk of upstream.body) {
        if (cut !== undefined) break;
        // Whole frames only: a cut must fall between two of them.
        const whole = reader.take(chunk);
        const room = whole.byteLength > 0 ? sink.write(whole) : undefined;
        undecodedBytes += whole.byteLength;
        if (extension !== undefined || undecodedBytes >= DECODED_TOGETHER_BYTES) decode();
        if (room !== undefined) await room;
        // What was seen and is not reserved must be, before more is.
        const cover = extension?.cover();
        if (cover !== undefined) await Promise.race([cover, stopped.promise]);
        if (cut !== undefined) break;
      }
      const rest = reader.rest();
      isDamaged = cut === undefined && rest.byteLength > 0;
      // Not waited for: a cut meanwhile would write its frame behind what is no whole frame.
      if (cut === undefined && rest.byteLength > 0) void sink.write(rest);
    } catch (error) {
      broken = error;
    }
    try {
      decode();
    } catch (error) {
      // Whoever settles waits for this end.
      broken ??= error;
    }
    isDamaged ||= reader.isBroken();
    const type = meter.rejectedBeforeOutput();
    return {
      usage: meter.usage(),
      ...(type === undefined ? {} : { rejection: { type, message: message ?? '' } }),
      ...(cut === undefined ? {} : { cut }),
      ...(broken === undefined || cut !== undefined ? {} : { broken }),
      ...(isDamaged && { isDamaged }),
    };
  };
  return {
    end: pump(),
    cut(reason) {
      if (cut !== undefined) return;
      cut = reason;
      stopped.resolve();
      // Closing upstream ends a wait for its next chunk, and this a wait for the client.
      upstream.abort();
      sink.interrupt();
    },
  };
}
