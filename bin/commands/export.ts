/**
 * `hardcap export`: all caps, keys, prices and aliases that people made, as one YAML file.
 *
 * Invariant: never a key, and its hash only where it is asked for. A setting that cannot be read is
 *            not left out in silence: then nothing is exported.
 */
import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ROTATION_ATTRIBUTES, sortKeyOf } from '../../lambda/adapters/settings/setting-items.ts';
import { CliFailure, explain } from './failure.ts';
import { printable } from './malformed-view.ts';
import { openSession, type Session } from './session.ts';
import { type FileSettings, fileText } from './settings-file.ts';
import type { TableSettings } from './settings-plan.ts';
import { countsText, readTable } from './settings-read.ts';
import { isMadeByPeople, readFault, SECTIONS, type Section } from './settings-sections.ts';

interface ExportOptions {
  readonly file?: string;
  readonly withHashes?: boolean;
}

/** Adds the `export` command. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('write all caps, keys, prices and aliases as one YAML file')
    .option('--file <path>', 'write it there (default: stdout)')
    .option('--with-hashes', "with the keys' hashes, so that the same keys work elsewhere")
    .action(async (options: ExportOptions, command: Command) =>
      exportSettings(await openSession(command), options),
    );
}

async function exportSettings(session: Session, options: ExportOptions): Promise<void> {
  const { output, connection } = session;
  const table = await readTable(session);
  refuseMalformed(table);
  const withHashes = options.withHashes === true;
  const settings = fileSettings(table, withHashes);
  const leftOut = leftOutOf(table);
  const text = fileText(settings, comment(connection.name, withHashes, leftOut));
  const counts = [...settings].map(([section, items]) => [section, items.size] as const);
  if (options.file === undefined) {
    output.result({ yaml: text, ...Object.fromEntries(counts), leftOut }, () => text.trimEnd());
    return;
  }
  await replaceFile(options.file, text, withHashes);
  output.result(
    { file: options.file, ...Object.fromEntries(counts), leftOut },
    () => `${options.file}: ${countsText(counts)}.`,
  );
}

/** A file without it would remove it, with --prune, and with it what it refuses. */
function refuseMalformed(table: TableSettings): void {
  const faults = [...table].flatMap(([section, items]) =>
    items
      .filter((item) => isMadeByPeople(section, sortKeyOf(item)))
      .flatMap((item) => {
        const fault = readFault(section, item);
        if (fault === undefined) return [];
        const { word } = SECTIONS[section];
        return [`${word} ${printable(sortKeyOf(item))}: ${fault.field} ${fault.problem}`];
      }),
  );
  if (faults.length === 0) return;
  throw new CliFailure(
    `nothing was exported, as ${faults.length === 1 ? 'an item' : `${faults.length} items`} cannot ` +
      `be read; mend or remove ${faults.length === 1 ? 'it' : 'them'} first:\n` +
      faults.map((fault) => `  ${printable(fault)}`).join('\n'),
  );
}

function fileSettings(table: TableSettings, withHashes: boolean): FileSettings {
  return new Map(
    [...table].map(([section, items]) => {
      const made = items.filter((item) => isMadeByPeople(section, sortKeyOf(item)));
      const shown = made.map((item) => {
        const rest = Object.fromEntries(
          Object.entries(item).filter(([name]) => !ROTATION_ATTRIBUTES.has(name)),
        );
        return [sortKeyOf(item), withHashes ? item : rest] as const;
      });
      return [section, new Map(shown)];
    }),
  );
}

/** Items that hardcap writes itself: `{ caps: 2 }` of SSM parameters. */
const leftOutOf = (table: TableSettings): Partial<Record<Section, number>> =>
  Object.fromEntries(
    [...table]
      .map(([section, items]) => {
        const left = items.filter((item) => !isMadeByPeople(section, sortKeyOf(item)));
        return [section, left.length] as const;
      })
      .filter(([, count]) => count > 0),
  );

function comment(
  name: string,
  withHashes: boolean,
  { caps = 0, prices = 0 }: Partial<Record<Section, number>>,
): string {
  const leftOut = [
    ...(caps === 0 ? [] : [`caps from SSM parameters (${caps})`]),
    ...(prices === 0 ? [] : [`refreshed prices (${prices})`]),
  ];
  return [
    `The settings of hardcap: ${name}.`,
    'Show what it would change:  hardcap import <this file> --dry-run',
    'Attributes: docs/settings.md. Money is US dollars. Each item is whole: an attribute that is not',
    'here is removed by an import. Without --prune, an item that is not here is kept.',
    withHashes
      ? 'It holds the hashes of keys, no key: the same keys work wherever it is imported.'
      : 'It holds no keys and no hashes: an import changes keys that are there, and makes none.',
    ...(leftOut.length === 0
      ? []
      : [`Left out, as hardcap writes them itself: ${leftOut.join(', ')}.`]),
  ].join('\n');
}

/** Never half a file: a crash leaves the one that was there. */
async function replaceFile(path: string, text: string, isPrivate: boolean): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, text, isPrivate ? { mode: 0o600 } : {});
    await rename(draft, path);
  } catch (error) {
    throw new CliFailure(`${path} cannot be written: ${explain(error)}`, { cause: error });
  }
}
