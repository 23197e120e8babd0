/**
 * `hardcap import`: makes the settings of a table those of a YAML file.
 *
 * Invariant: nothing is written before the whole file was read by the gateway's own parsers, and
 *            its changes were shown and agreed to. Each item is written on its own, on the
 *            condition that nobody changed it meanwhile.
 * Crash:     what was written stands; the same import again does the rest.
 */
import { readFile as readFromDisk } from 'node:fs/promises';
import path from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import type { Command } from 'commander';
import { SYNCED_PREFIX } from '../../lambda/adapters/settings/parameter-item.ts';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  parseCap,
  settingItem,
  sortKeyOf,
} from '../../lambda/adapters/settings/setting-items.ts';
import { MAX_ITEMS } from '../../lambda/adapters/settings/settings-table.ts';
import { findModel, isKnownModelId } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { isApplicationProfile } from '../../lambda/domain/model-id.ts';
import { doubtsOf } from '../../lambda/domain/price-doubts.ts';
import { tellParameter, tellParameterLeft } from './cap-parameter.ts';
import { CliFailure, explain } from './failure.ts';
import { historyAfter } from './history.ts';
import { planJson, planSummary, planText } from './import-view.ts';
import { printable } from './malformed-view.ts';
import { catalogueModel } from './prices.ts';
import { withProgress } from './progress.ts';
import { askFirst } from './question.ts';
import { openSession, type Session } from './session.ts';
import { type FileSettings, readFile } from './settings-file.ts';
import {
  type ImportPlan,
  type PlannedChange,
  planImport,
  type TableSettings,
} from './settings-plan.ts';
import { readTable } from './settings-read.ts';
import { SECTIONS } from './settings-sections.ts';
import { putNew, removeAsRead, update } from './settings-store.ts';

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

/** Adds the `import` command. */
export function addImportCommand(program: Command): void {
  program
    .command('import')
    .description('make the settings those of a YAML file, as `export` writes it')
    .argument('<file>', 'the file; - reads stdin')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--prune', 'remove what the file does not name, in the sections that it has')
    .action(async (file: string, options: ImportOptions, command: Command) =>
      importSettings(await openSession(command), file, options),
    );
}

async function importSettings(
  session: Session,
  file: string,
  { dryRun, prune }: ImportOptions,
): Promise<void> {
  const { output, isSure } = session;
  const settings = readSettings(file, await readText(file));
  const table = await readTable(session);
  const plan = planImport(settings, table, prune === true);
  refuseTooMany(plan);
  const doubts = plan.changes.flatMap(doubtsOfChange);
  const isDry = dryRun === true;
  const show = (done: Readonly<Record<string, unknown>>, text: string) =>
    output.result({ ...done, ...planJson(plan), doubts }, () => text);
  for (const doubt of doubts) output.notice(printable(doubt));
  if (isDry || plan.changes.length === 0) {
    const verdict =
      plan.changes.length === 0 ? 'Nothing to change.' : `It would ${planSummary(plan)}.`;
    show({ dryRun: isDry, applied: 0 }, joined(planText(plan, process.stdout), verdict));
  } else {
    // Before the question, and not in the way of JSON on stdout.
    process.stderr.write(`${planText(plan, process.stderr)}\n\n`);
    await askFirst(questionOf(plan, doubts), isSure);
    await apply(session, plan, file);
    await tellParameters(session, plan, table);
    const done = `${planSummary(plan, true)}. It holds within 5 seconds.`;
    show({ dryRun: false, applied: plan.changes.length }, done);
  }
  failOverKeys(plan);
}

const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join('\n\n');

async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? await readStream(process.stdin) : await readFromDisk(file, 'utf8');
  } catch (error) {
    throw new CliFailure(`${file} cannot be read: ${explain(error)}`, { cause: error });
  }
}

/** @throws CliFailure with every fault and its line */
function readSettings(file: string, text: string): FileSettings {
  const read = readFile(text);
  if ('settings' in read) return read.settings;
  const { faults } = read;
  const lines = faults.map((fault) => `  ${file}:${fault.line}: ${printable(fault.text)}`);
  throw new CliFailure(
    `nothing was imported; the file has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n` +
      lines.join('\n'),
  );
}

function refuseTooMany({ counts }: ImportPlan): void {
  for (const [section, count] of counts) {
    if (count <= MAX_ITEMS || section === 'keys') continue;
    throw new CliFailure(
      `there would be ${count} ${section}, and hardcap reads at most ${MAX_ITEMS}; remove some, or ` +
        'import with --prune',
    );
  }
}

