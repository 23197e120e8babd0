/**
 * `hardcap cap show`: all of one cap: attributes and defaults, origin, counters, raise, history.
 */
import type { Command } from 'commander';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { SYNCED_PREFIX } from '../../lambda/adapters/settings/parameter-item.ts';
import {
  PARTITION,
  type SettingItem,
  sortKeyOf,
} from '../../lambda/adapters/settings/setting-items.ts';
import type { CounterStanding } from '../../lambda/application/counter-standing.ts';
import type { Cap, MalformedCap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { originText } from './cap-parameter.ts';
import { standingsOf } from './cap-standings.ts';
import { capJson, raiseText, selectorText, stateText } from './cap-view.ts';
import { CliFailure, noSuch } from './failure.ts';
import { type HistoryEntry, readHistory } from './history.ts';
import { printable } from './malformed-view.ts';
import { paragraph, table } from './output.ts';
import { openSession, type Session } from './session.ts';
import { listItems } from './settings-store.ts';
import { statusJson, statusTable } from './status-view.ts';

/** Adds `cap show`. */
export function addShowCommand(cap: Command): void {
  cap
    .command('show')
    .description('show all of one cap: attributes, origin, counters, raise and history')
    .argument('<id>', 'the cap id')
    .action(async (id: string, _options: unknown, command: Command) =>
      showCap(await openSession(command), id),
    );
}

async function showCap(session: Session, id: string): Promise<void> {
  const { connection, output, nowMs } = session;
  const items = await listItems(connection, PARTITION.cap);
  const { caps, malformedCaps } = readCaps(items);
  const item = items.find((one) => sortKeyOf(one) === id);
  const history = item === undefined ? [] : readHistory(item);
  const cap = caps.find(({ capId }) => capId === id);
  if (cap === undefined) {
    const names = [...caps, ...malformedCaps].map(({ capId }) => capId);
    throw notReadable(malformedCaps.find(({ capId }) => capId === id)) ?? noSuch('cap', id, names);
  }
  const standings = await standingsOf(session, [cap]);
  const { counters } = statusJson(standings, [], [], nowMs);
  const parameter = cap.parameter === undefined ? {} : { parameterItem: SYNCED_PREFIX + id };
  const isDefault = defaultsOf(cap, item);
  output.result(
    { ...capJson(cap), ...parameter, state: stateText(cap, nowMs), isDefault, counters, history },
    () => textOf(cap, isDefault, standings, history, nowMs),
  );
}

function notReadable(malformed: MalformedCap | undefined): CliFailure | undefined {
  if (malformed === undefined) return undefined;
  const { capId, field, problem } = malformed;
  return new CliFailure(
    `the cap "${capId}" cannot be read, so what it could cover is refused: ${field} ${problem} ` +
      '(mend it with hardcap cap set, or --clear the attribute)',
  );
}

/** What the cap does not say itself. */
function defaultsOf(cap: Cap, item: SettingItem | undefined): string[] {
  const isParameters = cap.parameter !== undefined && cap.parameter.table === undefined;
  // All that a parameter says alone is in the parameter.
  if (item === undefined || isParameters) return [];
  return ['timeZone', 'weekStart', 'action', 'streaming', 'alertPercents', 'enabled'].filter(
    (name) => item[name] === undefined && (name !== 'weekStart' || cap.window.kind === 'weekly'),
  );
}

const listed = (values: readonly unknown[]): string =>
  values.length === 0 ? 'none' : values.join(', ');

function rowsOf(cap: Cap, nowMs: number): (readonly [string, string])[] {
  const { window } = cap;
  const weekly = window.kind === 'weekly' ? [['weekStart', window.weekStart] as const] : [];
  return [
    ['state', stateText(cap, nowMs)],
    ['limitUsd', formatUsd(cap.limitNanoUsd)],
    ['raise', raiseText(cap, nowMs) ?? 'none'],
    ['origin', originText(cap) ?? 'the table'],
    ['window', window.kind],
    ['timeZone', window.timeZone],
    ...weekly,
    ['covers', selectorText(cap.selectors)],
    ['splitBy', cap.splitBy ?? 'none: one counter for all'],
    ['action', cap.action],
    ['streaming', cap.streaming],
    ['alertPercents', listed(cap.alertPercents)],
    ['defaultMaxTokens', String(cap.defaultMaxTokens ?? "none: the model's maximum")],
    ['enabled', String(cap.enabled)],
    [
      'expiresAt',
      cap.expiresAtMs === undefined ? 'never' : new Date(cap.expiresAtMs).toISOString(),
    ],
    ['note', cap.note ?? ''],
  ];
}

function textOf(
  cap: Cap,
  isDefault: readonly string[],
  standings: readonly CounterStanding[],
  history: readonly HistoryEntry[],
  nowMs: number,
): string {
  const rows = rowsOf(cap, nowMs).map(([name, value]) => [
    name,
    printable(value) + (isDefault.includes(name) ? ' (default)' : ''),
  ]);
  const attributes = table(
    [
      { title: 'CAP', width: 18 },
      { title: printable(cap.capId), width: 62 },
    ],
    rows,
  );
  const counters =
    standings.length === 0
      ? 'No counter: nothing was reserved in the running window.'
      : statusTable(standings, [], nowMs);
  const changes =
    history.length === 0
      ? 'No history: it was not made by this command line.'
      : ['History:', ...history.map((entry) => paragraph(printable(entryText(entry))))].join('\n');
  return [attributes, counters, changes].join('\n\n');
}

function entryText({ at, by, why, before, after }: HistoryEntry): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changes = names.map((name) => `${name} ${before[name] ?? '-'} -> ${after[name] ?? '-'}`);
  const reason = why === undefined ? '' : ` (${why})`;
  return `${at} ${by}${reason}: ${changes.join('; ')}`;
}
