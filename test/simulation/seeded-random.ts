/**
 * Random numbers that a seed repeats: sfc32, seeded by SHA-256 of the seed and the fork's labels.
 *
 * Invariant: a stream depends only on its seed and its labels, never on what other streams drew,
 *            so that a new draw in one place leaves every other place of a run as it was.
 * Not here:  secrets. Whoever knows the seed knows all that follows.
 */
import { createHash } from 'node:crypto';

/** A stream of random choices. */
export interface Random {
  /** A number in [0, 1), of 32 random bits. */
  next(): number;
  /** A whole number in [0, n), for n from 1 to 2^32. @throws RangeError for any other n. */
  int(n: number): number;
  /** One of the items. @throws RangeError where there is none. */
  pick<Item>(items: readonly Item[]): Item;
  /** True with the probability p: never at 0, always at 1. */
  chance(p: number): boolean;
  /** The stream of that label under this one: the same stream each time it is asked for. */
  fork(label: string): Random;
}

const TWO_TO_32 = 0x1_0000_0000;

/** The stream of a seed: a whole number of at most 2^53. @throws RangeError for any other. */
export function createRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed is a whole number, not ${seed}`);
  return randomOf(String(seed));
}

/** `path` is the seed and the labels down to this stream. */
function randomOf(path: string): Random {
  const next32 = sfc32(path);
  const next = () => next32() / TWO_TO_32;
  const int = (n: number): number => {
    if (!Number.isInteger(n) || n < 1 || n > TWO_TO_32) {
      throw new RangeError(`int(n) takes a whole number from 1 to 2^32, not ${n}`);
    }
    return Math.floor(next() * n);
  };
  return {
    next,
    int,
    pick: <Item>(items: readonly Item[]): Item => {
      if (items.length === 0) throw new RangeError('there is nothing to pick from');
      return items[int(items.length)] as Item;
    },
    chance: (p) => next() < p,
    // Quoted, so that no label can pass for two.
    fork: (label) => randomOf(`${path}/${JSON.stringify(label)}`),
  };
}

/**
 * Chris Doty-Humphrey's "small fast counting" generator of 32 bits, from PractRand
 * (https://pracrand.sourceforge.net): 128 bits of state, no cycle shorter than 2^32.
 */
function sfc32(path: string): () => number {
  const digest = createHash('sha256').update(path).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = digest.readInt32LE(12);
  return () => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
}
