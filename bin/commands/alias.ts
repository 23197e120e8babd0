/**
 * `hardcap alias`: sets, lists and removes an operator's own names for models.
 *
 * Invariant: what is written was read by the gateway's own parser first, and is no name that the
 *            gateway would pass over.
 */
import type { Command } from 'commander';
import {
  isMalformed,
  PARTITION,
  parseAlias,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../lambda/adapters/settings/settings-table.ts';
import { isKnownModelId } from '../../lambda/domain/catalogue.ts';
import type { MalformedAlias, ModelAlias } from '../../lambda/domain/model-alias.ts';
import { CliFailure, changedMeanwhile, noSuch, wrongUse } from './failure.ts';
import { historyAfter } from './history.ts';
import { malformedText, printable } from './malformed-view.ts';
import { table } from './output.ts';
import { openSession, type Session } from './session.ts';
import { findItem, listIds, listItems, remove, update } from './settings-store.ts';

/** Adds the `alias` commands. */
export function addAliasCommands(program: Command): void {
  const alias = program.command('alias').description('set, list and remove names for models');
  alias
    .command('set')
    .description('let callers ask for a model by a name of yours')
    .argument('<name>', '1 to 128 of A-Z a-z 0-9 . _ : @ / -')
    .argument('<model>', 'the Bedrock id or ARN that it stands for')
    .option('--note <text>', 'kept beside the alias')
    .action(
      async (name: string, model: string, options: { readonly note?: string }, command: Command) =>
        setAlias(await openSession(command), name, { model, ...options }),
    );
  alias
    .command('list')
    .description('show all aliases')
    .action(async (_options: unknown, command: Command) => listAliases(await openSession(command)));
  alias
    .command('remove')
    .description('remove an alias; requests that ask for it are refused from then on')
    .argument('<name>', 'the alias')
    .action(async (name: string, _options: unknown, command: Command) =>
      removeAlias(await openSession(command), name),
    );
}

interface AliasAttributes {
  readonly model: string;
  readonly note?: string;
}

async function setAlias(session: Session, name: string, set: AliasAttributes): Promise<void> {
  const { connection, output } = session;
  const alias = parseAlias(settingItem(PARTITION.alias, name, { ...set }));
  if (isMalformed(alias)) {
    const field = alias.field === 'sk' ? 'the name' : alias.field;
    throw wrongUse(`alias "${printable(name)}" was not written: ${field} ${alias.problem}`);
  }
  if (isKnownModelId(name)) {
    throw wrongUse(`"${name}" is the id of a model, and no alias takes the place of one`);
  }
  const item = await findItem(connection, PARTITION.alias, name);
  if (item === undefined) await testRoom(session);
  const history = await historyAfter(session, item, { ...set });
  const change = { set: { ...set, v: 1, history }, remove: [] };
  if (!(await update(connection, PARTITION.alias, name, change, item))) {
    throw changedMeanwhile('alias', name);
  }
  if (!isKnownModelId(set.model)) {
    output.notice(
      `"${set.model}" is no id of the catalogue: requests are refused unless it is a profile's ARN ` +
        'that Bedrock knows, or has a price item that describes it.',
    );
  }
  output.result(
    { name, model: set.model },
    () => `${name} now stands for ${set.model}. It holds within 5 seconds.`,
  );
}

async function testRoom({ connection }: Session): Promise<void> {
  const names = await listIds(connection, PARTITION.alias);
  if (names.length < MAX_ITEMS) return;
  throw new CliFailure(
    `there are ${names.length} aliases, and hardcap reads at most ${MAX_ITEMS}; remove some`,
  );
}

async function removeAlias({ connection, output }: Session, name: string): Promise<void> {
  const removed = await remove(connection, PARTITION.alias, name);
  if (!removed) throw noSuch('alias', name, await listIds(connection, PARTITION.alias));
  output.result(
    { name, removed: true },
    () => `alias ${printable(name)} removed. It holds within 5 seconds.`,
  );
}

async function listAliases({ connection, output }: Session): Promise<void> {
  const read = (await listItems(connection, PARTITION.alias)).map(parseAlias);
  output.result(read.map(aliasJson), () =>
    read.length === 0
      ? `there are no aliases in ${connection.name}; make one: hardcap alias set <name> <model>`
      : aliasTable(read),
  );
}

const aliasJson = (alias: ModelAlias | MalformedAlias) =>
  isMalformed(alias)
    ? { name: alias.name, malformed: { field: alias.field, problem: alias.problem } }
    : { name: alias.name, model: alias.modelId };

function aliasTable(read: readonly (ModelAlias | MalformedAlias)[]): string {
  const drawn = table(
    [
      { title: 'ALIAS', width: 28 },
      { title: 'MODEL', width: 48 },
    ],
    read.map((alias) => [printable(alias.name), isMalformed(alias) ? 'malformed' : alias.modelId]),
  );
  const malformed = read.filter((alias): alias is MalformedAlias => isMalformed(alias));
  const items = malformed.map(({ name, field, problem }) => ({
    id: name,
    problem: `${field} ${problem}`,
  }));
  return `${drawn}${malformedText(items, 'who asks for it is refused')}`;
}
