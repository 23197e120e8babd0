/**
 * A sink that reads Bedrock's frames and writes each one in another form.
 *
 * Bytes that are no frames cannot be written in another form: the stream then ends with an error.
 * Invariant: it never throws, and what one write gives waits for the client as one write: a slow
 *            reader holds back as much as at Bedrock's own door.
 */
import type { AnswerSink, Frame, StreamError } from '../../../ports/stream.ts';
import { createFrameReader } from '../event-stream.ts';

const UNREADABLE: StreamError = {
  type: 'internalServerException',
  message: 'upstream_failed: the stream of Bedrock broke off within a frame, or was damaged',
};

/** @param form the client's bytes for a frame; none for a frame that it must not see */
export function createFrameSink(
  client: AnswerSink,
  form: (frame: Frame) => Uint8Array | undefined,
): AnswerSink {
  const reader = createFrameReader();
  let hasFailed = false;
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
    fail(error) {
      hasFailed = true;
      client.fail(error);
    },
    end() {
      const isWhole = !reader.isBroken() && reader.rest().byteLength === 0;
      if (!isWhole && !hasFailed) client.fail(UNREADABLE);
      client.end();
    },
  };
}
