/**
 * What was found, for people in 80 columns and for programs as JSON.
 */
import { styleText } from 'node:util';
import { type Column, emphasis, type Row, table } from '../../bin/commands/output.ts';
import { formatUsd, type NanoUsd } from '../../lambda/domain/money.ts';
import type { Verdict } from './check.ts';
import type { Result } from './run-checks.ts';

const COLUMNS: readonly Column[] = [
  { title: 'CHECK', width: 18 },
  { title: 'RESULT', width: 9 },
  { title: '§', width: 4, align: 'right' },
  { title: 'SEEN', width: 49 },
];

const SHOWN: Readonly<Record<Verdict, string>> = { ok: 'ok', differs: 'DIFFERS', unseen: 'unseen' };

/** The table, and a last line that sums it up. */
export function reportText(results: readonly Result[], spent: NanoUsd): string {
  const rows: Row[] = results.flatMap((result) => [
    [result.id, coloured(result.verdict), result.section, result.seen],
    ...notesOf(result),
  ]);
  const count = (verdict: Verdict) => results.filter((result) => result.verdict === verdict).length;
  const summary =
    `${count('ok')} ok, ${count('differs')} differ, ${count('unseen')} could not be seen; ` +
    `spent at most $${formatUsd(spent)}.`;
  const where = 'What each check shows: docs/verify-on-aws.md, by the number of its section (§).';
  return `${table(COLUMNS, rows)}\n\n${emphasis(summary)}\n${where}`;
}

function notesOf({ verdict, expected, todo }: Result): string[] {
  if (verdict === 'ok') return [];
  const notes = [
    ...(verdict === 'differs' ? [`expected: ${expected}`] : []),
    ...(todo === undefined ? [] : [`to do: ${todo}`]),
  ];
  return notes.map((note) => `  ${note}`);
}

const COLOURS = { ok: 'green', differs: 'red', unseen: 'yellow' } as const;

const coloured = (verdict: Verdict): string =>
  styleText(COLOURS[verdict], SHOWN[verdict], { stream: process.stdout });

/** The same for programs; money as decimal dollars. */
export const reportJson = (results: readonly Result[], spent: NanoUsd): object => ({
  spentUsd: formatUsd(spent),
  checks: results,
});
