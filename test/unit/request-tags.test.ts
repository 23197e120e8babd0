/**
 * Tags of a request: their two sources, their bounds; and the note of the reservation beside them.
 */
import { describe, expect, it } from 'vitest';
import { serializeBody } from '../../lambda/domain/request-body.ts';
import { metadataOfHeader, requestTags } from '../../lambda/domain/request-tags.ts';
import { metadataHeaderWith, withReservation } from '../../lambda/domain/reservation-note.ts';

const ID = 'abcdef0123456789';
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('tags', () => {
  it('come from the header, several and with blanks around them', () => {
    expect(requestTags(' session = abc-1 ,step=2,note=a=b c', undefined)).toEqual({
      session: 'abc-1',
      step: '2',
      note: 'a=b c',
    });
  });

  it('come from metadata too, and what is no tag there is passed over', () => {
    const metadata = { session: 'x', 'no tag': 'a', empty: '', odd: '<b>', number: 1 };

    expect(requestTags('step=2', metadata)).toEqual({ session: 'x', step: '2' });
  });

  it.each([undefined, null, [], 'session=x', 1])('there are none in metadata of %j', (metadata) => {
    expect(requestTags(undefined, metadata)).toEqual({});
  });

  it('may be said twice, if they say the same', () => {
    expect(requestTags('a=1,a=1', { a: '1' })).toEqual({ a: '1' });
    expect(() => requestTags('a=1', { a: '2' })).toThrow(/two values/);
  });

  it('are at most sixteen, from both together', () => {
    const many = Array.from({ length: 16 }, (_, n) => `t${n}=1`).join();

    expect(Object.keys(requestTags(many, undefined))).toHaveLength(16);
    expect(() => requestTags(many, { more: '1' })).toThrow(/at most 16/);
  });

  it('are never repeated in the error, as they may be anything', () => {
    expect(() => requestTags('secret\u0007', undefined)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });
});

describe('a metadata header', () => {
  it.each(['', '{', '[]', '"a"', '{"a":1}', '{"a":"1","a":"2"}', '{"a":{}}'])(
    'that is no JSON map of texts is refused by its name: %s',
    (header) => {
      expect(() => metadataOfHeader(header)).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );
});

describe('the reservation’s note', () => {
  it('changes nothing else of a body, down to the digits of its numbers', () => {
    const body = Buffer.from('{"messages":[],"inferenceConfig":{"temperature":1.0}}');

    expect(text(withReservation(body, undefined, ID))).toBe(
      '{"messages":[],"inferenceConfig":{"temperature":1.0},' +
        `"requestMetadata":{"hardcap-reservation":"${ID}"}}`,
    );
  });

  it('stands beside the client’s own metadata, and in place of a forged one', () => {
    const requestMetadata = { 'hardcap-reservation': 'forged', app: 'web' };
    const body = serializeBody({ requestMetadata, messages: [] });

    expect(JSON.parse(text(withReservation(body, requestMetadata, ID)))).toEqual({
      requestMetadata: { app: 'web', 'hardcap-reservation': ID },
      messages: [],
    });
  });

  it.each([
    null,
    'x',
    [],
    Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`m${n}`, 'x'])),
  ])('is left out beside metadata that takes no more: %j', (requestMetadata) => {
    const body = serializeBody({ requestMetadata, messages: [] });

    expect(withReservation(body, requestMetadata, ID)).toBe(body);
  });

  it('is plain text in a header, whatever the client’s own metadata holds', () => {
    const header = metadataHeaderWith('{"app":"caf\\u00e9 \\ud83d\\ude00"}', ID);

    expect(header).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(header)).toEqual({ app: 'café 😀', 'hardcap-reservation': ID });
  });
});
