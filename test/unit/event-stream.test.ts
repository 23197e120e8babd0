/**
 * Event-stream frames: read as Bedrock writes them, passed on whatever they are.
 */
import { describe, expect, it } from 'vitest';
import { createFrameReader, exceptionFrame } from '../../lambda/adapters/http/event-stream.ts';
import type { Frame } from '../../lambda/ports/stream.ts';
import { deltaFrame } from '../helpers/fake-ports.ts';

/** A messageStart as an AWS SDK's own codec reads it, byte for byte. */
const REFERENCE = Buffer.from(
  [
    '00000081000000526cc17693',
    '0b3a6576656e742d7479706507000c6d6573736167655374617274',
    '0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e',
    '0d3a6d6573736167652d747970650700056576656e74',
    Buffer.from('{"role":"assistant","p":"abcd"}').toString('hex'),
    '9170592b',
  ].join(''),
  'hex',
);

function readAll(...chunks: Uint8Array[]) {
  const reader = createFrameReader();
  const frames: Frame[] = [];
  const passed = chunks.map((chunk) => {
    const whole = Buffer.from(reader.take(chunk));
    reader.read((frame) => frames.push(frame));
    return whole;
  });
  return { passed, frames, rest: Buffer.from(reader.rest()) };
}

const altered = (at: number): Buffer => {
  const bytes = Buffer.from(REFERENCE);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes;
};

describe('a frame of Bedrock’s', () => {
  it('is read with its types and its payload', () => {
    const { frames, passed } = readAll(REFERENCE);

    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ messageType: 'event', eventType: 'messageStart' });
    expect(Buffer.from(frames[0]?.payload ?? []).toString()).toBe(
      '{"role":"assistant","p":"abcd"}',
    );
    expect(passed[0]?.equals(REFERENCE)).toBe(true);
  });

  it('that is not whole is kept back until it is', () => {
    const { passed, frames } = readAll(REFERENCE.subarray(0, 100), REFERENCE.subarray(100));

    expect(passed.map(({ byteLength }) => byteLength)).toEqual([0, REFERENCE.byteLength]);
    expect(frames).toHaveLength(1);
  });

  it('that follows another in one chunk is passed with it; half of a third is not', () => {
    const half = REFERENCE.subarray(0, 20);

    const { passed, frames, rest } = readAll(Buffer.concat([REFERENCE, deltaFrame(), half]));

    expect(passed[0]?.byteLength).toBe(REFERENCE.byteLength + deltaFrame().byteLength);
    expect(frames.map(({ eventType }) => eventType)).toEqual(['messageStart', 'contentBlockDelta']);
    expect(rest.equals(half)).toBe(true);
  });
});

describe('bytes that are no frames', () => {
  it.each([
    ['text', Buffer.from('{"message":"Internal Server Error"}')],
    ['a length of 15', Buffer.from('0000000f00000000', 'hex')],
    ['a length of 0', Buffer.from('0000000000000000', 'hex')],
    ['a length of 4 GB', Buffer.from('ffffffff00000000', 'hex')],
  ])('(%s) pass at once, and so does all that follows', (_, garbage) => {
    const { passed, frames, rest } = readAll(garbage, REFERENCE);

    expect(passed.map((bytes) => bytes.toString('hex'))).toEqual(
      [garbage, REFERENCE].map((bytes) => bytes.toString('hex')),
    );
    expect(frames).toEqual([]);
    expect(rest.byteLength).toBe(0);
  });

  it('behind a whole frame pass too, and the frame was read or not, but nothing is thrown', () => {
    const garbage = Buffer.from('garbage');

    const { passed } = readAll(Buffer.concat([REFERENCE, garbage]), REFERENCE);

    expect(Buffer.concat(passed).equals(Buffer.concat([REFERENCE, garbage, REFERENCE]))).toBe(true);
  });

  it.each([
    ['the prelude’s checksum', 9],
    ['a header', 20],
    ['the payload', 100],
    ['the frame’s checksum', 128],
  ])('as %s is wrong are passed, and nothing after them is read', (_, at) => {
    const { passed, frames } = readAll(altered(at), REFERENCE);

    expect(Buffer.concat(passed).equals(Buffer.concat([altered(at), REFERENCE]))).toBe(true);
    expect(frames).toEqual([]);
  });
});

describe('the rest', () => {
  it('is given once', () => {
    const reader = createFrameReader();
    reader.take(REFERENCE.subarray(0, 50));

    expect(reader.rest().byteLength).toBe(50);
    expect(reader.rest().byteLength).toBe(0);
  });
});

describe('our own exception frame', () => {
  it('is read back as what it says', () => {
    const message = 'budget_exceeded: "cap" – ünïcode';

    const { frames } = readAll(exceptionFrame({ type: 'validationException', message }));

    expect(frames).toMatchObject([{ messageType: 'exception', eventType: 'validationException' }]);
    expect(JSON.parse(Buffer.from(frames[0]?.payload ?? []).toString())).toEqual({ message });
  });
});
