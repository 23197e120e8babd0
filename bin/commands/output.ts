/**
 * What a command prints: tables of at most 80 columns for people, JSON for programs.
 */
import { styleText } from 'node:util';
import Table from 'cli-table3';

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
  /** In characters, the space to the next column included. */
  readonly width: number;
  readonly align?: 'left' | 'right';
}

const NO_BORDERS = Object.fromEntries(
  [
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left'],
    ['bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].flatMap((names) => names.map((name) => [name, ''])),
);

/** Rows under their titles, without lines; long cells are wrapped inside their column. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    chars: NO_BORDERS,
    head: columns.map(({ title }) => emphasis(title)),
    colWidths: columns.map(({ width }) => width),
    colAligns: columns.map(({ align = 'left' }) => align),
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { 'padding-left': 0, 'padding-right': 1, head: [], border: [], compact: true },
  });
  drawn.push(...rows.map((row) => [...row]));
  const lines = drawn.toString().split('\n');
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Bold where the terminal shows it; NO_COLOR is obeyed. */
export const emphasis = (text: string): string =>
  styleText('bold', text, { stream: process.stdout });

/** Green, yellow from four fifths, red when full. */
export function byFullness(text: string, percent: number): string {
  const colour = percent >= 100 ? 'red' : percent >= 80 ? 'yellow' : 'green';
  return styleText(colour, text, { stream: process.stdout });
}
