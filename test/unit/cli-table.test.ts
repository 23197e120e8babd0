/**
 * The tables of the command line: what stands in them is shown whole.
 */
import { expect, it } from 'vitest';
import { table } from '../../bin/commands/output.ts';

it('shows a text under a row whole, and no line without words, if the table is narrow', () => {
  const columns = [
    { title: 'CAP', width: 20 },
    { title: 'LIMIT', width: 12, align: 'right' as const },
  ];
  const text =
    '└ lifetime, only for request tags session=run-*, each session is counted apart: status';

  const lines = table(columns, [['a', '1'], text, ['b', '2']]).split('\n');

  expect(lines.map((line) => line.trim()).join(' ')).toContain(text);
  expect(lines).not.toContain('');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});
