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
  return {
    write(chunk) {
      const shown = splitter.push(chunk).filter((event) => !isUsageChunk(event));
      // Whole events come, but for the end of a stream that broke off: that passes as it is.
      const bytes = Buffer.concat([...shown, splitter.rest()]);
      return bytes.byteLength === 0 ? undefined : client.write(bytes);
    },
    interrupt: () => client.interrupt(),
    fail: (error) => client.fail(error),
    end: () => client.end(),
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
