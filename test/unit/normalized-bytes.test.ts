/**
 * The bytes of normalised text: never too few, and in a time that no text can stretch.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizedBytes } from '../../lambda/domain/normalized-bytes.ts';

const bytesOf = (text: string): number => normalizedBytes(Buffer.from(JSON.stringify(text)));
const QUOTES = 2;

test.each([
  ['ASCII', 'a'.repeat(10), 10],
  ['text that no form lengthens', '我們'.repeat(5), 30],
  ['what NFKC lengthens', '\ufdfa', 33],
  ['what NFKC shortens', '\uff21', 3],
])('counts %s', (_, text, bytes) => {
  expect(bytesOf(text)).toBe(bytes + QUOTES);
});

test('threat 8: a run of a million marks is counted at once, not in hours', () => {
  const marks = '\u0301\u0323'.repeat(500_000);
  const startMs = performance.now();

  expect(bytesOf(`e${marks}`)).toBeGreaterThanOrEqual(Buffer.byteLength(marks));
  // Sorted as one run it takes minutes; it is a matter of some 50 ms.
  expect(performance.now() - startMs).toBeLessThan(4_000);
});

test.each([
  ['kana', '\uff9e\u0301'],
  ['musical', '\u{1d165}\u{1d16d}'],
  ['adlam', '\u{1e944}\u{1e8d0}'],
])('a run of %s marks is no way round that', (_, marks) => {
  const startMs = performance.now();

  bytesOf(`e${marks.repeat(250_000)}`);

  expect(performance.now() - startMs).toBeLessThan(4_000);
});

test('threat 16: is at least the text itself and its normal form, where escapes meet marks', () => {
  const piece = fc.constantFrom(
    ...['\r', '\n', '\t', '\b', '\f', '\0', '"', '\\', 'r', 'e', '\ufdfa', '\uff21', '\u1ea5'],
    ...[
      '\u0323',
      '\u0304',
      '\u0301',
      '\u0331',
      '\u0345',
      '\uac01',
      '\u1100',
      '\u1161',
      '\u{1d160}',
    ],
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 200 }),
      fc.integer({ min: 0, max: 60 }),
      (pieces, run) => {
        const text = pieces.join('') + '\u0323\u0304'.repeat(run);
        const bytes = bytesOf(text);

        expect(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(text) + QUOTES);
        expect(bytes).toBeGreaterThanOrEqual(Buffer.byteLength(text.normalize('NFKC')) + QUOTES);
      },
    ),
    { numRuns: 300 },
  );
});