/** What can be read, and looks wrong all the same or would not hold. */
function doubtsOfChange({ section, id, action, item, set, remove: gone }: PlannedChange): string[] {
  if (action === 'remove') return [];
  if (section === 'aliases' && isKnownModelId(id)) {
    return [`alias ${id} would not hold: it is the id of a model, and no alias takes its place`];
  }
  if (section !== 'prices') return [];
  const kept = Object.entries(item ?? {}).filter(([name]) => !gone.includes(name));
  const price = parsePrice(settingItem('PRICE', id, { ...Object.fromEntries(kept), ...set }));
  if (isMalformed(price)) return [];
  const slips = doubtsOf(price, catalogueModel(id)?.price).map((text) => `price ${id}: ${text}`);
  if (isApplicationProfile(id)) return slips;
  try {
    findModel(id, new Map([[id, price]]));
    return slips;
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    return [...slips, `price ${id} would not hold: ${error.message}`];
  }
}

function questionOf(plan: ImportPlan, doubts: readonly string[]): string {
  const removedKeys = plan.changes.filter(
    ({ action, section }) => action === 'remove' && section === 'keys',
  ).length;
  const zeroed = plan.changes.filter(({ startsAtZero }) => startsAtZero).length;
  const warnings = [
    ...(zeroed === 0
      ? []
      : [`${zeroed === 1 ? 'one cap counts' : `${zeroed} caps count`} from zero`]),
    ...(removedKeys === 0 ? [] : ['a key that is removed never works again']),
    ...(doubts.length === 0 ? [] : ['some of it looks wrong, see the notes']),
  ];
  const more = warnings.length === 0 ? '' : ` (${warnings.join('; ')})`;
  return `This will ${planSummary(plan)}${more}`;
}

async function apply(session: Session, plan: ImportPlan, file: string): Promise<void> {
  const reason = session.reason ?? `import ${file === '-' ? 'from stdin' : path.basename(file)}`;
  const failed: string[] = [];
  await withProgress('writing the settings', async (tell) => {
    for (const [index, change] of plan.changes.entries()) {
      tell(`writing the settings: ${index} of ${plan.changes.length}`);
      const isWritten = await write({ ...session, reason }, change);
      if (!isWritten) failed.push(printable(`${SECTIONS[change.section].word} ${change.id}`));
    }
  });
  if (failed.length === 0) return;
  throw new CliFailure(
    `changed by someone else meanwhile, and left as it is now: ${failed.join(', ')}. All else was ` +
      'written; import again to see what is left',
  );
}

/** False where the item is not as it was read. */
async function write(session: Session, change: PlannedChange): Promise<boolean> {
  const { connection } = session;
  const { action, section, id, item, set } = change;
  const { partition } = SECTIONS[section];
  if (action === 'remove') return removeAsRead(connection, partition, id, item ?? {});
  const gone = Object.fromEntries(change.remove.map((name) => [name, undefined]));
  const history = await historyAfter(session, item, { ...set, ...gone });
  if (item === undefined) return putNew(connection, partition, id, { ...set, history });
  const changes = { set: { ...set, v: 1, history }, remove: change.remove };
  return update(connection, partition, id, changes, item);
}

/** A parameter of a cap's name holds beside it, whatever the file says. */
async function tellParameters(session: Session, { changes }: ImportPlan, table: TableSettings) {
  const ids = new Set((table.get('caps') ?? []).map(sortKeyOf));
  for (const { section, id, action, set, item } of changes) {
    if (section !== 'caps' || !ids.has(SYNCED_PREFIX + id)) continue;
    if (action === 'remove') await tellParameterLeft(session, id);
    const cap = parseCap(settingItem('CAP', id, { ...item, ...set }));
    if (action !== 'remove' && !isMalformed(cap)) await tellParameter(session, cap);
  }
}

/** The file asks for what cannot be: that is told, whatever else was done. */
function failOverKeys({ cannotBeMade }: ImportPlan): void {
  if (cannotBeMade.length === 0) return;
  throw new CliFailure(
    `not made, as the file has no hash of ${cannotBeMade.length === 1 ? 'this key' : 'these keys'}: ` +
      `${cannotBeMade.map(printable).join(', ')}. Make a new key with "hardcap key create <id>", or ` +
      'export with --with-hashes for the same keys to work here too',
  );
}
