/**
 * A usage report as a table, as JSON and as CSV.
 *
 * Invariant: JSON and CSV are exact; for the eye dollars are rounded up.
 */
import type { UsageReport } from '../../lambda/application/usage-report.ts';
import type { UsageRow, UsageSum } from '../../lambda/application/usage-sums.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { shownUsd } from '../../lambda/domain/shown-usd.ts';
import { csvText } from './csv.ts';
import { printable } from './malformed-view.ts';
import { paragraph, type Row, table } from './output.ts';
import { timeText } from './period.ts';

/** A report and what was asked for. */
export interface ShownUsage {
  /** As it was written: `key`, `tag:stage`. */
  readonly by: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucket?: 'hour' | 'day';
  /** Keys whose entries were read. */
  readonly keys: number;
  /** Whether --keys named them. */
  readonly areKeysNamed: boolean;
  /** Where it was read, for people. */
  readonly name: string;
  readonly report: UsageReport;
}

const OTHERS = '(others)';
const NOT_ATTRIBUTED = '(not attributed)';
const TOTAL = 'TOTAL';

const TOKENS = {
  inputTokens: ['inputTokens'],
  outputTokens: ['outputTokens'],
  cacheReadTokens: ['cacheReadTokens'],
  cacheWriteTokens: ['cacheWrite5mTokens', 'cacheWrite1hTokens'],
} as const;
const TOKEN_NAMES = new Set<string>(Object.values(TOKENS).flat());

const iso = (atMs: number): string => new Date(atMs).toISOString();

const tokensOf = ({ usage }: UsageSum, name: keyof typeof TOKENS): number =>
  TOKENS[name].reduce((sum, part) => sum + (usage.get(part) ?? 0), 0);

const sumJson = (sum: UsageSum) => ({
  costUsd: formatUsd(sum.costNanoUsd),
  expiredUsd: formatUsd(sum.expiredNanoUsd),
  requests: sum.requests,
  released: sum.released,
  withoutUsage: sum.withoutUsage,
  refusals: sum.refusals,
  inputTokens: tokensOf(sum, 'inputTokens'),
  outputTokens: tokensOf(sum, 'outputTokens'),
  cacheReadTokens: tokensOf(sum, 'cacheReadTokens'),
  cacheWriteTokens: tokensOf(sum, 'cacheWriteTokens'),
});

const unitsOf = ({ usage }: UsageSum) =>
  Object.fromEntries([...usage].filter(([name]) => !TOKEN_NAMES.has(name)));

/** Exact figures; a row without a name is of all the names that were too many. */
export const usageJson = ({ by, fromMs, toMs, bucket, keys, report }: ShownUsage) => ({
  by,
  from: iso(fromMs),
  until: iso(toMs),
  ...(bucket === undefined ? {} : { bucket }),
  rows: report.rows.map((row) => ({
    name: row.name ?? null,
    ...(row.bucketMs === undefined ? {} : { at: iso(row.bucketMs) }),
    ...sumJson(row),
    units: unitsOf(row),
  })),
  notAttributed: sumJson(report.notAttributed),
  total: { ...sumJson(report.total), units: unitsOf(report.total) },
  keysRead: keys,
  entriesRead: report.entries,
  unreadableEntries: report.unreadable,
});

/** One line a group; what is not attributed and the total are left to other formats. */
export function usageCsv({ by, bucket, report }: ShownUsage): string {
  const lines = report.rows.map((row) => [
    ...(bucket === undefined ? [] : [iso(row.bucketMs ?? 0)]),
    row.name ?? OTHERS,
    ...csvFigures(row),
  ]);
  const { notAttributed } = report;
  const rest =
    by === 'cap' || notAttributed.requests === 0
      ? []
      : [[...(bucket === undefined ? [] : ['']), NOT_ATTRIBUTED, ...csvFigures(notAttributed)]];
  const header = [
    ...(bucket === undefined ? [] : ['at']),
    by,
    ...Object.keys(sumJson(report.total)),
  ];
  return csvText([header, ...lines, ...rest]);
}

const csvFigures = (sum: UsageSum): string[] => Object.values(sumJson(sum)).map(String);

