/**
 * `hardcap usage`: what was spent in a period, by key, model, vendor, cap, team or tag.
 *
 * It reads the journal, and so tells of requests that have ended; the counters of `status` hold.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoJournal } from '../../lambda/adapters/ledger/dynamo-journal.ts';
import {
  isMalformed,
  PARTITION,
  parseKey,
  sortKeyOf,
} from '../../lambda/adapters/settings/setting-items.ts';
import { type UsageQuestion, usageReport } from '../../lambda/application/usage-report.ts';
import { DEFAULTS } from '../../lambda/contract.ts';
import { type CallerKey, NO_VALUE } from '../../lambda/domain/cap.ts';
import { namesOf } from '../../lambda/domain/catalogue.ts';
import type { JournalRecord } from '../../lambda/ports/journal.ts';
import { wrongUse } from './failure.ts';
import { listValue } from './option-values.ts';
import { type Moment, momentValue, startOfDay, timeText } from './period.ts';
import { withProgress } from './progress.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { type ShownUsage, usageCsv, usageJson, usageText } from './usage-view.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Each day is a query for each key, whether or not the journal goes back as far. */
const MAX_DAYS = 3_650;

interface UsageOptions {
  readonly by: string;
  readonly since?: Moment;
  readonly until?: Moment;
  readonly bucket?: 'hour' | 'day';
  readonly keys?: readonly string[];
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** Adds the `usage` command. */
export function addUsageCommand(program: Command): void {
  program
    .command('usage')
    .description('show what was spent in a period, by key, model, vendor, cap, team or tag')
    .option('--by <what>', 'key, model, vendor, cap, team or tag:<name>', byValue, 'key')
    .option('--since <when>', 'a date (UTC), an instant, or 24h, 7d (default: today)', momentValue)
    .option('--until <when>', 'the same; a date is taken whole (default: now)', momentValue)
    .addOption(new Option('--bucket <length>', 'divide by time, in UTC').choices(['hour', 'day']))
    .option('--keys <ids>', 'only these keys, whole ids, deleted ones too', listValue)
    .option('--csv', 'print CSV')
    .action(async (_options: unknown, command: Command) =>
      showUsage(await openSession(command), command.optsWithGlobals<UsageOptions>()),
    );
}

const GROUPS = ['key', 'model', 'vendor', 'cap', 'team'];

function byValue(text: string): string {
  if (GROUPS.includes(text) || /^tag:./.test(text)) return text;
  throw new InvalidArgumentError(`One of ${GROUPS.join(', ')}, or tag:<name>.`);
}

async function showUsage(session: Session, options: UsageOptions): Promise<void> {
  if (options.csv === true && options.json === true) {
    throw wrongUse('--csv and --json exclude each other');
  }
  const { connection, output } = session;
  const period = periodOf(options, session.nowMs);
  const items = await listItems(connection, PARTITION.key);
  const keyIds = [...new Set(options.keys ?? items.map(sortKeyOf))];
  const keys = items.map(parseKey).filter((key): key is CallerKey => !isMalformed(key));
  const question: UsageQuestion = {
    ...period,
    keyIds,
    // Of these charges nobody knows the key, so they are no part of what some keys used.
    withExpired: options.keys === undefined,
    ...(options.bucket === undefined
      ? {}
      : { bucketMs: options.bucket === 'hour' ? HOUR_MS : DAY_MS }),
    groupBy: groupingOf(options.by, keys),
  };
  const report = await readReport(session, question);
  const shown: ShownUsage = {
    by: options.by,
    fromMs: period.fromMs,
    toMs: period.toMs,
    ...(options.bucket === undefined ? {} : { bucket: options.bucket }),
    keys: keyIds.length,
    areKeysNamed: options.keys !== undefined,
    name: connection.name,
    report,
  };
  if (options.csv === true) process.stdout.write(usageCsv(shown));
  else output.result(usageJson(shown), () => usageText(shown));
  tellWhatIsGone(session, period.fromMs);
}

function periodOf({ since, until }: UsageOptions, nowMs: number) {
  const fromMs = since?.beginMs(nowMs) ?? startOfDay(nowMs);
  const untilMs = until?.endMs(nowMs) ?? nowMs;
  if (fromMs >= untilMs || fromMs > nowMs) {
    throw wrongUse(
      `the period from ${timeText(fromMs)} to ${timeText(untilMs)} UTC is empty: --since must be ` +
        'before --until and before now',
    );
  }
  if (untilMs - fromMs > MAX_DAYS * DAY_MS) {
    throw wrongUse(`the period is longer than ${MAX_DAYS} days; the journal keeps far less`);
  }
  return { fromMs, toMs: Math.min(untilMs, nowMs), isOpen: untilMs >= nowMs };
}

/** What of a key is not in the journal is taken as it is now. */
function groupingOf(by: string, keys: readonly CallerKey[]): UsageQuestion['groupBy'] {
  const known = new Map(keys.map((key) => [key.keyId, key]));
  const keyOf = ({ keyId = '' }: JournalRecord) => known.get(keyId);
  switch (by) {
    case 'cap':
      return 'cap';
    case 'key':
      return ({ keyId = '' }) => keyId;
    case 'model':
      return ({ modelId }) => modelId;
    case 'vendor':
      return ({ modelId }) => namesOf(modelId).vendor;
    case 'team':
      return (record) => keyOf(record)?.team ?? NO_VALUE;
    default: {
      const tag = by.slice('tag:'.length);
      // As a cap splits by it: the key's tag goes before the request's.
      return (record) => {
        const key = keyOf(record);
        const tags = Object.hasOwn(key?.tags ?? {}, tag) ? key?.tags : record.requestTags;
        return tags !== undefined && Object.hasOwn(tags, tag) ? (tags[tag] ?? NO_VALUE) : NO_VALUE;
      };
    }
  }
}

function readReport({ connection }: Session, question: UsageQuestion) {
  const journal = createDynamoJournal({
    dynamo: documentCalls(connection.client),
    tableName: connection.ledgerTable,
    clock: systemClock,
  });
  return withProgress('reading the journal', (tell) =>
    usageReport(journal, question, (read, all, entries) => {
      tell(`reading the journal: ${read} of ${all} partitions, ${entries} entries`);
    }),
  );
}

function tellWhatIsGone({ output, nowMs }: Session, fromMs: number): void {
  const { journalDays } = DEFAULTS;
  if (fromMs >= nowMs - journalDays * DAY_MS) return;
  output.notice(
    `the journal keeps entries for HARDCAP_JOURNAL_DAYS (${journalDays} where nobody set it), so ` +
      'what is older may be missing. The summaries of windows stay: docs/rollover.md.',
  );
}
