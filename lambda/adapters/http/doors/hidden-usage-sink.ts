/**
 * A sink that keeps from the client the usage chunk that it did not ask for.
 *
 * Invariant: every other event passes byte for byte, and a slow client holds back as much as ever.
 */
import type { AnswerSink } from '../../../ports/stream.ts';
import { createEventSplitter } from '../event-splitter.ts';
import { jsonOf, readEvent } from '../server-sent-event-reader.ts';

export function createHiddenUsageSink(client: AnswerSink): AnswerSink {
  const splitter = createEventSplitter();
  const shown = createShowing();
  return {
    write(chunk) {
      const events = splitter.push(chunk).map((event) => shown(event, isUsageChunk(event)));
      // Whole events come, but for the end of a stream that broke off: that passes as it is.
      const bytes = Buffer.concat([...events, shown(splitter.rest(), false)]);
      return bytes.byteLength === 0 ? undefined : client.write(bytes);
    },
    interrupt: () => client.interrupt(),
    fail: (error) => client.fail(error),
    end: () => client.end(),
  };
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * What is shown of each event. Where a chunk ended between the CR and the LF of an event's end, the
 * LF stands before the next event, and is shown or hidden with its own.
 */
function createShowing(): (event: Uint8Array, isHidden: boolean) => Uint8Array {
  let isAfterCr = false;
  let wasHidden = false;
  return (event, isHidden) => {
    if (event.byteLength === 0) return event;
    const ownStart = isAfterCr && event[0] === LF ? 1 : 0;
    const start = wasHidden ? ownStart : 0;
    isAfterCr = event.at(-1) === CR;
    wasHidden = isHidden;
    return isHidden ? event.subarray(start, ownStart) : event.subarray(start);
  };
}

const USAGE_MARK = Buffer.from('"usage"');

/** The chunk that tells the usage of the whole stream is the one without choices. */
function isUsageChunk(event: Uint8Array): boolean {
  const { data } = readEvent(event);
  if (data?.includes(USAGE_MARK) !== true) return false;
  const { choices, usage } = jsonOf(data) ?? {};
  return Array.isArray(choices) && choices.length === 0 && usage !== undefined && usage !== null;
}
