/**
 * Rules of the terminal that is watched on: it is left as it was found, and what does not change is
 * not drawn again.
 */
import { EventEmitter } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { openScreen, type Screen } from '../../bin/commands/watch-screen.ts';

class FakeOutput extends EventEmitter {
  readonly isTTY = true;
  columns = 20;
  rows = 5;
  written = '';
  write(text: string): boolean {
    this.written += text;
    return true;
  }
  /** What was written since the last time. */
  taken(): string {
    const text = this.written;
    this.written = '';
    return text;
  }
}

class FakeKeys extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  setRawMode(isRaw: boolean): this {
    this.isRaw = isRaw;
    return this;
  }
  pause = (): this => this;
  resume = (): this => this;
}

const TAKEN = '\u001b[?1049h\u001b[?25l';
const LEFT = '\u001b[?1049l\u001b[?25h';

let screen: Screen | undefined;
afterEach(() => screen?.close());

function open() {
  const output = new FakeOutput();
  const keys = new FakeKeys();
  const onQuit = vi.fn();
  const suspend = vi.fn();
  screen = openScreen(
    output as unknown as Parameters<typeof openScreen>[0],
    keys as unknown as Parameters<typeof openScreen>[1],
    onQuit,
    suspend,
  );
  return { output, keys, onQuit, suspend, screen };
}

it('takes the second screen, and gives back the first, the cursor and the keys', () => {
  const { output, keys, screen: opened } = open();
  expect(output.taken()).toContain(TAKEN);
  expect(keys.isRaw).toBe(true);

  opened.close();

  expect(output.taken()).toBe(LEFT);
  expect(keys.isRaw).toBe(false);
  opened.close();
  expect(output.taken()).toBe('');
});

it('draws only the lines that changed', () => {
  const { output, screen: opened } = open();
  opened.draw(() => ['title', 'one']);
  output.taken();

  opened.draw(() => ['title', 'two']);
  const changed = output.taken();
  opened.draw(() => ['title', 'two']);

  expect(changed).toContain('two');
  expect(changed).not.toContain('title');
  expect(output.taken()).toBe('');
});

it('draws anew, for the new size, when the terminal is resized', () => {
  const { output, screen: opened } = open();
  opened.draw(({ columns, rows }) => [`${columns}x${rows}`]);
  expect(output.taken()).toContain('20x4');

  output.columns = 90;
  output.emit('resize');

  expect(output.taken()).toMatch(/\[2J.*90x4/s);
});

it('gives the terminal back while it is stopped by Ctrl-Z, and takes it again', () => {
  const { output, keys, suspend, screen: opened } = open();
  opened.draw(() => ['title']);
  output.taken();

  keys.emit('data', Buffer.from('\u001a'));
  expect(output.taken()).toBe(LEFT);
  expect(suspend).toHaveBeenCalledOnce();
  opened.draw(() => ['unseen']);
  expect(output.taken()).toBe('');

  process.emit('SIGCONT');
  expect(output.taken()).toMatch(/1049h.*unseen/s);
});

it.each(['\u0003', 'q'])('ends by %j', (key) => {
  const { keys, onQuit } = open();
  keys.emit('data', Buffer.from(key));
  expect(onQuit).toHaveBeenCalledOnce();
});
