/**
 * `hardcap cap`: sets, lists and removes caps.
 *
 * Invariant: what is written was read by the gateway's own parser first, so that no command can
 *            leave a malformed cap behind. What is not named stays as it is.
 */
import { type Command, Option } from 'commander';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { nearName } from '../../lambda/adapters/settings/near-name.ts';
import {
  isMalformed,
  OPTIONAL_CAP_ATTRIBUTES,
  PARTITION,
  parseCap,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../lambda/adapters/settings/settings-table.ts';
import type { Cap, MalformedCap } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { WEEKDAYS, WINDOW_KINDS } from '../../lambda/domain/window.ts';
import {
  originText,
  parameterOnly,
  refuseSynced,
  tellParameter,
  tellParameterLeft,
} from './cap-parameter.ts';
import { capJson, capText, raiseText, selectorText, stateText, windowText } from './cap-view.ts';
import { CliFailure, changedMeanwhile, nearest, noSuch, wrongUse } from './failure.ts';
import { historyAfter } from './history.ts';
import { malformedText, printable } from './malformed-view.ts';
import { instantValue, listValue, tagsValue, usdValue, wholeValue } from './option-values.ts';
import { type Row, table } from './output.ts';
import { openSession, type Session } from './session.ts';
import { findItem, type ItemChange, listIds, listItems, remove, update } from './settings-store.ts';
import { tellUnmatched } from './unmatched-models.ts';

/** Which attribute each option of `cap set` writes. */
const ATTRIBUTE_BY_OPTION: Readonly<Record<string, string>> = {
  limit: 'limitUsd',
  window: 'window',
  timeZone: 'timeZone',
  weekStart: 'weekStart',
  keys: 'keys',
  teams: 'teams',
  vendors: 'vendors',
  models: 'models',
  tags: 'tags',
  requestTags: 'requestTags',
  splitBy: 'splitBy',
  action: 'action',
  streaming: 'streaming',
  raiseTo: 'raisedLimitUsd',
  raiseUntil: 'raisedUntil',
  maxTokens: 'defaultMaxTokens',
  expires: 'expiresAt',
  note: 'note',
};

type SetOptions = Readonly<Record<string, unknown>> & {
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly clear?: readonly string[];
};

/** Adds the `cap` commands. */
export function addCapCommands(program: Command): void {
  const cap = program.command('cap').description('set, list and remove caps');
  addSetOptions(
    cap
      .command('set')
      .description('make a cap, or change what is named of one')
      .argument('<id>', '1 to 64 of A-Z a-z 0-9 . _ : -'),
  ).action(async (id: string, options: SetOptions, command: Command) => {
    const change = changeOf(options);
    await setCap(await openSession(command), id, change);
  });
  cap
    .command('list')
    .description('show all caps')
    .action(async (_options: unknown, command: Command) => listCaps(await openSession(command)));
  cap
    .command('remove')
    .description('remove a cap; what it counted stays in the ledger')
    .argument('<id>', 'the cap id')
    .action(async (id: string, _options: unknown, command: Command) =>
      removeCap(await openSession(command), id),
    );
}

const addSetOptions = (set: Command): Command =>
  set
    .option('--limit <usd>', 'dollars a window; 0 refuses all', usdValue)
    .addOption(new Option('--window <window>', 'the calendar period').choices(WINDOW_KINDS))
    .option('--time-zone <zone>', "IANA name of the window's time zone (new caps: UTC)")
    .addOption(new Option('--week-start <day>', 'first day of a weekly window').choices(WEEKDAYS))
    .option('--keys <globs>', 'cover only these keys', listValue)
    .option('--teams <globs>', 'cover only these teams', listValue)
    .option('--vendors <globs>', 'cover only models of these vendors', listValue)
    .option('--models <globs>', 'cover only these models', listValue)
    .option('--tags <tags>', 'cover only keys with these tags, such as "stage=prod,dev"', tagsValue)
    .option('--request-tags <tags>', 'cover only requests with these tags', tagsValue)
    .option('--split-by <what>', 'a counter for each key, team, vendor, model or tag:<name>')
    .addOption(new Option('--action <action>', 'what it does').choices(['block', 'clamp', 'warn']))
    .addOption(
      new Option('--streaming <mode>', 'reserve streams whole, or as they go (softer)').choices([
        'full',
        'progressive',
      ]),
    )
    .option('--raise-to <usd>', 'a higher limit, until --raise-until', usdValue)
    .option('--raise-until <date-time>', 'when the raise ends, with offset', instantValue)
    .option('--max-tokens <count>', 'max_tokens of requests that name none', wholeValue)
    .option('--expires <date-time>', 'when the cap ends, with offset', instantValue)
    .addOption(new Option('--enabled', 'let it hold').conflicts('disabled'))
    .addOption(new Option('--disabled', 'let it rest'))
    .option('--note <text>', 'kept beside the cap')
    .option('--clear <attributes>', 'remove these attributes, such as keys,splitBy', listValue);

function changeOf(options: SetOptions): ItemChange {
  const named = Object.entries(options).flatMap(([option, value]) => {
    const attribute = ATTRIBUTE_BY_OPTION[option];
    return attribute === undefined ? [] : [[attribute, value] as const];
  });
  const enabled = options.enabled === true ? true : options.disabled === true ? false : undefined;
  const set = {
    ...Object.fromEntries(named),
    ...(enabled === undefined ? {} : { enabled }),
  };
  const clear = options.clear ?? [];
  const both = clear.find((name) => name in set);
  if (both !== undefined) throw wrongUse(`${both} is set and cleared at once; do one of the two`);
  if (Object.keys(set).length + clear.length === 0) {
    throw wrongUse('nothing to set; name what should change, such as --limit 5');
  }
  return { set, remove: clear };
}

/** Without these it would be no cap, or nobody would know who changed it. */
const KEPT = ['pk', 'sk', 'v', 'limitUsd', 'window', 'history'];

/** What a cap can do without may be cleared, and what it has but hardcap does not know. */
function testClear(names: readonly string[], item: SettingItem | undefined): void {
  const clearable = new Set([...OPTIONAL_CAP_ATTRIBUTES, ...Object.keys(item ?? {})]);
  for (const name of KEPT) clearable.delete(name);
  const refused = names.find((name) => !clearable.has(name));
  if (refused === undefined) return;
  const near = nearName(refused, [...clearable]);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  throw wrongUse(
    `--clear ${refused}: ` +
      (KEPT.includes(refused) ? 'every cap keeps it.' : `there is no such attribute.${hint}`) +
      ` These may be cleared: ${[...clearable].join(', ')}`,
  );
}

async function setCap(session: Session, id: string, change: ItemChange): Promise<void> {
  const { connection, output } = session;
  await refuseSynced(session, 'put', id);
  const item = await findItem(connection, PARTITION.cap, id);
  testClear(change.remove, item);
  if (item === undefined) await testNewCap(session, id, change);
  const cleared = Object.entries(item ?? {}).filter(([name]) => !change.remove.includes(name));
  const cap = readOrFail(
    settingItem(PARTITION.cap, id, { ...Object.fromEntries(cleared), ...change.set }),
    change,
  );
  const removed = Object.fromEntries(change.remove.map((name) => [name, undefined]));
  const history = await historyAfter(session, item, { ...change.set, ...removed });
  const written = await update(
    connection,
    PARTITION.cap,
    id,
    { set: { ...change.set, v: 1, history }, remove: change.remove },
    item,
  );
  if (!written) throw changedMeanwhile('cap', id);
  const before = item === undefined ? undefined : parseCap(item);
  if (before !== undefined && !isMalformed(before) && countsAnew(before, cap)) {
    output.notice(
      `the window, time zone or split of "${id}" changed, so it counts anew: what was spent in ` +
        'the running window is not in it. It starts at zero.',
    );
  }
  await tellParameter(session, cap);
  await tellUnmatched(session, [cap]);
  output.result(capJson(cap), () => {
    const done = item === undefined ? 'made' : 'changed';
    return `${done} ${capText(cap, session.nowMs)}. It holds within 5 seconds.`;
  });
}

function readOrFail(item: SettingItem, change: ItemChange): Cap {
  const cap = parseCap(item);
  if (!isMalformed(cap)) return cap;
  const attribute = cap.field.split('.')[0] ?? '';
  const message = `cap "${cap.capId}" was not written: ${cap.field} ${cap.problem}`;
  const named = attribute === 'sk' || attribute in change.set || change.remove.includes(attribute);
  if (named || /^raised/.test(attribute)) throw wrongUse(message);
  throw new CliFailure(`${message} (mend it in the same command, or --clear ${attribute})`);
}

/** A mistyped id would make a new cap beside the one that was meant: it has to be said whole. */
async function testNewCap(session: Session, id: string, change: ItemChange): Promise<void> {
  const ids = await listIds(session.connection, PARTITION.cap);
  const near = nearest(id, ids);
  const missing = [
    ...('limitUsd' in change.set ? [] : ['--limit']),
    ...('window' in change.set ? [] : ['--window']),
  ];
  if (missing.length > 0) {
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    throw wrongUse(
      `there is no cap "${id}".${hint} To make it, name ${missing.join(' and ')} too.`,
    );
  }
  if (ids.length >= MAX_ITEMS) {
    throw new CliFailure(
      `there are ${ids.length} caps, and hardcap reads at most ${MAX_ITEMS}; ` +
        'remove some, or use --split-by in place of many caps',
    );
  }
  if (near !== undefined) {
    session.output.notice(`"${id}" is a new cap; there is also "${near}".`);
  }
}

const countsAnew = (before: Cap, after: Cap): boolean =>
  before.splitBy !== after.splitBy || windowText(before) !== windowText(after);

async function removeCap(session: Session, id: string): Promise<void> {
  const { connection, output } = session;
  await refuseSynced(session, 'delete', id);
  const removed = await remove(connection, PARTITION.cap, id);
  if (!removed) {
    const known = await listIds(connection, PARTITION.cap);
    throw (await parameterOnly(session, id)) ?? noSuch('cap', id, known);
  }
  await tellParameterLeft(session, id);
  output.result({ id, removed: true }, () => REMOVED.replaceAll('<id>', id));
}

const REMOVED = [
  'cap <id> removed. Within 5 seconds requests are no longer counted by it, and those that no ' +
    'other cap covers are refused.',
  'What it counted stays in the ledger: requests in flight are still settled there, and its open ' +
    'counters are closed when their windows end (a lifetime counter stays open).',
  'A cap that is made again as <id> counts on from there.',
].join('\n');

async function listCaps(session: Session): Promise<void> {
  const { connection, output, nowMs } = session;
  const { caps, malformedCaps } = readCaps(await listItems(connection, PARTITION.cap));
  const read = [...caps, ...malformedCaps];
  const json = read.map((cap) => (isMalformed(cap) ? malformedJson(cap) : capJson(cap)));
  output.result(json, () =>
    read.length === 0
      ? `there are no caps in ${connection.name}; make one: ` +
        'hardcap cap set <id> --limit 5 --window daily'
      : capTable(read, nowMs),
  );
  await tellUnmatched(session, caps);
}

const malformedJson = ({ capId, field, problem }: MalformedCap) => ({
  id: capId,
  malformed: { field, problem },
});

function capTable(read: readonly (Cap | MalformedCap)[], nowMs: number): string {
  const drawn = table(
    [
      { title: 'CAP', width: 22 },
      { title: 'LIMIT', width: 12, align: 'right' },
      { title: 'WINDOW', width: 14 },
      { title: 'COVERS', width: 18 },
      { title: 'DOES', width: 14 },
    ],
    read.flatMap((cap) => (isMalformed(cap) ? [malformedRow(cap)] : capRows(cap, nowMs))),
  );
  const malformed = read.filter((cap): cap is MalformedCap => isMalformed(cap));
  const items = malformed.map((cap) => ({ id: cap.capId, problem: `${cap.field} ${cap.problem}` }));
  return `${drawn}${malformedText(items, 'what it could cover is refused')}`;
}

const malformedRow = ({ capId }: MalformedCap): Row => [printable(capId), '', '', '', 'malformed'];

function capRows(cap: Cap, nowMs: number): Row[] {
  const split = cap.splitBy === undefined ? '' : `; each ${cap.splitBy}`;
  const state = stateText(cap, nowMs);
  const notes = [raiseText(cap, nowMs), originText(cap)].filter((note) => note !== undefined);
  const cells = [
    cap.capId,
    formatUsd(cap.limitNanoUsd),
    windowText(cap),
    `${selectorText(cap.selectors)}${split}`,
    state === 'enabled' ? cap.action : `${cap.action} (${state})`,
  ];
  return [cells, ...notes.map((note) => `└ ${note}`)];
}
