import { describe, expect, it } from 'vitest';
import { CONVERSE_ANSWER, createVerifier, STREAM_FRAMES } from '../../bench/answers.ts';

const whole = Buffer.concat(STREAM_FRAMES);

/** The answer with one byte changed. */
function damaged(answer: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(answer);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('the verifier of the benchmark', () => {
  it('takes the answers of its own upstream, again and again', () => {
    const [verify, verifyWhole] = [createVerifier(true), createVerifier(false)];

    for (let time = 1; time <= 2; time += 1) {
      expect(() => verify(whole)).not.toThrow();
      expect(() => verifyWhole(CONVERSE_ANSWER)).not.toThrow();
    }
  });

  it('finds a wrong byte by the checksum of its frame, first or later', () => {
    const damage = damaged(whole, Math.floor(whole.length / 2));
    const verify = createVerifier(true);

    expect(() => createVerifier(true)(damage)).toThrow(/checksum/);
    verify(whole);
    expect(() => verify(damage)).toThrow(/checksum/);
  });

  it('finds a frame that is missing, cut short, or there twice', () => {
    const without = Buffer.concat(STREAM_FRAMES.toSpliced(7, 1));
    const twice = Buffer.concat([...STREAM_FRAMES.slice(0, 8), ...STREAM_FRAMES.slice(7)]);

    expect(() => createVerifier(true)(without)).toThrow('the text is another');
    expect(() => createVerifier(true)(twice)).toThrow('the text is another');
    expect(() => createVerifier(true)(whole.subarray(0, -1))).toThrow('ends within a frame');
    expect(() => createVerifier(true)(Buffer.concat(STREAM_FRAMES.slice(0, -1)))).toThrow('usage');
  });

  it('finds another text or another usage of a whole answer', () => {
    const other = (from: string, to: string) =>
      Buffer.from(Buffer.from(CONVERSE_ANSWER).toString().replace(from, to));

    expect(() => createVerifier(false)(other('quick', 'slow'))).toThrow('the text is another');
    expect(() => createVerifier(false)(other('1000', '1001'))).toThrow('the usage is another');
  });
});
