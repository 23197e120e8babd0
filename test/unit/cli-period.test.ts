/**
 * Periods and CSV cells, as people write and read them.
 */
import { expect, test } from 'vitest';
import { csvText } from '../../bin/commands/csv.ts';
import { momentValue, timeText } from '../../bin/commands/period.ts';

const NOW = Date.parse('2026-11-26T14:30:00Z');
const iso = (atMs: number): string => new Date(atMs).toISOString();

test.each([
  ['90m', '2026-11-26T13:00:00.000Z', '2026-11-26T13:00:00.000Z'],
  ['7d', '2026-11-19T14:30:00.000Z', '2026-11-19T14:30:00.000Z'],
  ['2026-11-01', '2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'],
  ['2026-11-01T09:00:00+01:00', '2026-11-01T08:00:00.000Z', '2026-11-01T08:00:00.000Z'],
])('reads %s; a date as an end is taken whole', (text, begin, end) => {
  const moment = momentValue(text);

  expect([iso(moment.beginMs(NOW)), iso(moment.endMs(NOW))]).toEqual([begin, end]);
});

test.each(['2026-02-30', '2026-11-01T09:00:00', '1730000000', 'yesterday', '-1d', '7', ''])(
  'refuses %j',
  (text) => {
    expect(() => momentValue(text)).toThrow('A date in UTC');
  },
);

test('shows seconds only where there are some', () => {
  expect(timeText(NOW)).toBe('2026-11-26 14:30');
  expect(timeText(NOW + 7_300)).toBe('2026-11-26 14:30:07');
});

test('quotes what CSV needs, doubles quotes, and disarms formulas', () => {
  expect(
    csvText([
      ['a,b', 'say "x"', 'line\nend'],
      ['=1+1', '-', '@x', '+1', 'plain', '\u001b[2J'],
    ]),
  ).toBe('"a,b","say ""x""",line\\u000aend\r\n\'=1+1,\'-,\'@x,\'+1,plain,\\u001b[2J\r\n');
});
