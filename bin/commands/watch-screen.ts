/**
 * A terminal that is drawn on again and again, and left as it was found.
 *
 * Owns:      the terminal's second screen, its cursor and its keys, from `open` to `close`.
 * Invariant: they are given back on every way out that a process can see, Ctrl-Z included.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import { createLogUpdate } from 'log-update';

const ESCAPE = '\u001b[';
const SECOND_SCREEN = `${ESCAPE}?1049h`;
const FIRST_SCREEN = `${ESCAPE}?1049l`;
const HIDE_CURSOR = `${ESCAPE}?25l`;
const SHOW_CURSOR = `${ESCAPE}?25h`;
const CLEAR = `${ESCAPE}2J${ESCAPE}H`;

/** What a terminal sends for them where keys are read raw. */
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

type Screenlike = Pick<WriteStream, 'write' | 'on' | 'off' | 'columns' | 'rows' | 'isTTY'>;
type Keyboard = Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>;

export interface Screen {
  /** Draws what `frame` gives for the terminal's size, now and whenever that changes. */
  draw(frame: (size: { columns: number; rows: number }) => readonly string[]): void;
  close(): void;
}

/** Takes the terminal. @param onQuit Ctrl-C or `q` was typed */
export function openScreen(
  output: Screenlike,
  keys: Keyboard,
  onQuit: () => void,
  suspend: () => void,
): Screen {
  let isOpen = false;
  let latest: ((size: { columns: number; rows: number }) => readonly string[]) | undefined;
  let update = createLogUpdate(output as WriteStream, { showCursor: true });
  const redraw = () => {
    if (!isOpen || latest === undefined) return;
    // A last line that is written to would scroll the screen.
    const rows = Math.max((output.rows ?? DEFAULT_ROWS) - 1, 1);
    update(latest({ columns: output.columns ?? DEFAULT_COLUMNS, rows }).join('\n'));
  };
  const renew = () => {
    output.write(CLEAR);
    update = createLogUpdate(output as WriteStream, { showCursor: true });
    redraw();
  };
  const onKey = (typed: Buffer) => {
    const text = typed.toString();
    if (text.includes(CTRL_C) || text === 'q') onQuit();
    else if (text === CTRL_Z) {
      leave();
      suspend();
    }
  };
  const enter = () => {
    if (isOpen) return;
    isOpen = true;
    output.write(SECOND_SCREEN + HIDE_CURSOR);
    output.on('resize', renew);
    if (keys.isTTY) {
      keys.setRawMode(true);
      keys.on('data', onKey);
      keys.resume();
    }
    renew();
  };
  const leave = () => {
    if (!isOpen) return;
    isOpen = false;
    output.off('resize', renew);
    if (keys.isTTY) {
      keys.off('data', onKey);
      keys.setRawMode(false);
      keys.pause();
    }
    output.write(FIRST_SCREEN + SHOW_CURSOR);
  };
  enter();
  process.on('SIGCONT', enter);
  process.on('exit', leave);
  return {
    draw: (frame) => {
      latest = frame;
      redraw();
    },
    close: () => {
      process.off('SIGCONT', enter);
      process.off('exit', leave);
      leave();
    },
  };
}
