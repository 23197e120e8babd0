/**
 * Items that cannot be read, in words: which item, which attribute, what it should be.
 */
import { paragraph } from './output.ts';

export interface ReadItem {
  readonly id: string;
  /** Attribute and fault; absent where the item can be read. */
  readonly problem?: string;
}

/** Such an item may hold any text, and a terminal obeys control characters. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${hex}`;
  });

/** A paragraph for each item that cannot be read, to stand under a table. */
export const malformedText = (items: readonly ReadItem[], consequence: string): string =>
  items
    .filter(({ problem }) => problem !== undefined)
    .map(({ id, problem }) => `${id} cannot be read, so ${consequence}: ${problem}`)
    .map((text) => `\n\n${paragraph(printable(text))}`)
    .join('');
