/**
 * Text of settings and callers on one line of a terminal: escaped, cut and filled to a width.
 */
import { printable } from './malformed-view.ts';
import { shownWidth } from './wrapping.ts';

/** Marks that reorder or hide what stands beside them, and ends of lines that are no control. */
const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Nothing in it is obeyed by a terminal. */
const plain = (text: string): string => printable(text).replace(UNSEEN, '�');

/** How many columns `shown` takes where it has the room. */
export const drawnLength = (text: string): number => shownWidth(plain(text));

/** The text in at most `width` columns; what is cut ends in an ellipsis. */
export function shown(text: string, width: number): string {
  const whole = plain(text);
  if (shownWidth(whole) <= width) return whole;
  let cut = '';
  let used = 1;
  for (const character of whole) {
    used += shownWidth(character);
    if (used > width) break;
    cut += character;
  }
  return width < 1 ? '' : `${cut}…`;
}

/** The text in exactly `width` columns. `space` says on which side they are filled. */
export function fill(text: string, width: number, space: 'left' | 'right' = 'right'): string {
  const fitted = shown(text, width);
  const rest = ' '.repeat(Math.max(width - shownWidth(fitted), 0));
  return space === 'left' ? rest + fitted : fitted + rest;
}
