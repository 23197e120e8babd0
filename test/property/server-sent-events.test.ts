/**
 * However a stream of server-sent events is cut into chunks, its frames and its bytes stay the same.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHiddenUsageSink } from '../../lambda/adapters/http/doors/hidden-usage-sink.ts';
import { createServerSentEventReader } from '../../lambda/adapters/http/server-sent-event-reader.ts';
import type { Frame } from '../../lambda/ports/stream.ts';
import { createFakeSink } from '../helpers/fake-ports.ts';

const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const content = fc.string({ maxLength: 40, unit: 'grapheme' });

/** One event with data, and that data. */
const event = fc
  .record({ text: content, end: lineEnd, comment: fc.boolean() })
  .map(({ text, end, comment }) => {
    const data = JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] });
    return { data, bytes: `${comment ? `: ping${end}` : ''}data: ${data}${end}${end}` };
  });

const sizes = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });

/** Chunks of these bytes; sizes are used in turn, and the last chunk takes what is left. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of cuts) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  chunks.push(bytes.subarray(at));
  return chunks;
}

function readAll(chunks: readonly Buffer[]) {
  const reader = createServerSentEventReader();
  const frames: Frame[] = [];
  const passed: Buffer[] = [];
  for (const chunk of chunks) {
    passed.push(Buffer.from(reader.take(chunk)));
    reader.read((one) => frames.push({ ...one, payload: Buffer.from(one.payload) }));
  }
  return { frames, passed: Buffer.concat(passed), rest: Buffer.from(reader.rest()) };
}

const joined = (events: readonly { readonly bytes: string }[]): Buffer =>
  Buffer.from(events.map(({ bytes }) => bytes).join(''));

describe('any split of a stream', () => {
  it('gives the same data and the same bytes, whatever its line ends', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), sizes, (events, cuts) => {
        const bytes = joined(events);

        const { frames, passed, rest } = readAll(split(bytes, cuts));

        expect(frames.map(({ payload }) => Buffer.from(payload).toString())).toEqual(
          events.map(({ data }) => data),
        );
        expect(Buffer.concat([passed, rest]).equals(bytes)).toBe(true);
        expect(rest.toString()).toMatch(/^\n?$/);
      }),
    );
  });

  it('passes whole events only, at any time', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 6 }), sizes, (events, cuts) => {
        const ends = new Set<number>([0]);
        let end = 0;
        for (const { bytes } of events) {
          end += Buffer.byteLength(bytes);
          ends.add(end);
          // An event is whole by its last CR; the LF that may follow it changes nothing.
          if (bytes.endsWith('\r\n')) ends.add(end - 1);
        }
        const reader = createServerSentEventReader();
        let passedBytes = 0;

        for (const chunk of split(joined(events), cuts)) {
          passedBytes += reader.take(chunk).byteLength;

          expect(ends).toContain(passedBytes);
        }
      }),
    );
  });
});

describe('any bytes at all', () => {
  it('pass unchanged, and nothing is thrown', () => {
    const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const almost = fc
      .constantFrom('data', 'data:', '\n', '\r', '\r\n\r', 'event: error\n', '{"error":', ':')
      .map((text) => Buffer.from(text));
    const parts = fc.array(fc.oneof(garbage, almost), { maxLength: 12 });
    fc.assert(
      fc.property(parts, sizes, (some, cuts) => {
        const bytes = Buffer.concat(some);

        const { passed, rest } = readAll(split(bytes, cuts));

        expect(Buffer.concat([passed, rest]).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe('the usage chunk that a client did not ask for', () => {
  const usageChunk = lineEnd.map((end) => ({
    isHidden: true,
    bytes: `data: {"choices":[],"usage":{"prompt_tokens":1}}${end}${end}`,
  }));
  const shown = fc.oneof(
    event.map(({ bytes }) => ({ isHidden: false, bytes })),
    fc
      .constantFrom(
        'data: {"choices":[],"usage":null}\n\n',
        'data: {"choices":[{"delta":{"content":"\\"usage\\""}}],"usage":{"prompt_tokens":1}}\n\n',
        'data: {"choices":[],"prompt_filter_results":[]}\n\n',
        'data: [DONE]\n\n',
      )
      .map((bytes) => ({ isHidden: false, bytes })),
  );

  it('is all that is taken out, byte for byte', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(shown, usageChunk), { maxLength: 10 }),
        sizes,
        (events, cuts) => {
          const reader = createServerSentEventReader();
          const client = createFakeSink();
          const sink = createHiddenUsageSink(client);

          for (const chunk of split(joined(events), cuts)) void sink.write(reader.take(chunk));
          void sink.write(reader.rest());

          const kept = events.filter(({ isHidden }) => !isHidden);
          expect(Buffer.concat(client.written).toString()).toBe(joined(kept).toString());
        },
      ),
    );
  });
});
