/**
 * `hardcap key`: the keys that callers present, from their making to their end.
 *
 * Not here: what each command does (key-<command>.ts).
 */
import { type Command, Option } from 'commander';
import { type CreateOptions, createKey } from './key-create.ts';
import { deleteKey } from './key-delete.ts';
import { listKeys } from './key-list.ts';
import { rotateKey } from './key-rotate.ts';
import { type SetOptions, setKey, switchKey } from './key-set.ts';
import { showKey } from './key-show.ts';
import {
  durationValue,
  expiryValue,
  keyIdValue,
  keyTagsValue,
  listValue,
  secretNameValue,
  usdValue,
  wholeValue,
} from './option-values.ts';
import { openSession } from './session.ts';

const DEFAULT_OVERLAP = '24h';
/** Commander asks for the default as the parser gives it. */
const DEFAULT_OVERLAP_MS = durationValue(DEFAULT_OVERLAP);

/** Adds the `key` commands. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('make, show, change, rotate and delete keys');
  addCreate(key);
  key
    .command('list')
    .description('show all keys')
    .action(async (_options: unknown, command: Command) => listKeys(await openSession(command)));
  key
    .command('show')
    .description('show all of a key but its secret: its caps, its last use, its history')
    .argument('<id>', 'the key id')
    .action(async (id: string, _options: unknown, command: Command) =>
      showKey(await openSession(command), id),
    );
  addSet(key);
  addRotate(key);
  addSwitches(key);
  key
    .command('delete')
    .description('delete a disabled key for good')
    .argument('<id>', 'the key id')
    .action(async (id: string, _options: unknown, command: Command) =>
      deleteKey(await openSession(command), id),
    );
}

const addAttributeOptions = (command: Command): Command =>
  command
    .option('--team <team>', 'the team that caps can select and split by')
    .option(
      '--tags <tags>',
      'tags that caps can select and split by: stage=prod,app=web',
      keyTagsValue,
    )
    .option('--models <globs>', 'allow only these models, such as "*haiku*,amazon.*"', listValue)
    .option('--max-request <usd>', 'the most that one request may cost', usdValue)
    .option('--max-tokens <count>', 'max_tokens of requests that name none', wholeValue)
    .option(
      '--expires <when>',
      'when it stops working: 30d from now, or a date and time with offset',
      expiryValue,
    )
    .option('--note <text>', 'kept beside the key');

const secretNameOption = () =>
  new Option(
    '--secret-name <name>',
    'put it into this secret of AWS Secrets Manager, and do not print it',
  ).argParser(secretNameValue);

function addCreate(key: Command): void {
  const create = key
    .command('create')
    .description('make a key, and print it once or put it into Secrets Manager')
    .argument('<id>', '1 to 40 of a-z, 0-9 and -', keyIdValue);
  addAttributeOptions(create)
    .option('--hourly <usd>', 'also write the cap key-<id>-hourly with this limit', usdValue)
    .option('--daily <usd>', 'the same by the day (UTC): key-<id>-daily', usdValue)
    .option('--weekly <usd>', 'the same by the week: key-<id>-weekly', usdValue)
    .option('--monthly <usd>', 'the same by the month: key-<id>-monthly', usdValue)
    .addOption(secretNameOption())
    .action(async (id: string, options: CreateOptions, command: Command) =>
      createKey(await openSession(command), id, options),
    );
}

function addSet(key: Command): void {
  const set = key
    .command('set')
    .description('change what is named of a key; its secret stays')
    .argument('<id>', 'the key id');
  addAttributeOptions(set)
    .option('--clear <attributes>', 'remove these attributes, such as team,expiresAt', listValue)
    .action(async (id: string, options: SetOptions, command: Command) =>
      setKey(await openSession(command), id, options),
    );
}

function addRotate(key: Command): void {
  key
    .command('rotate')
    .description('give a key a new secret; the old one works until the overlap ends')
    .argument('<id>', 'the key id')
    .addOption(
      new Option('--overlap <time>', 'how long the old secret works on; 0: not at all')
        .argParser(durationValue)
        .default(DEFAULT_OVERLAP_MS, DEFAULT_OVERLAP),
    )
    .addOption(secretNameOption())
    .action(
      async (
        id: string,
        { overlap, secretName }: { readonly overlap: number; readonly secretName?: string },
        command: Command,
      ) => rotateKey(await openSession(command), id, { overlapMs: overlap, secretName }),
    );
}

function addSwitches(key: Command): void {
  for (const [name, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const) {
    key
      .command(name)
      .description(
        enabled ? 'let a key work again' : 'stop a key, streams too; it can be enabled again',
      )
      .argument('<id>', 'the key id')
      .action(async (id: string, _options: unknown, command: Command) =>
        switchKey(await openSession(command), id, enabled),
      );
  }
}
