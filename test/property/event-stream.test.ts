/**
 * However a stream is cut into chunks, its frames and its bytes stay the same.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameReader } from '../../lambda/adapters/http/event-stream.ts';
import type { Frame } from '../../lambda/ports/stream.ts';
import { eventFrame, exceptionFrame } from '../../local/simulated-stream.ts';

const frame = fc.oneof(
  fc
    .record({ text: fc.string({ maxLength: 200 }), padding: fc.nat(60) })
    .map(({ text, padding }) =>
      eventFrame({ type: 'chunk', payload: { text }, isChunk: true }, padding),
    ),
  fc.string({ maxLength: 50 }).map((message) => exceptionFrame('throttlingException', message)),
);

/** Chunks of these bytes; sizes are used in turn, and the last chunk takes what is left. */
function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  chunks.push(bytes.subarray(at));
  return chunks;
}

function readAll(chunks: readonly Buffer[]) {
  const reader = createFrameReader();
  const frames: Frame[] = [];
  const passed: Buffer[] = [];
  for (const chunk of chunks) {
    passed.push(Buffer.from(reader.take(chunk)));
    reader.read((one) => frames.push({ ...one, payload: Buffer.from(one.payload) }));
  }
  const rest = Buffer.from(reader.rest());
  return { frames, passed: Buffer.concat(passed), rest };
}

const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 40 });

describe('any split of a stream', () => {
  it('gives the same frames and the same bytes', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), sizes, (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const whole = readAll([bytes]);

        const read = readAll(split(bytes, cuts));

        expect(whole.frames).toHaveLength(frames.length);
        expect(read.frames).toEqual(whole.frames);
        expect(read.passed.equals(bytes)).toBe(true);
        expect(read.rest.byteLength).toBe(0);
      }),
    );
  });

  it('passes whole frames only, at any time', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 6 }), sizes, (frames, cuts) => {
        const ends = new Set<number>([0]);
        let end = 0;
        for (const { byteLength } of frames) {
          end += byteLength;
          ends.add(end);
        }
        const reader = createFrameReader();
        let passedBytes = 0;

        for (const chunk of split(Buffer.concat(frames), cuts)) {
          passedBytes += reader.take(chunk).byteLength;

          expect(ends).toContain(passedBytes);
        }
      }),
    );
  });

  it('of a stream that ends anywhere loses no byte: what is not whole is the rest', () => {
    const cutStream = fc.tuple(fc.array(frame, { minLength: 1, maxLength: 5 }), fc.nat(2_000));
    fc.assert(
      fc.property(cutStream, sizes, ([frames, length], cuts) => {
        const bytes = Buffer.concat(frames).subarray(0, length);

        const { passed, rest } = readAll(split(bytes, cuts));

        expect(Buffer.concat([passed, rest]).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('any bytes at all', () => {
  it('pass unchanged, and nothing is thrown', () => {
    const garbage = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
    // Short lengths make garbage that looks like frames until its checksum.
    const almost = fc
      .tuple(fc.integer({ min: 0, max: 80 }), garbage)
      .map(([length, bytes]) => Buffer.concat([Buffer.from([0, 0, 0, length]), bytes]));
    const flipped = fc
      .tuple(frame, fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([one, at, by]) => {
        const bytes = Buffer.from(one);
        const place = at % bytes.byteLength;
        bytes.writeUInt8(bytes.readUInt8(place) ^ by, place);
        return bytes;
      });
    const parts = fc.array(fc.oneof(garbage, almost, flipped, frame.map(Buffer.from)), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(parts, sizes, (some, cuts) => {
        const bytes = Buffer.concat(some);

        const { passed, rest } = readAll(split(bytes, cuts));

        expect(Buffer.concat([passed, rest]).equals(bytes)).toBe(true);
      }),
    );
  });
});