/** The table for people, and what must be known to read it. */
export function usageText(shown: ShownUsage): string {
  const { by, fromMs, toMs, name, report, bucket } = shown;
  const period = `${timeText(fromMs)} to ${timeText(toMs)} UTC`;
  const head = paragraph(`usage by ${by}, ${period}, of ${name}`);
  const isEmpty = report.total.requests + report.total.refusals === 0 && report.rows.length === 0;
  if (isEmpty) return `${head}\n\nThe journal holds no requests of this time.${noteText(shown)}`;
  const columns = [
    ...(bucket === undefined ? [] : [{ title: 'FROM (UTC)', width: bucket === 'day' ? 11 : 17 }]),
    { title: titleOf(by), width: bucket === undefined ? 22 : 14 },
    { title: 'USD', width: 11, align: 'right' as const },
    { title: 'REQUESTS', width: 9, align: 'right' as const },
    { title: 'REFUSED', width: 8, align: 'right' as const },
    bucket === undefined
      ? { title: 'TOKENS IN', width: 10, align: 'right' as const }
      : { title: 'IN', width: 7, align: 'right' as const },
    { title: 'OUT', width: 7, align: 'right' as const },
    { title: 'CACHED', width: 7, align: 'right' as const },
  ];
  const blank = bucket === undefined ? [] : [''];
  const { notAttributed } = report;
  const rows: Row[] = [
    ...report.rows.map((row) => [...bucketCells(row, bucket), ...cells(shownName(row), row)]),
    ...(by === 'cap' || notAttributed.requests === 0
      ? []
      : [[...blank, ...cells(NOT_ATTRIBUTED, notAttributed)]]),
    [...blank, ...cells(TOTAL, report.total)],
  ];
  return `${head}\n\n${table(columns, rows)}${noteText(shown)}`;
}

const titleOf = (by: string): string => (by.startsWith('tag:') ? by : by.toUpperCase());

const shownName = ({ name }: UsageRow): string => (name === undefined ? OTHERS : printable(name));

const bucketCells = ({ bucketMs = 0 }: UsageRow, bucket: ShownUsage['bucket']): string[] =>
  bucket === undefined ? [] : [bucket === 'day' ? iso(bucketMs).slice(0, 10) : timeText(bucketMs)];

const cells = (name: string, sum: UsageSum): string[] => [
  name,
  shownUsd(sum.costNanoUsd, 'up'),
  shownCount(sum.requests),
  shownCount(sum.refusals),
  shownCount(tokensOf(sum, 'inputTokens')),
  shownCount(tokensOf(sum, 'outputTokens')),
  shownCount(tokensOf(sum, 'cacheReadTokens') + tokensOf(sum, 'cacheWriteTokens')),
];

const STEPS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
] as const;

/** In at most six characters; `12.3M` from a million on. */
function shownCount(count: number): string {
  const [step, unit] = STEPS.find(([from]) => count >= from) ?? [];
  return step === undefined ? String(count) : `${(count / step).toFixed(1)}${unit}`;
}

function noteText({ by, report, keys, areKeysNamed }: ShownUsage): string {
  const { total, notAttributed, unreadable } = report;
  const notes = [
    by === 'cap'
      ? 'A request is counted under each of its caps, so the rows come to more than the total, in ' +
        'which each request is once; a refusal, under the cap that refused it.'
      : undefined,
    notAttributed.requests === 0 || by === 'cap'
      ? undefined
      : 'Not attributed: reservations that nobody settled, and that were charged in full. The ' +
        'ledger does not know whose they were.',
    total.withoutUsage > notAttributed.requests
      ? 'Requests without known usage are in the dollars, and not in the tokens: ' +
        `${total.withoutUsage - notAttributed.requests} of ${total.requests}.`
      : undefined,
    report.rows.some(({ name }) => name === undefined)
      ? `${OTHERS}: all the names that were too many to tell apart.`
      : undefined,
    unreadable === 0 ? undefined : `Entries that cannot be read, and are in no sum: ${unreadable}.`,
    areKeysNamed
      ? `Read: the entries of the ${keys === 1 ? 'key' : `${keys} keys`} of --keys alone.`
      : `Read: the entries of ${keys} ${keys === 1 ? 'key' : 'keys'}. A key that was deleted is not ` +
        'among them; name it with --keys.',
  ];
  return notes
    .filter((note) => note !== undefined)
    .map((note, index) => `${index === 0 ? '\n\n' : '\n'}${paragraph(note)}`)
    .join('');
}
