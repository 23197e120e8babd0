/**
 * Text in lines of a width: words stay whole where they can, and long ones break where ids do.
 */

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;

/** How many columns of a terminal a text takes; East Asian letters and emoji take two. */
export const shownWidth = (text: string): number =>
  [...text].reduce((width, character) => width + (WIDE.test(character) ? 2 : 1), 0);

const width = (text: string): number => shownWidth(text.trimEnd());

/** Words and the parts of lists. */
const WORD_ENDS = /(?<=[\s,;])/u;
/** Where a word that is longer than a line may be broken: first as ids are made, then anywhere. */
const INNER_BREAKS: readonly RegExp[] = [/(?<=[-/:._@])/u, /(?!^)/u];

/** A word in pieces that fit, broken no finer than it has to be. */
function piecesOf(word: string, columns: number, level = 0): string[] {
  const separator = INNER_BREAKS[level];
  if (separator === undefined || width(word) <= columns) return [word];
  return word.split(separator).flatMap((piece) => piecesOf(piece, columns, level + 1));
}

/**
 * One line of text as lines of at most `columns`; all but the first begin with `indent`.
 *
 * A word that has to be broken begins a line, so that as much of it as can be stays together.
 */
export function wrapText(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(WORD_ENDS)) {
    for (const [index, piece] of piecesOf(word, columns - indent.length).entries()) {
      const next = index === 0 ? word : piece;
      if (width(line + next) > columns) {
        // A line of nothing but spaces is given up for the word that it has no room for.
        if (line.trim() !== '') lines.push(line.trimEnd());
        line = lines.length === 0 ? '' : indent;
      }
      line += piece;
    }
  }
  return [...lines, line.trimEnd()];
}

/** A text of several lines, each of them wrapped. */
export const wrapLines = (text: string, columns: number): string[] =>
  text.split('\n').flatMap((line) => wrapText(line, columns));
