/**
 * How the command line breaks text: within the width, at words, long ids where ids are made of.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../bin/commands/malformed-view.ts';
import { shownWidth, wrapText } from '../../bin/commands/wrapping.ts';

describe('a line that is too long', () => {
  it('is broken between words', () => {
    expect(wrapText('one two three', 8)).toEqual(['one two', 'three']);
  });

  it('is broken inside a word only where the word alone is too long, between its parts', () => {
    expect(wrapText('daily, America/Argentina/Buenos_Aires', 14)).toEqual([
      'daily,',
      'America/',
      'Argentina/',
      'Buenos_Aires',
    ]);
    expect(wrapText('models us.anthropic.claude-haiku-4-5', 20)).toEqual([
      'models',
      'us.anthropic.claude-',
      'haiku-4-5',
    ]);
  });

  it('is broken anywhere only where there is no better place', () => {
    expect(wrapText('x'.repeat(7), 3)).toEqual(['xxx', 'xxx', 'x']);
  });

  it('indents the lines after its first', () => {
    expect(wrapText('one two three', 9, '  ')).toEqual(['one two', '  three']);
  });

  it('counts an East Asian letter as two columns', () => {
    expect(wrapText('予算予算', 4)).toEqual(['予算', '予算']);
  });

  it('gives up the spaces that it begins with, if its first word has no room behind them', () => {
    expect(wrapText('  a予', 4, ' ')).toEqual(['a予']);
    expect(wrapText('  a予', 5, ' ')).toEqual(['  a予']);
  });

  it('never passes the width and loses nothing but spaces', () => {
    const letters = fc.constantFrom('a', 'b', ' ', ',', '-', '/', '予', '_');
    const text = fc.array(letters, { maxLength: 80 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 30 }), (line, columns) => {
        const lines = wrapText(line, columns, ' ');

        for (const wrapped of lines) expect(shownWidth(wrapped)).toBeLessThanOrEqual(columns);
        expect(lines.join('').replaceAll(' ', '')).toBe(line.replaceAll(' ', ''));
      }),
    );
  });
});

it('control characters of an item are shown, not obeyed', () => {
  expect(printable('a\u001b[31m\u009bb\n')).toBe('a\\u001b[31m\\u009bb\\u000a');
});
