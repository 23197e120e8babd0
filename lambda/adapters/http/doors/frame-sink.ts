/**
 * A sink that reads Bedrock's frames and writes each one in another form.
 *
 * Invariant: it never throws, and what one write gives waits for the client as one write: a slow
 *            reader holds back as much as at Bedrock's own door.
 */
import type { AnswerSink, Frame } from '../../../ports/stream.ts';
import { createFrameReader } from '../event-stream.ts';

/** @param form the client's bytes for a frame; none for a frame that it must not see */
export function createFrameSink(
  client: AnswerSink,
  form: (frame: Frame) => Uint8Array | undefined,
): AnswerSink {
  const reader = createFrameReader();
  return {
    write(chunk) {
      reader.take(chunk);
      const formed: Uint8Array[] = [];
      reader.read((frame) => {
        const bytes = form(frame);
        if (bytes !== undefined) formed.push(bytes);
      });
      return formed.length === 0 ? undefined : client.write(Buffer.concat(formed));
    },
    interrupt: () => client.interrupt(),
    fail: (error) => client.fail(error),
    end: () => client.end(),
  };
}
