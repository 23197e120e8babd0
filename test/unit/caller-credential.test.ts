/**
 * Where the hardcap key of a request may stand.
 */
import { describe, expect, it } from 'vitest';
import { callerCredential } from '../../lambda/adapters/http/caller-credential.ts';
import { formatKey } from '../../lambda/domain/caller-key.ts';

const KEY = formatKey('ci', 'k'.repeat(43));
const OTHER = formatKey('ci', 'o'.repeat(43));
const SIGV4 =
  'AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/bedrock/aws4_request, Signature=0';

describe('the key', () => {
  it.each([
    ['Authorization: Bearer', { authorization: `Bearer ${KEY}` }],
    ['any case of Bearer, and more space', { authorization: `bearer   ${KEY} ` }],
    ['x-api-key', { 'x-api-key': KEY }],
    ['x-hardcap-key, with space around it', { 'x-hardcap-key': ` ${KEY} ` }],
    ['a header beside a SigV4 Authorization', { authorization: SIGV4, 'x-api-key': KEY }],
    ['a header beside Basic', { authorization: 'Basic eA==', 'x-hardcap-key': KEY }],
    ['a header that is sent twice', { authorization: `Bearer ${KEY},Bearer ${KEY}` }],
    ['several headers that agree', { authorization: `Bearer ${KEY}`, 'x-api-key': KEY }],
    ['a header beside an empty one', { 'x-hardcap-key': '', 'x-api-key': KEY }],
  ])('is read from %s', (_, headers) => {
    expect(callerCredential(headers as Record<string, string>)).toEqual({
      keyText: KEY,
      keyId: 'ci',
    });
  });

  it.each([
    [{ authorization: `Bearer ${KEY}`, 'x-api-key': OTHER }],
    [{ 'x-api-key': KEY, 'x-hardcap-key': OTHER }],
    // One header, sent twice.
    [{ authorization: `Bearer ${KEY},Bearer ${OTHER}` }],
    [{ 'x-api-key': `${KEY}, ${OTHER}` }],
    // The other one is no hardcap key at all, but which of the two is meant cannot be known.
    [{ authorization: `Bearer ${KEY}`, 'x-api-key': 'sk-another' }],
  ])(
    'that differs between two headers, or in one sent twice, is invalid_request: %#',
    (headers) => {
      expect(() => callerCredential(headers as Record<string, string>)).toThrow(
        expect.objectContaining({ code: 'invalid_request' }),
      );
    },
  );

  it.each([
    ['there is none', {}],
    ['only SigV4', { authorization: SIGV4 }],
    ['Bearer of nothing', { authorization: 'Bearer ' }],
    ['Bearer of two words', { authorization: `Bearer ${KEY} ${KEY}` }],
    ['no Bearer before it', { authorization: KEY }],
    ['a checksum that is wrong', { 'x-api-key': `${KEY.slice(0, -1)}g` }],
    ['its last character lost', { 'x-api-key': KEY.slice(0, -1) }],
    ['another service’s key', { 'x-api-key': 'sk-ant-api03-xyz' }],
  ])('is missing or malformed: unknown_key (%s)', (_, headers) => {
    expect(() => callerCredential(headers as Record<string, string>)).toThrow(
      expect.objectContaining({ code: 'unknown_key' }),
    );
  });

  it('is never part of an error’s message', () => {
    const broken = `${KEY.slice(0, -1)}g`;
    for (const headers of [
      { 'x-api-key': broken },
      { authorization: `Bearer ${KEY}`, 'x-api-key': OTHER },
    ]) {
      expect(() => callerCredential(headers as Record<string, string>)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('kkkk') }),
      );
    }
  });
});
