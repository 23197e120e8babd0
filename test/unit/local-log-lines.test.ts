/**
 * The log lines of local mode: one JSON line each, whoever prints.
 */
import { describe, expect, it } from 'vitest';
import { logLine } from '../../local/log-lines.ts';

describe('a log line', () => {
  it('is the JSON that was printed, without its line breaks', () => {
    const entry = { level: 'WARN', message: 'two\nlines', error: { stack: 'a\n  b' } };

    const line = logLine(`${JSON.stringify(entry, undefined, 4)}\n`);

    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual(entry);
  });

  it.each(['some library\nspeaks\n', '12', 'null', '{"level":'])('holds the text %j', (text) => {
    const line = logLine(text);

    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({ level: 'INFO', message: text.trimEnd() });
  });
});
