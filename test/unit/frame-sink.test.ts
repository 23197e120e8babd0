/**
 * A sink of another form: what cannot be written in it ends the stream with an error.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createFrameSink } from '../../lambda/adapters/http/doors/frame-sink.ts';
import type { AnswerSink } from '../../lambda/ports/stream.ts';
import { createFakeSink, deltaFrame, type FakeSink } from '../helpers/fake-ports.ts';

let client: FakeSink;
let sink: AnswerSink;
beforeEach(() => {
  client = createFakeSink();
  sink = createFrameSink(client, ({ payload }) => payload);
});

const UNREADABLE = [
  expect.objectContaining({ message: expect.stringMatching(/^upstream_failed/) }),
];

describe('a sink of another form', () => {
  it('ends a whole stream without a word', () => {
    void sink.write(deltaFrame());
    sink.end();

    expect(client.written).toHaveLength(1);
    expect(client).toMatchObject({ errors: [], isEnded: true });
  });

  it('says that a stream ended within a frame', () => {
    void sink.write(deltaFrame().subarray(0, 20));
    sink.end();

    expect(client).toMatchObject({ errors: UNREADABLE, isEnded: true });
  });

  it('says that bytes came which are no frames', () => {
    void sink.write(Buffer.from('0123456789abcdef'));
    sink.end();

    expect(client).toMatchObject({ written: [], errors: UNREADABLE, isEnded: true });
  });

  it('says nothing more after another error', () => {
    const error = { type: 'internalServerException', message: 'upstream_timeout: late' } as const;
    void sink.write(deltaFrame().subarray(0, 20));
    sink.fail(error);
    sink.end();

    expect(client.errors).toEqual([error]);
  });
});
