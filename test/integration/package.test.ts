/**
 * The package as `npm pack` makes it: what is in it, and that it runs where nothing else is.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type CommandLine, startCommandLine } from './cli-process.ts';

const run = promisify(execFile);

/** What npm adds by itself, and what `files` names. */
const SHIPPED = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'dist/THIRD-PARTY.txt',
  'dist/hardcap.mjs',
  'package.json',
];
/** A command of some 3.4 MB unpacked; much more would be a dependency that came in unseen. */
const MOST_UNPACKED_BYTES = 4_500_000;

/** Settings of the npm that runs this test are not those of a user. */
const ENVIRONMENT = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
/** The Node that the machine has by itself: the one of the project is in node_modules. */
const MACHINE_PATH = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(path.delimiter);

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;
let cli: CommandLine;

/** Runs the installed command by npx, which must find it there. */
const hardcap = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const command = ['--no-install', 'hardcap', ...args];
  const { stdout } = await run('npx', command, { cwd: folder, env: { ...ENVIRONMENT, ...env } });
  return stdout;
};

beforeAll(async () => {
  cli = await startCommandLine();
  await cli.renew();
  folder = await mkdtemp(path.join(tmpdir(), 'hardcap-package-'));
  const packing = ['pack', '--json', '--pack-destination', folder];
  const { stdout } = await run('npm', packing, { env: ENVIRONMENT });
  [packed] = JSON.parse(stdout) as [Packed];
  await writeFile(path.join(folder, 'package.json'), '{}');
  const install = ['install', packed.filename, '--offline', '--no-audit', '--no-fund'];
  await run('npm', install, { cwd: folder, env: ENVIRONMENT });
});

afterAll(async () => {
  await cli.close();
  await rm(folder, { recursive: true, force: true });
});

test('holds the command, its licences and its pages, and nothing else', () => {
  expect(packed.files.map((file) => file.path).sort()).toEqual([...SHIPPED].sort());
  expect(packed.unpackedSize).toBeLessThan(MOST_UNPACKED_BYTES);
});

test('needs no other package: what a user would have to install is bundled', () => {
  // npm would fetch whatever stands in "dependencies", for nothing.
  expect(Object.keys(packageJson)).not.toContain('dependencies');
});

test('names no folder of the machine that it was packed on', async () => {
  const shipped = path.join(folder, 'node_modules/hardcap/dist');
  for (const file of ['hardcap.mjs', 'THIRD-PARTY.txt']) {
    expect(await readFile(path.join(shipped, file), 'utf8')).not.toContain(process.cwd());
  }
});

test('names every package that is bundled, under the text of its licence', async () => {
  const shipped = path.join(folder, 'node_modules/hardcap/dist');
  const text = await readFile(path.join(shipped, 'THIRD-PARTY.txt'), 'utf8');

  for (const name of ['commander', '@aws-sdk/client-dynamodb', 'zod', 'cli-table3']) {
    expect(text).toMatch(new RegExp(`^${name} \\d\\S* \\(.+\\)$`, 'm'));
  }
  expect(text).toContain('Apache License');
  expect(text).toContain('Permission is hereby granted, free of charge');
});

test('tells its version and what it can do', async () => {
  expect(await hardcap(['--version'])).toBe(`${packageJson.version}\n`);
  expect(await hardcap(['--help'])).toContain('Usage: hardcap');
});

test('sets a cap by the Node that the machine has', async () => {
  await hardcap(
    ['cap', 'set', 'team', '--limit', '5', '--window', 'daily', ...cli.tableOptions()],
    { PATH: MACHINE_PATH, USER: 'tester' },
  );

  expect((await cli.readSettings('alice')).caps).toMatchObject([{ capId: 'team' }]);
});
