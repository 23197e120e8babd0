/**
 * What a command prints: tables for people, as wide as their screen, JSON for programs.
 */
import { stripVTControlCharacters, styleText } from 'node:util';
import Table from 'cli-table3';
import { shownWidth, wrapLines, wrapText } from './wrapping.ts';

export interface Output {
  /** Results, on stdout: `text` for people, or `json` where --json was given. */
  result(json: unknown, text: () => string): void;
  /** Something to know that is no result, on stderr. */
  notice(message: string): void;
}

/** Prints on this process's stdout and stderr. */
export const createOutput = (asJson: boolean): Output => ({
  result: (json, text) => {
    process.stdout.write(`${asJson ? JSON.stringify(json, undefined, 2) : text()}\n`);
  },
  notice: (message) => {
    process.stderr.write(
      `${styleText('yellow', 'note:', { stream: process.stderr })} ${message}\n`,
    );
  },
});

export interface Column {
  readonly title: string;
  /**
   * The most characters where the columns need more than the screen has, the space to the next
   * column included. Those of a table are `MIN_COLUMNS` together, or fewer.
   */
  readonly width: number;
  readonly align?: 'left' | 'right';
}

/** The cells of a row, or a text of the whole width under the row before. */
export type Row = readonly string[] | string;

const NO_BORDERS = Object.fromEntries(
  [
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].flatMap((names) => names.map((name) => [name, ''])),
);

/** Also where stdout is no terminal: a file is read in one later. */
const MIN_COLUMNS = 80;
const MAX_COLUMNS = 160;

const screenColumns = (): number =>
  Math.min(Math.max(process.stdout.columns ?? MIN_COLUMNS, MIN_COLUMNS), MAX_COLUMNS);

/** A text of the whole width, wrapped; the lines after the first are indented. */
export const paragraph = (text: string): string => wrapText(text, screenColumns(), '  ').join('\n');

/** Rows under their titles, without lines; a long cell is wrapped inside its column. */
export function table(columns: readonly Column[], rows: readonly Row[]): string {
  const widths = columnWidths(columns, rows);
  // A text of the whole width has the rest of the screen too, as a column that nobody sees.
  const rest = screenColumns() - sum(widths);
  if (rest > 0) widths.push(rest);
  const drawn = new Table({
    chars: NO_BORDERS,
    head: widths.map((_, index) => headOf(columns[index])),
    colWidths: widths,
    colAligns: columns.map(({ align = 'left' }) => align),
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
  });
  for (const row of rows) {
    if (typeof row === 'string') {
      drawn.push(
        ...paragraph(row)
          .split('\n')
          .map((content) => [{ colSpan: widths.length, content }]),
      );
    } else {
      drawn.push(widths.map((width, index) => fitted(row[index] ?? '', width - GAP)));
    }
  }
  const lines = drawn.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}

const headOf = (column: Column | undefined): string =>
  column === undefined ? '' : emphasis(column.title);

const GAP = 1;
const WIDE_GAP = 2;

/** A cell with colours is short, and is left as it is: a colour must not be cut in two. */
const fitted = (cell: string, width: number): string =>
  stripVTControlCharacters(cell) === cell ? wrapLines(cell, width).join('\n') : cell;

/**
 * What each column needs where that fits the screen; else at most its `width`, and what short
 * columns leave over goes to the long ones in proportion to what they lack.
 */
function columnWidths(columns: readonly Column[], rows: readonly Row[]): number[] {
  const needed = columns.map(({ title }, index) => {
    const cells = rows.map((row) => (typeof row === 'string' ? '' : (row[index] ?? '')));
    return WIDE_GAP + Math.max(...[title, ...cells].map(widestLine));
  });
  if (sum(needed) <= screenColumns()) return needed;
  const given = columns.map(({ width }, index) => Math.min(width, needed[index] ?? width));
  const lacking = given.map((width, index) => (needed[index] ?? width) - width);
  const spare = screenColumns() - sum(given);
  return given.map((width, index) => {
    const share = Math.floor((spare * (lacking[index] ?? 0)) / sum(lacking));
    return width + share;
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const widestLine = (text: string): number =>
  Math.max(...stripVTControlCharacters(text).split('\n').map(shownWidth));

/** Bold where the terminal shows it; NO_COLOR is obeyed. */
export const emphasis = (text: string): string =>
  styleText('bold', text, { stream: process.stdout });

/** Green, yellow from four fifths, red when full. */
export function byFullness(text: string, percent: number): string {
  const colour = percent >= 100 ? 'red' : percent >= 80 ? 'yellow' : 'green';
  return styleText(colour, text, { stream: process.stdout });
}
