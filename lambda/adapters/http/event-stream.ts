/**
 * Event-stream frames: read beside a running answer, and written for the one frame that is ours.
 *
 * The SDK's codec does the framing; this only gathers chunks until a frame is whole.
 */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import type { Frame, FrameReader, StreamError } from '../../ports/stream.ts';
import { cutFields } from './error-response.ts';

const codec = new EventStreamCodec(toUtf8, fromUtf8);

const LENGTH_BYTES = 4;
/** Prelude of two lengths and a checksum, and the message's own checksum. */
const MIN_FRAME_BYTES = 16;
/** Bedrock's parts are at most 1 MB; beyond this bound the bytes are no frames. */
const MAX_FRAME_BYTES = 32 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** A reader that never throws: bytes that are no frames break it for good. */
export function createFrameReader(): FrameReader {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  /** How many pending bytes make the next look worth it: chunks are joined once a frame. */
  let neededBytes = LENGTH_BYTES;
  let unread: Buffer[] = [];
  let isBroken = false;

  const takeAll = (): Uint8Array => {
    const all = joined(pending);
    pending = [];
    pendingBytes = 0;
    return all;
  };

  return {
    take(chunk) {
      pending.push(chunk);
      pendingBytes += chunk.byteLength;
      if (isBroken) return takeAll();
      if (pendingBytes < neededBytes) return NOTHING;
      const bytes = joined(pending);
      try {
        let end = 0;
        neededBytes = frameBytes(bytes, end);
        while (bytes.byteLength - end >= neededBytes) {
          end += neededBytes;
          neededBytes = frameBytes(bytes, end);
        }
        // An empty rest would make the next chunk be copied, to be joined with nothing.
        pending = end < bytes.byteLength ? [bytes.subarray(end)] : [];
        pendingBytes = bytes.byteLength - end;
        const whole = bytes.subarray(0, end);
        unread.push(whole);
        return whole;
      } catch {
        isBroken = true;
        return takeAll();
      }
    },
    read(onFrame) {
      try {
        for (const bytes of unread) decodeAll(bytes, onFrame);
      } catch {
        isBroken = true;
      }
      unread = [];
    },
    rest: takeAll,
    isBroken: () => isBroken,
  };
}

function joined(chunks: readonly Uint8Array[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined
    ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
    : Buffer.concat(chunks);
}

function decodeAll(bytes: Buffer, onFrame: (frame: Frame) => void): void {
  for (let start = 0; start < bytes.byteLength; ) {
    const length = bytes.readUInt32BE(start);
    const { headers, body } = codec.decode(bytes.subarray(start, start + length));
    start += length;
    const messageType = textHeader(headers[':message-type']);
    const typeName = messageType === 'event' ? ':event-type' : ':exception-type';
    const eventType = textHeader(headers[typeName] ?? headers[':error-code']);
    onFrame({ messageType, eventType, payload: body });
  }
}

/** The length of the frame at `start`; that of its length field where that is not whole. */
function frameBytes(bytes: Buffer, start: number): number {
  if (bytes.byteLength - start < LENGTH_BYTES) return LENGTH_BYTES;
  const length = bytes.readUInt32BE(start);
  if (length < MIN_FRAME_BYTES || length > MAX_FRAME_BYTES) {
    throw new RangeError(`a frame of ${length} bytes`);
  }
  return length;
}

const textHeader = (header: { readonly value: unknown } | undefined): string =>
  typeof header?.value === 'string' ? header.value : '';

/** An exception frame: the one form of an error in a stream that every SDK shows with its text. */
export const exceptionFrame = ({ type, message, cap }: StreamError): Uint8Array =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'exception' },
      ':exception-type': { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
    },
    body: fromUtf8(JSON.stringify({ message, ...cutFields(cap) })),
  });
