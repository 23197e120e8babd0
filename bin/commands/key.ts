/**
 * `hardcap key`: makes, lists, disables and enables the keys that callers present.
 *
 * Not here: how a key is made (key-create.ts).
 */
import type { Command } from 'commander';
import {
  isMalformed,
  PARTITION,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { changedMeanwhile, noSuch } from './failure.ts';
import { historyAfter } from './history.ts';
import { type CreateOptions, createKey } from './key-create.ts';
import { malformedText, printable } from './malformed-view.ts';
import { instantValue, keyIdValue, listValue, secretNameValue, usdValue } from './option-values.ts';
import { table } from './output.ts';
import { openSession, type Session } from './session.ts';
import { findItem, listIds, listItems, update } from './settings-store.ts';

/** Adds the `key` commands. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('make, list, disable and enable keys');
  key
    .command('create')
    .description('make a key, and print it once or put it into Secrets Manager')
    .argument('<id>', '1 to 40 of a-z, 0-9 and -', keyIdValue)
    .option('--team <team>', 'the team that caps can select and split by')
    .option('--daily <usd>', 'also write the cap key-<id>-daily with this limit', usdValue)
    .option('--models <globs>', 'allow only these models, such as "*haiku*,amazon.*"', listValue)
    .option('--expires <date-time>', 'when it stops working, with offset', instantValue)
    .option('--note <text>', 'kept beside the key')
    .option(
      '--secret-name <name>',
      'put it into this secret of AWS Secrets Manager, and do not print it',
      secretNameValue,
    )
    .action(async (id: string, options: CreateOptions, command: Command) =>
      createKey(await openSession(command), id, options),
    );
  for (const [name, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    key
      .command(name)
      .description(enabled ? 'let a key work again' : 'stop a key; it can be enabled again')
      .argument('<id>', 'the key id')
      .action(async (id: string, _options: unknown, command: Command) =>
        switchKey(await openSession(command), id, enabled),
      );
  }
  key
    .command('list')
    .description('show all keys')
    .action(async (_options: unknown, command: Command) => listKeys(await openSession(command)));
}

async function switchKey(session: Session, id: string, enabled: boolean): Promise<void> {
  const { connection, output } = session;
  const item = await findItem(connection, PARTITION.key, id);
  if (item === undefined) throw noSuch('key', id, await listIds(connection, PARTITION.key));
  const history = await historyAfter(session, item, { enabled });
  const change = { set: { enabled, history }, remove: [] };
  if (!(await update(connection, PARTITION.key, id, change, item))) {
    throw changedMeanwhile('key', id);
  }
  const word = enabled ? 'enabled' : 'disabled';
  output.result({ id, enabled }, () => `key ${id} ${word}; it holds within 5 seconds.`);
}

async function listKeys({ connection, output, nowMs }: Session): Promise<void> {
  const items = await listItems(connection, PARTITION.key);
  const rows = items.map((item) => keyRow(item, nowMs));
  output.result(rows, () =>
    rows.length === 0
      ? `there are no keys in ${connection.name}; make one: hardcap key create <id> --daily 5`
      : keyTable(rows),
  );
}

function keyTable(rows: readonly KeyRow[]): string {
  const drawn = table(
    [
      { title: 'KEY', width: 22 },
      { title: 'STATE', width: 10 },
      { title: 'TEAM', width: 12 },
      { title: 'MODELS', width: 18 },
      { title: 'EXPIRES', width: 18 },
    ],
    rows.map(({ id, state, team, models, expiresAt }) => [
      printable(id),
      state,
      team ?? '',
      state === 'malformed' ? '' : (models?.join(', ') ?? 'all'),
      expiresAt?.replace(/:\d\d\.\d{3}Z$/, 'Z') ?? '',
    ]),
  );
  return `${drawn}${malformedText(rows, 'who presents it is refused')}`;
}

interface KeyRow {
  readonly id: string;
  readonly state: 'enabled' | 'disabled' | 'expired' | 'malformed';
  readonly team?: string;
  readonly models?: readonly string[];
  readonly expiresAt?: string;
  readonly note?: string;
  readonly problem?: string;
}

function keyRow(item: SettingItem, nowMs: number): KeyRow {
  const key = parseKey(item);
  if (isMalformed(key)) {
    return { id: key.keyId, state: 'malformed', problem: `${key.field} ${key.problem}` };
  }
  const { expiresAtMs } = key;
  const expired = expiresAtMs !== undefined && nowMs >= expiresAtMs;
  return {
    id: key.keyId,
    state: !key.enabled ? 'disabled' : expired ? 'expired' : 'enabled',
    ...(key.team === undefined ? {} : { team: key.team }),
    ...(key.models === undefined ? {} : { models: key.models }),
    ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
    ...(typeof item.note === 'string' ? { note: item.note } : {}),
  };
}
