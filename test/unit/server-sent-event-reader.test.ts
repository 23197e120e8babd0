/**
 * Server-sent events as frames: by whatever line ends they come, passed on whatever they are.
 */
import { describe, expect, it } from 'vitest';
import {
  createServerSentEventReader,
  readEvent,
} from '../../lambda/adapters/http/server-sent-event-reader.ts';
import type { Frame } from '../../lambda/ports/stream.ts';

function readAll(chunks: readonly string[], maxEventBytes?: number) {
  const reader = createServerSentEventReader(maxEventBytes);
  const frames: Frame[] = [];
  const passed = chunks.map((chunk) => {
    const whole = Buffer.from(reader.take(Buffer.from(chunk))).toString();
    reader.read((frame) => frames.push(frame));
    return whole;
  });
  return { passed, frames, rest: Buffer.from(reader.rest()).toString() };
}

const payloads = (frames: readonly Frame[]): string[] =>
  frames.map(({ payload }) => Buffer.from(payload).toString());

describe('an event', () => {
  it.each([
    ['LF', '\n'],
    ['CR LF', '\r\n'],
    ['CR', '\r'],
  ])('that ends its lines with %s is one frame with its data', (_name, end) => {
    const event = `data: {"a":1}${end}${end}`;

    const { passed, frames, rest } = readAll([event + event]);

    expect(passed).toEqual([event + event]);
    expect(payloads(frames)).toEqual(['{"a":1}', '{"a":1}']);
    expect(frames[0]).toMatchObject({ messageType: 'event', eventType: 'data' });
    expect(rest).toBe('');
  });

  it('that is not whole is kept back until it is', () => {
    const { passed, frames, rest } = readAll(['data: 1\n', '\ndata: 2\n\nda', 'ta: 3\n']);

    expect(passed).toEqual(['', 'data: 1\n\ndata: 2\n\n', '']);
    expect(payloads(frames)).toEqual(['1', '2']);
    expect(rest).toBe('data: 3\n');
  });

  it('whose CR LF is cut in two is one event, and the LF begins no other', () => {
    const { passed, frames } = readAll(['data: 1\r\n\r', '\ndata: 2\r', '\n\r\n']);

    expect(passed.join('')).toBe('data: 1\r\n\r\ndata: 2\r\n\r\n');
    expect(payloads(frames)).toEqual(['1', '2']);
  });

  it('of several data lines has them joined by line feeds', () => {
    expect(readEvent(Buffer.from('data: a\r\ndata:b\ndata\ndata:  c\n\n'))).toEqual({
      name: '',
      data: Buffer.from('a\nb\n\n c'),
    });
  });

  it.each(['\n', '\r\n', '\r'])('is not cut between its lines, whatever ends them: %j', (end) => {
    const lines = ['event: x', 'data: a', 'data: b', '', ''].join(end);

    const { frames } = readAll([...lines]);

    expect(payloads(frames)).toEqual(['a\nb']);
  });

  it('of comments or other fields alone is passed, and is no frame', () => {
    const text = ': ping\n\nretry: 5\n\nevent: x\nid: 1\n\ndatabase: 1\n\n';

    const { passed, frames } = readAll([text]);

    expect(passed).toEqual([text]);
    expect(frames).toEqual([]);
  });

  it('behind a byte order mark is read', () => {
    expect(payloads(readAll(['\ufeffdata: 1\n\n']).frames)).toEqual(['1']);
  });

  it('[DONE] is a frame as any other', () => {
    expect(payloads(readAll(['data: [DONE]\n\n']).frames)).toEqual(['[DONE]']);
  });
});

describe('an error in the stream', () => {
  it.each([
    [
      'by its type',
      '{"error":{"message":"m","type":"throttlingException"}}',
      'throttlingException',
    ],
    ['by its code', '{"error":{"message":"m","code":"odd_one"}}', 'odd_one'],
    [
      'in Bedrock’s words',
      '{"error":{"message":"m","type":"rate_limit_error"}}',
      'ThrottlingException',
    ],
    ['as text', '{"error":"m"}', 'error'],
  ])('is an exception %s, with its message', (_how, data, type) => {
    const { frames } = readAll([`data: ${data}\n\n`]);

    expect(frames).toMatchObject([{ messageType: 'exception', eventType: type }]);
    expect(JSON.parse(payloads(frames)[0] ?? '')).toEqual({ message: 'm' });
  });

  it('is one by the event’s name too', () => {
    expect(readAll(['event: error\ndata: {}\n\n']).frames).toMatchObject([
      { messageType: 'exception', eventType: 'error' },
    ]);
  });

  it('is none where it is null, or only said', () => {
    const { frames } = readAll([
      'data: {"error":null}\n\n',
      'data: {"choices":[{"delta":{"content":"\\"error\\""}}]}\n\n',
      'data: {"error"\n\n',
    ]);

    expect(frames.map(({ messageType }) => messageType)).toEqual(['event', 'event', 'event']);
  });
});

describe('an event that does not end', () => {
  it('breaks the reader beyond its bound, and all bytes pass from then on', () => {
    const { passed, frames, rest } = readAll(
      ['data: 1\n\ndata: ', 'x'.repeat(20), 'data: 2\n\n'],
      20,
    );

    expect(passed).toEqual(['data: 1\n\n', `data: ${'x'.repeat(20)}`, 'data: 2\n\n']);
    expect(payloads(frames)).toEqual(['1']);
    expect(rest).toBe('');
  });
});
