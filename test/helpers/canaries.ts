/**
 * Canaries: texts that must not be found again, and the search for them in all their disguises.
 */
import { randomBytes } from 'node:crypto';
import { hashKey } from '../../lambda/domain/caller-key.ts';

export interface Canaries {
  /** A text that nothing else holds, which must not be found; `what` says where it was put. */
  put(what: string): string;
  /** No part of the key's secret, nor of its hash, may be found. */
  guardKey(key: string): void;
  /** What was put somewhere and is in `text`: as it is, in base64 or percent-encoded. */
  foundIn(text: string): string[];
}

const RANDOM_BYTES = 6;
const SECRET_AND_CHECKSUM = 52;
/** Long enough that chance does not find it, short enough to find a key that was cut. */
const SECRET_PART = 10;
const HASH_PART = 16;

export function createCanaries(): Canaries {
  const parts = new Map<string, string>();
  return {
    put(what) {
      const text = `canary ${randomBytes(RANDOM_BYTES).toString('hex')}`;
      const hex = text.slice('canary '.length);
      parts.set(hex, what);
      for (const disguise of base64Of(hex)) parts.set(disguise, `${what}, in base64`);
      return text;
    },
    guardKey(key) {
      const secret = key.slice(-SECRET_AND_CHECKSUM);
      for (const part of windowsOf(secret, SECRET_PART)) parts.set(part, `secret of ${key}`);
      for (const part of windowsOf(hashKey(key), HASH_PART)) parts.set(part, `hash of ${key}`);
    },
    foundIn: (text) => [...parts].flatMap(([part, what]) => (text.includes(part) ? [what] : [])),
  };
}

function windowsOf(text: string, length: number): string[] {
  const last = text.length - length;
  return Array.from({ length: last + 1 }, (_, start) => text.slice(start, start + length));
}

const BASE64_GROUP = 3;

/** How a text reads in base64, wherever it begins; the characters that its neighbours change go. */
const base64Of = (text: string): string[] =>
  Array.from({ length: BASE64_GROUP }, (_, before) =>
    Buffer.from('x'.repeat(before) + text)
      .toString('base64')
      .slice(before === 0 ? 0 : 4, -4),
  );
