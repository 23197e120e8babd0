/**
 * Names of metrics and fields: what is promised is emitted, and what is written down is true.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  expireWrite,
  lateSettleWrite,
  settleWrite,
} from '../../lambda/adapters/ledger/counter-writes.ts';
import { METRIC, METRIC_PROPERTY } from '../../lambda/contract.ts';
import { reservationId } from '../../lambda/domain/reservation.ts';
import { usd } from '../helpers/builders.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const sourcesOf = (folder: string): string =>
  globSync(`${folder}/**/*.ts`, { cwd: ROOT })
    .filter((file) => file !== path.join('lambda', 'contract.ts'))
    .map(read)
    .join('\n');

const LAMBDA = sourcesOf('lambda');
const LIB = sourcesOf('lib');
const METRICS = read('docs/metrics.md');
const RUNBOOK = read('docs/runbook.md');

/** Cells of the table's rows that begin with a name in backticks. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| |\|$|`/g, '').trim()));

const sectionOf = (text: string, heading: string): string =>
  text.split(/^##+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';

const unitOf = (name: string): string => {
  if (name.endsWith('Ms')) return 'milliseconds';
  return name.endsWith('Usd') ? 'US dollars' : 'count';
};

describe('every metric of the contract', () => {
  it.each(Object.keys(METRIC))('%s is counted by the functions', (key) => {
    expect(LAMBDA).toMatch(new RegExp(`METRIC\\.${key}\\b`));
  });

  it('is in the table of docs/metrics.md once, with its unit', () => {
    const rows = rowsOf(sectionOf(METRICS, 'Metrics'));

    expect(rows.map(([name]) => name).sort()).toEqual(Object.values(METRIC).sort());
    for (const [name = '', unit] of rows) expect([name, unit]).toEqual([name, unitOf(name)]);
  });

  it('is in what the documents say of the cost: all of them, counted in every hour', () => {
    const names = Object.values(METRIC).length;
    const both = rowsOf(sectionOf(METRICS, 'Metrics')).filter(([, , from]) => from === 'both');
    const dollars = ((names + both.length) * 0.3).toFixed(2);

    expect(METRICS).toContain(`There are ${names} names`);
    expect(METRICS).toContain(`${names + both.length} metrics, at most $${dollars} a month`);
  });
});

describe('whoever watches', () => {
  it('asks for own metrics by the contract alone', () => {
    // `metric()` takes only keys of the contract; a name in quotes would be checked by nobody.
    for (const name of Object.values(METRIC)) {
      expect(LIB).not.toContain(`metricName: '${name}'`);
    }
  });
});

describe('every field of a request’s line', () => {
  it.each(Object.keys(METRIC_PROPERTY))('%s is said by the functions', (name) => {
    const said = LAMBDA.match(/describe\(\{.*?\}\);/gs)?.join('\n') ?? '';
    expect(said).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('is in the table of docs/metrics.md once', () => {
    const names = rowsOf(sectionOf(METRICS, 'What a request logs')).map(([name]) => name);

    expect(names.sort()).toEqual([...Object.values(METRIC_PROPERTY), 'service'].sort());
  });
});

/** Queries of both documents: fenced in one, arguments of a shell function in the other. */
const QUERIES: readonly string[] = [
  ...[...METRICS.matchAll(/```logs-insights\n(.+?)```/gs)],
  ...[...RUNBOOK.matchAll(/^insights \S+ '(.+?)'$/gms)],
].map(([, query = '']) => query.replaceAll('\n', ' '));
const WORDS = new Set(
  (
    'filter stats count sum max pct as by bin sort desc limit fields like and or ispresent ' +
    'service level message timestamp m h'
  ).split(' '),
);

/** Names in a query that must be in a line: not its words, texts, patterns, or own names. */
function fieldsOf(query: string): string[] {
  const own = new Set([...query.matchAll(/\bas (\w+)/g)].map(([, name]) => name));
  const bare = query.replaceAll(/"[^"]*"|like \/[^\n]*?\/(?=[\s|]|$)|@\w+|\b\d+\w*/g, ' ');
  return [...new Set(bare.match(/[A-Za-z]\w*/g) ?? [])].filter(
    (name) => !WORDS.has(name) && !own.has(name),
  );
}

describe('the documents’ queries', () => {
  it('are there: three in docs/metrics.md, and those of the runbook', () => {
    expect(QUERIES.length).toBeGreaterThan(15);
    expect(METRICS.match(/```logs-insights/g)).toHaveLength(3);
    expect(RUNBOOK.match(/^insights \$/gm)).toHaveLength(QUERIES.length - 3);
  });

  it.each(QUERIES)('ask for fields that are written: %s', (query) => {
    const known = new Set<string>([...Object.values(METRIC), ...Object.values(METRIC_PROPERTY)]);

    for (const field of fieldsOf(query)) {
      // A field of a log line is a member that some call of the telemetry names.
      const isWritten = known.has(field) || new RegExp(`\\b${field}(:|,| \\})`).test(LAMBDA);
      expect([field, isWritten]).toEqual([field, true]);
    }
  });

  it('ask for messages that are written', () => {
    const messages = QUERIES.flatMap((query) =>
      [...query.matchAll(/(?<!@)\bmessage (?:= "|like \/\^?)([^"/]+)/g)].map(
        ([, text = '']) => text,
      ),
    );

    expect(messages.length).toBeGreaterThan(4);
    for (const text of messages) expect(LAMBDA).toContain(text);
  });

  it('would be caught with a field that nothing writes', () => {
    expect(
      fieldsOf('filter ispresent(SpendUsd) | stats sum(Spent) as x by model, bin(1h)'),
    ).toEqual(['SpendUsd', 'Spent', 'model']);
  });
});

describe('the log lines of docs/metrics.md', () => {
  it('are those that the functions write', () => {
    const lines = [...sectionOf(METRICS, 'Other log lines').matchAll(/^\| [A-Z]+ \| `([^`]+)`/gm)];

    expect(lines.length).toBeGreaterThan(7);
    for (const [, message = ''] of lines) expect(LAMBDA).toContain(message);
  });
});

describe('settling by hand', () => {
  const id = reservationId(NOON_MS, '0123456789');
  const end = { id, reservedNanoUsd: usd('2'), costNanoUsd: usd('1'), tombstone: false };

  it('is the ledger’s own settle', () => {
    const { UpdateExpression, ConditionExpression } = settleWrite(end);

    expect(RUNBOOK).toContain(`--update-expression '${UpdateExpression}'`);
    expect(RUNBOOK).toContain(`--condition-expression '${ConditionExpression}'`);
  });

  it('is the ledger’s own late settle where it has expired', () => {
    const { UpdateExpression, ConditionExpression } = lateSettleWrite(end);

    expect(RUNBOOK).toContain(`--update-expression '${UpdateExpression}'`);
    expect(RUNBOOK).toContain(`--condition-expression '${ConditionExpression}'`);
  });

  it('names what stands as the ledger does', () => {
    expect(settleWrite(end).ExpressionAttributeNames).toEqual({ '#r': `r:${id}` });
    expect(expireWrite(id, usd('2')).ExpressionAttributeNames).toMatchObject({ '#x': `x:${id}` });
  });
});
