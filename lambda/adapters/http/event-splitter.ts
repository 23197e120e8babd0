/**
 * Cuts a stream of server-sent events between its events, whatever its line ends are.
 *
 * Source:    https://html.spec.whatwg.org/multipage/server-sent-events.html: a line ends with CR LF,
 *            LF or CR, an event with an empty line.
 * Invariant: what is given and what is kept back are, one after another, the bytes that came.
 */

const LF = 0x0a;
const CR = 0x0d;

export interface EventSplitter {
  /** The events that are whole by now, each with its empty line, one behind another in memory. */
  push(chunk: Uint8Array): Uint8Array[];
  /** How long the event that is not whole is by now. */
  restBytes(): number;
  /** Bytes of an event that is not whole; they are given once. */
  rest(): Uint8Array;
}

export function createEventSplitter(): EventSplitter {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  /** Whether the line that is being read is empty so far. */
  let isLineEmpty = true;
  /** Whether anything but line ends stands in the event that is being read. */
  let hasLine = false;
  /** A LF right behind a CR is of the same line end, in whatever chunk it comes. */
  let isAfterCr = false;

  /** The offset behind the event that ends in the chunk from `start` on, or -1. */
  const endOfEvent = (chunk: Uint8Array, start: number): number => {
    for (let at = start; at < chunk.byteLength; at += 1) {
      const byte = chunk[at];
      const isLineEnd = byte === CR || byte === LF;
      const isSecondHalf = byte === LF && isAfterCr;
      isAfterCr = byte === CR;
      if (isSecondHalf) continue;
      if (!isLineEnd) {
        isLineEmpty = false;
        hasLine = true;
        continue;
      }
      if (!isLineEmpty || !hasLine) {
        isLineEmpty = true;
        continue;
      }
      hasLine = false;
      // Its LF belongs to this event, if it is here already.
      const hasLf = byte === CR && chunk[at + 1] === LF;
      if (hasLf) isAfterCr = false;
      return hasLf ? at + 2 : at + 1;
    }
    return -1;
  };

  const take = (chunk: Uint8Array): Uint8Array => {
    const whole = pending.length === 0 ? chunk : Buffer.concat([...pending, chunk]);
    pending = [];
    pendingBytes = 0;
    return whole;
  };

  return {
    push(chunk) {
      const ends: number[] = [];
      for (let end = endOfEvent(chunk, 0); end !== -1; end = endOfEvent(chunk, end)) {
        ends.push(end);
      }
      const lastEnd = ends.at(-1) ?? 0;
      const events: Uint8Array[] = [];
      if (lastEnd > 0) {
        const earlierBytes = pendingBytes;
        const whole = take(chunk.subarray(0, lastEnd));
        let start = 0;
        for (const end of ends) {
          events.push(whole.subarray(start, earlierBytes + end));
          start = earlierBytes + end;
        }
      }
      if (lastEnd < chunk.byteLength) {
        pending.push(chunk.subarray(lastEnd));
        pendingBytes += chunk.byteLength - lastEnd;
      }
      return events;
    },
    restBytes: () => pendingBytes,
    rest: () => take(new Uint8Array(0)),
  };
}
