/**
 * `hardcap cap set`: makes a cap, or changes what is named of one.
 *
 * Invariant: what is written was read by the gateway's own parser first, so that no command can
 *            leave a malformed cap behind. What is not named stays as it is.
 */
import type { Command } from 'commander';
import {
  isMalformed,
  PARTITION,
  parseCap,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../lambda/adapters/settings/settings-table.ts';
import { type Cap, limitAt } from '../../lambda/domain/cap.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { addSetOptions, changeOf, type SetOptions, testClear } from './cap-options.ts';
import { refuseSynced, tellParameter } from './cap-parameter.ts';
import { standingsOf } from './cap-standings.ts';
import { capJson, capText, windowText } from './cap-view.ts';
import { CliFailure, changedMeanwhile, nearest, wrongUse } from './failure.ts';
import { historyAfter } from './history.ts';
import { printable } from './malformed-view.ts';
import { askFirst } from './question.ts';
import { openSession, type Session } from './session.ts';
import { findItem, type ItemChange, listIds, update } from './settings-store.ts';
import { tellUnmatched } from './unmatched-models.ts';

/** Adds `cap set`. */
export function addSetCommand(cap: Command): void {
  addSetOptions(
    cap
      .command('set')
      .description('make a cap, or change what is named of one')
      .argument('<id>', '1 to 64 of A-Z a-z 0-9 . _ : -'),
  ).action(async (id: string, options: SetOptions, command: Command) => {
    const change = changeOf(options);
    await setCap(await openSession(command), id, change, options.dryRun === true);
  });
}

/** What a command means to write of a cap, read and found good. */
export interface CapPlan {
  readonly id: string;
  readonly item: SettingItem | undefined;
  /** As it was; undefined for a new one, and one that could not be read. */
  readonly before: Cap | undefined;
  readonly after: Cap;
  readonly change: ItemChange;
}

async function setCap(
  session: Session,
  id: string,
  change: ItemChange,
  isDry: boolean,
): Promise<void> {
  const { connection, output, nowMs } = session;
  await refuseSynced(session, 'put', id);
  const item = await findItem(connection, PARTITION.cap, id);
  testClear(change.remove, item);
  if (item === undefined) await testNewCap(session, id, change);
  const plan = planOf(id, item, change);
  const { after } = plan;
  const warnings = await warningsOf(session, plan);
  for (const warning of warnings.filter(({ asks }) => !asks)) output.notice(warning.text);
  const toAsk = warnings.filter(({ asks }) => asks).map(({ text }) => text);
  if (isDry) {
    for (const text of toAsk) output.notice(`${text}.`);
  } else {
    if (toAsk.length > 0) await askFirst(toAsk.join('. '), session.isSure);
    await writePlan(session, plan);
  }
  await tellParameter(session, after);
  await tellUnmatched(session, [after]);
  const json = isDry ? { ...capJson(after), dryRun: true } : capJson(after);
  output.result(json, () => {
    const done = item === undefined ? 'made' : 'changed';
    const text = capText(after, nowMs);
    return isDry
      ? `would have ${done} ${text}. Nothing was written.`
      : `${done} ${text}. It holds within 5 seconds.`;
  });
}

/**
 * The cap as it would be read after the change.
 *
 * @throws CliFailure where the gateway could not read it
 */
export function planOf(id: string, item: SettingItem | undefined, change: ItemChange): CapPlan {
  const kept = Object.entries(item ?? {}).filter(([name]) => !change.remove.includes(name));
  const after = readOrFail(
    settingItem(PARTITION.cap, id, { ...Object.fromEntries(kept), ...change.set }),
    change,
  );
  const before = item === undefined ? undefined : parseCap(item);
  const readable = before === undefined || isMalformed(before) ? undefined : before;
  return { id, item, before: readable, after, change };
}

/** Writes the change and its history in one. @throws CliFailure where the cap has changed since */
export async function writePlan(session: Session, { id, item, change }: CapPlan): Promise<void> {
  const removed = Object.fromEntries(change.remove.map((name) => [name, undefined]));
  const history = await historyAfter(session, item, { ...change.set, ...removed });
  const { set, remove } = change;
  const written = { set: { ...set, v: 1, history }, remove };
  if (!(await update(session.connection, PARTITION.cap, id, written, item))) {
    throw changedMeanwhile('cap', id);
  }
}

interface Warning {
  readonly text: string;
  /** Whether it is asked for, as it cannot be undone; else it is only told. */
  readonly asks: boolean;
}

async function warningsOf(session: Session, { id, before, after }: CapPlan): Promise<Warning[]> {
  if (before === undefined) return [];
  if (countsAnew(before, after)) {
    const text =
      `the window, time zone, week start or split of "${id}" changes, so it counts anew: what was ` +
      'spent in the running window is not in it. It starts at zero';
    return [{ text, asks: true }];
  }
  const { nowMs } = session;
  if (limitAt(after, nowMs) >= limitAt(before, nowMs)) return [];
  const over = (await standingsOf(session, [after])).filter(
    ({ state, limitNanoUsd }) => state.settledNanoUsd >= limitNanoUsd,
  );
  return over.slice(0, MAX_OVER).map(({ state, limitNanoUsd, splitValue, window }) => {
    const whose = splitValue === undefined ? `"${id}"` : `"${id}" / ${splitValue}`;
    const until =
      window.endsAtMs === undefined ? '' : ` until ${new Date(window.endsAtMs).toISOString()}`;
    const text =
      `${whose} has settled $${formatUsd(state.settledNanoUsd)} in this window, and the limit is ` +
      `now $${formatUsd(limitNanoUsd)}: it refuses all${until}.`;
    return { text: printable(text), asks: false };
  });
}

/** Of a split cap there may be thousands. */
const MAX_OVER = 5;

function readOrFail(item: SettingItem, change: ItemChange): Cap {
  const cap = parseCap(item);
  if (!isMalformed(cap)) return cap;
  const attribute = cap.field.split('.')[0] ?? '';
  const field = cap.field === 'sk' ? 'the id' : cap.field;
  const message = `cap "${cap.capId}" was not written: ${field} ${cap.problem}`;
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
