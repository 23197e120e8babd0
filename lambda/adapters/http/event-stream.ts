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

/**
 * A reader that never throws: bytes that are no frames break it for good.
 *
 * Frames that come whole are passed in the memory that they came in. Only where one comes in parts
 * are bytes copied, once.
 */
export function createFrameReader(): FrameReader {
  /** The parts of a frame that is not whole, each in the memory that it came in. */
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  /** How many pending bytes make the next look worth it: chunks are joined once a frame. */
  let neededBytes = LENGTH_BYTES;
  let unread: Buffer[] = [];
  let isBroken = false;

  const takeAll = (): Buffer => {
    const all = joined(pending);
    pending = [];
    pendingBytes = 0;
    return all;
  };
  /** Where the last whole frame ends in the newest chunk; 0 or less where none does. */
  const endIn = (chunk: Buffer): number => {
    if (pendingBytes < neededBytes) return 0;
    const earlierBytes = pendingBytes - chunk.byteLength;
    if (neededBytes === LENGTH_BYTES) neededBytes = frameBytes(beginning(pending), 0);
    if (pendingBytes < neededBytes) return 0;
    let end = neededBytes - earlierBytes;
    neededBytes = frameBytes(chunk, end);
    while (chunk.byteLength - end >= neededBytes) {
      end += neededBytes;
      neededBytes = frameBytes(chunk, end);
    }
    return end;
  };

  return {
    take(chunk) {
      const bytes = bufferOf(chunk);
      pending.push(bytes);
      pendingBytes += bytes.byteLength;
      if (isBroken) return takeAll();
      let end: number;
      try {
        end = endIn(bytes);
      } catch {
        isBroken = true;
        return takeAll();
      }
      if (end === 0) return NOTHING;
      const isAll = end === bytes.byteLength;
      if (!isAll) pending[pending.length - 1] = bytes.subarray(0, end);
      const whole = takeAll();
      if (!isAll) {
        pending.push(bytes.subarray(end));
        pendingBytes = bytes.byteLength - end;
      }
      unread.push(whole);
      return whole;
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

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const joined = (parts: readonly Buffer[]): Buffer =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);

/** Enough of the parts to read a length from. */
const beginning = (parts: readonly Buffer[]): Buffer =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, LENGTH_BYTES);

function decodeAll(bytes: Buffer, onFrame: (frame: Frame) => void): void {
  for (let start = 0; start < bytes.byteLength; ) {
    const length = bytes.readUInt32BE(start);
    const isOnly = length === bytes.byteLength;
    const frame = isOnly ? bytes : bytes.subarray(start, start + length);
    const { headers, body } = codec.decode(frame);
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
