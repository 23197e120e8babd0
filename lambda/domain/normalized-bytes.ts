/**
 * How many bytes a body can have once a tokenizer has normalised its text.
 *
 * Invariant: never less than the text of the body in UTF-8, nor than its compatibility form
 *            (NFKC). The time is linear, whatever a caller writes.
 */
import { isAscii } from 'node:buffer';

/**
 * The bytes of a JSON body, or of its NFKC form where that is longer: compatibility forms grow by
 * it (U+FDFA is 3 bytes, its normal form 33), and some tokenizers normalise first.
 *
 * @param body UTF-8, as `serializeBody` gives it
 */
export function normalizedBytes(body: Buffer): number {
  if (isAscii(body)) return body.length;
  const text = body.toString('utf8');
  const normalized = MANY_MARKS.test(text) ? decomposedBytes(text) : composedBytes(text);
  return Math.max(body.length, normalized);
}

/**
 * More combining marks in a row than any language writes (Unicode's stream-safe text has 30 at
 * most). Normalising sorts each run of marks, in a time that grows with the square of its length:
 * a body of 4 MB that is one run would keep the function busy for an hour. Two kana marks are no
 * marks themselves, but become some. Of planes above the first, all up to U+1EFFF count as marks.
 */
const MANY_MARKS = /(?:[\p{M}\uff9e\uff9f]|[\u{10000}-\u{1efff}]){33}/u;

const ESCAPED_RETURN = '\\r';
/** As long as an escaped return, and no mark joins it. */
const UNJOINED = '\\0';

/**
 * The r of an escaped carriage return is a letter here, which marks can join (r with U+0323 and
 * U+0304 is one letter of 3 bytes), where the text itself has a return, which they cannot. The
 * letters of other escapes lose less by it than the escape adds.
 */
const composedBytes = (text: string): number =>
  Buffer.byteLength(text.replaceAll(ESCAPED_RETURN, UNJOINED).normalize('NFKC'));

const PIECE_UNITS = 32;
const HIGH_SURROGATE = /[\ud800-\udbff]$/;

/**
 * Composing makes no text longer and sorting marks leaves its length, so the decomposed form is a
 * bound; and it may be measured piece by piece, as each character is decomposed by itself.
 */
function decomposedBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; ) {
    let piece = text.slice(at, at + PIECE_UNITS);
    if (HIGH_SURROGATE.test(piece)) piece = text.slice(at, at + PIECE_UNITS + 1);
    bytes += Buffer.byteLength(piece.normalize('NFKD'));
    at += piece.length;
  }
  return bytes;
}
