/**
 * `hardcap audit`: who changed which setting, when, from what to what, and why.
 *
 * It reads the histories that items keep of themselves, and says what those cannot tell.
 */
import { Argument, type Command } from 'commander';
import { sortKeyOf } from '../../lambda/adapters/settings/setting-items.ts';
import {
  AUDITED,
  type AuditEntry,
  type AuditedKind,
  type AuditTrail,
  auditTrail,
  isAudited,
  type KindItem,
  partitionOf,
  type Unrecorded,
} from './audit-trail.ts';
import { CliFailure, nearest, noSuch } from './failure.ts';
import { MAX_HISTORY } from './history.ts';
import { printable } from './malformed-view.ts';
import { paragraph, type Row, table } from './output.ts';
import { type Moment, momentValue, timeText } from './period.ts';
import { withProgress } from './progress.ts';
import { openSession, type Session } from './session.ts';
import { findItem, listItems } from './settings-store.ts';

interface AuditOptions {
  readonly since?: Moment;
}

/** Adds the `audit` command. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('show who changed which setting, when, from what to what, and why')
    .addArgument(new Argument('[kind]', 'of one kind alone').choices(AUDITED))
    .argument('[id]', 'of this one alone')
    .option('--since <when>', 'a date (UTC), an instant, or how long ago: 24h, 7d', momentValue)
    .action(
      async (
        kind: AuditedKind | undefined,
        id: string | undefined,
        options: AuditOptions,
        command: Command,
      ) => audit(await openSession(command), kind, id, options),
    );
}

async function audit(
  session: Session,
  kind: AuditedKind | undefined,
  id: string | undefined,
  { since }: AuditOptions,
): Promise<void> {
  const { output, nowMs, connection } = session;
  const items = await withProgress('reading the settings', () => readItems(session, kind, id));
  const sinceMs = since?.beginMs(nowMs);
  const trail = auditTrail(items, sinceMs);
  const query = cloudTrailQuery(connection.settingsTable);
  output.result(
    {
      ...(sinceMs === undefined ? {} : { since: new Date(sinceMs).toISOString() }),
      entries: trail.entries,
      unrecorded: trail.unrecorded,
      historyFull: trail.full,
      withoutHistory: trail.silent,
      notSeen: { what: NOT_SEEN, ...(connection.isLocal ? {} : { logsInsightsQuery: query }) },
    },
    () =>
      [
        trail.entries.length === 0
          ? `No change is recorded${sinceMs === undefined ? '' : ` since ${timeText(sinceMs)} UTC`}.`
          : trailTable(trail.entries),
        ...gapTexts(trail).map((text) => paragraph(printable(text))),
        notSeenText(connection.isLocal, query),
      ].join('\n\n'),
  );
}

async function readItems(
  { connection }: Session,
  kind: AuditedKind | undefined,
  id: string | undefined,
): Promise<KindItem[]> {
  if (kind !== undefined && id !== undefined) {
    const item = await findItem(connection, partitionOf(kind), id);
    if (item !== undefined) return [{ kind, item }];
    const known = (await listItems(connection, partitionOf(kind))).map(sortKeyOf);
    throw noSuchItem(kind, id, known);
  }
  const kinds = kind === undefined ? AUDITED : [kind];
  const read = await Promise.all(
    kinds.map(async (one) =>
      (await listItems(connection, partitionOf(one)))
        .filter((item) => isAudited(one, item))
        .map((item) => ({ kind: one, item })),
    ),
  );
  return read.flat();
}

/** A removed item has taken its history with it, which is what somebody may be looking for. */
function noSuchItem(kind: AuditedKind, id: string, known: readonly string[]): CliFailure {
  const near = nearest(id, known);
  const message =
    kind === 'price'
      ? `there is no price item "${id}".${near === undefined ? '' : ` Did you mean "${near}"?`}`
      : noSuch(kind, id, known).message;
  return new CliFailure(
    `${message} One that was removed has taken its history with it: CloudTrail knows who did it ` +
      '("hardcap audit" shows the query), and point-in-time recovery what it was.',
  );
}

function trailTable(entries: readonly AuditEntry[]): string {
  return table(
    [
      { title: 'WHEN (UTC)', width: 20 },
      { title: 'WHAT', width: 22 },
      { title: 'CHANGE', width: 38 },
    ],
    entries.flatMap(entryRows),
  );
}

function entryRows({ at, by, why, kind, id, before, after }: AuditEntry): Row[] {
  const atMs = Date.parse(at);
  const when = Number.isNaN(atMs) ? printable(at) : timeText(atMs);
  const changes = changesOf(before, after).map(printable);
  return [
    [when, printable(`${kind} ${id}`), changes.join('\n')],
    `└ by ${printable(by)}${why === undefined ? '' : `: ${printable(why)}`}`,
  ];
}

type Values = Readonly<Record<string, string>>;

/** `limitUsd 5 → 10`, `+ note x`, `- keys alice`. */
function changesOf(before: Values, after: Values): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => {
      if (before[name] === undefined) return `+ ${name} ${after[name]}`;
      if (after[name] === undefined) return `- ${name} ${before[name]}`;
      return `${name} ${before[name]} → ${after[name]}`;
    });
}

/** What the items themselves show to be missing in their histories. */
const gapTexts = ({ unrecorded, full, silent }: AuditTrail): string[] => [
  ...unrecorded.map(unrecordedText),
  ...(full.length === 0
    ? []
    : [`Older changes are gone, as an item keeps its last ${MAX_HISTORY}: ${full.join(', ')}.`]),
  ...(silent.length === 0
    ? []
    : [`Without a history, so not made by this command line: ${silent.join(', ')}.`]),
];

const unrecordedText = ({ kind, id, attribute, recorded, now, recordedAt }: Unrecorded) =>
  `Changed without a record: ${attribute} of ${kind} ${id} is ${now ?? '(none)'}, and the last ` +
  `recorded change (${recordedAt}) left ${recorded ?? '(none)'}.`;

const NOT_SEEN =
  'edits in the DynamoDB console or by other programs, and removals: a removed item takes its ' +
  'history with it';

function notSeenText(isLocal: boolean, query: string): string {
  const what = `Not seen here: ${NOT_SEEN}.`;
  if (isLocal) return paragraph(`${what} A local gateway keeps no record of them.`);
  return (
    `${paragraph(
      `${what} CloudTrail records who did it, not the values, where a trail logs data events of ` +
        'the settings table to CloudWatch Logs. Then ask Logs Insights on its log group:',
    )}\n\n${query}\n\n` +
    paragraph('Point-in-time recovery of the table knows the values (for 35 days).')
  );
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html */
const cloudTrailQuery = (table: string): string =>
  [
    '  fields eventTime, userIdentity.arn, eventName, requestParameters.key.pk,',
    '         requestParameters.key.sk',
    '  | filter eventSource = "dynamodb.amazonaws.com"',
    `  | filter @message like "${table}"`,
    '  | filter eventName in ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem",',
    '      "TransactWriteItems", "ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"]',
    '  | sort eventTime desc',
  ].join('\n');
