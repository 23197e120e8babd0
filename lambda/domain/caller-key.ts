/**
 * The credential: `hc_<keyId>_<43 characters base64url>_<crc>`, its form, checksum and hash.
 *
 * Invariant: form and checksum are tested before any I/O, so garbage costs no read.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'hc_';
const SECRET_CHARACTERS = 43;
const CRC_CHARACTERS = 8;
const KEY_ID = /^[a-z0-9-]{1,40}$/;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const MAX_KEY_CHARACTERS = PREFIX.length + 40 + 1 + SECRET_CHARACTERS + 1 + CRC_CHARACTERS;

export const isKeyId = (text: string): boolean => KEY_ID.test(text);

const checksum = (text: string): string => crc32(text).toString(16).padStart(CRC_CHARACTERS, '0');

/** The whole key for an id and 43 characters of base64url (256 random bits). */
export function formatKey(keyId: string, secret: string): string {
  if (!KEY_ID.test(keyId)) throw new RangeError(`a key id is 1 to 40 of [a-z0-9-]: "${keyId}"`);
  if (!SECRET.test(secret)) throw new RangeError('a key secret is 43 characters of base64url');
  const body = `${PREFIX}${keyId}_${secret}`;
  return `${body}_${checksum(body)}`;
}

/**
 * The key id inside a well-formed key, or undefined for anything else.
 *
 * Parsed from the right by fixed widths, as the secret may itself hold underscores.
 */
export function keyIdOf(key: string): string | undefined {
  if (key.length > MAX_KEY_CHARACTERS || !key.startsWith(PREFIX)) return undefined;
  const crcStart = key.length - CRC_CHARACTERS;
  const secretStart = crcStart - 1 - SECRET_CHARACTERS;
  if (secretStart - 1 < PREFIX.length) return undefined;
  if (key[crcStart - 1] !== '_' || key[secretStart - 1] !== '_') return undefined;
  const keyId = key.slice(PREFIX.length, secretStart - 1);
  if (!KEY_ID.test(keyId) || !SECRET.test(key.slice(secretStart, crcStart - 1))) return undefined;
  return key.slice(crcStart) === checksum(key.slice(0, crcStart - 1)) ? keyId : undefined;
}

/** SHA-256 of the whole key, as 64 lower-case hex digits: all that the table holds of it. */
export const hashKey = (key: string): string => createHash('sha256').update(key).digest('hex');

const HASH = /^[0-9a-fA-F]{64}$/;

/** Compares two SHA-256 hashes in constant time; what is not 64 hex digits equals nothing. */
export function equalHashes(a: string, b: string): boolean {
  // Buffer.from stops at the first character that is no hex digit, and leave the rest uncompared.
  if (!HASH.test(a) || !HASH.test(b)) return false;
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
}
