/**
 * The body of a streamed answer on its way to the client: bounded, and deaf to the client's end.
 *
 * Invariant: what waits for a slow client is at most one chunk over the high-water mark.
 */
import { Readable } from 'node:stream';
import type { AnswerSink, StreamError } from '../../ports/stream.ts';

const HIGH_WATER_MARK_BYTES = 256 * 1024;

/** A body, and the sink that fills it. `frameError` writes an error in the body's own form. */
export function createClientBody(frameError: (error: StreamError) => Uint8Array): {
  readonly body: Readable;
  readonly sink: AnswerSink;
} {
  let wake: (() => void) | undefined;
  let isInterrupted = false;
  const awaken = () => {
    wake?.();
    wake = undefined;
  };
  const body = new Readable({
    highWaterMark: HIGH_WATER_MARK_BYTES,
    read: awaken,
    destroy(_error, callback) {
      // The client has gone; whoever writes goes on to the end, and is not told of it.
      awaken();
      callback(null);
    },
  });
  const isOpen = () => !body.destroyed && !body.readableEnded;
  return {
    body,
    sink: {
      write(chunk) {
        if (!isOpen() || body.push(chunk) || isInterrupted) return undefined;
        return new Promise((resolve) => {
          wake = resolve;
        });
      },
      interrupt() {
        isInterrupted = true;
        awaken();
      },
      fail(error) {
        if (isOpen()) body.push(frameError(error));
      },
      end() {
        if (isOpen()) body.push(null);
      },
    },
  };
}
