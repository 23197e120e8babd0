/**
 * What `hardcap doctor` found, for people in 80 columns and for programs as JSON.
 */
import { styleText } from 'node:util';
import { type Column, paragraph, type Row, table } from '../output.ts';
import type { Level } from './finding.ts';
import type { LeftOut, Report } from './run-checks.ts';

const COLUMNS: readonly Column[] = [
  { title: 'CHECK', width: 16 },
  { title: 'RESULT', width: 9 },
  { title: 'SEEN', width: 55 },
];

const COLOURS = { ok: 'green', warning: 'yellow', failure: 'red' } as const;

const shown = (level: Level): string =>
  styleText(COLOURS[level], level === 'failure' ? 'FAILURE' : level, { stream: process.stdout });

const countOf = ({ results }: Report, level: Level): number =>
  results.filter((result) => result.level === level).length;

const counted = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`;

/** The table, what was left out, and a last line that sums it up. */
export function reportText(report: Report): string {
  const rows = report.results.flatMap(({ check, level, seen, fix }): Row[] => [
    [check, shown(level), seen],
    ...(fix === undefined ? [] : [`└ ${fix}`]),
  ]);
  const summary = [
    `${countOf(report, 'ok')} ok`,
    counted(countOf(report, 'warning'), 'warning'),
    counted(countOf(report, 'failure'), 'failure'),
  ].join(', ');
  return [table(COLUMNS, rows), ...leftOutText(report.leftOut), `${summary}.`].join('\n\n');
}

function leftOutText(leftOut: readonly LeftOut[]): string[] {
  const reasons = [...new Set(leftOut.map(({ why }) => why))];
  return reasons.map((why) => {
    const names = leftOut.filter((one) => one.why === why).map(({ check }) => check);
    return paragraph(`Not looked at: ${names.join(', ')}; ${why}.`);
  });
}

/** The same for programs. */
export const reportJson = (report: Report): object => ({
  ok: countOf(report, 'ok'),
  warnings: countOf(report, 'warning'),
  failures: countOf(report, 'failure'),
  checks: report.results,
  leftOut: report.leftOut,
});

/** How many checks failed. */
export const failuresOf = (report: Report): number => countOf(report, 'failure');
