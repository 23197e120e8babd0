/**
 * What `npm start` prints: lines to paste that work on this gateway, and logs beside them.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/processes.ts';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';
import { converse, newKey } from '../helpers/running-gateway.ts';

const LOCAL = path.resolve('bin/local.ts');
const READY_WITHIN_MS = 30_000;
const CLI = path.resolve('bin/hardcap.ts');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(children.map((child) => end(child, 'SIGKILL')));
  children = [];
  await folder.remove();
});

/** Starts and waits for the whole greeting; `errors` is all that it has written to stderr. */
async function start(args: readonly string[] = []) {
  const child = spawn(process.execPath, [LOCAL, '--port', '0', ...args], {
    cwd: folder.path,
    env: PROGRAM_ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  await expect.poll(() => output, { timeout: READY_WITHIN_MS }).toContain('See what is spent');
  const url = /^hardcap listening on (\S+)$/m.exec(output)?.[1] ?? '';
  return { url, greeting: output, output: () => output, errors: () => errors, child };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

/** Runs the line that the greeting gives, as the shell of the person who pastes it would. */
async function statusByItsOwnLine(greeting: string): Promise<string> {
  const line = /npm run hardcap -- (status.*)/.exec(greeting)?.[1] ?? '';
  const child = spawn('sh', ['-c', `"${process.execPath}" "${CLI}" ${line} --json`], {
    cwd: folder.path,
    env: { ...PROGRAM_ENVIRONMENT, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(child.stdout);
}

const keyIn = (greeting: string): string => /hc_demo_\S+/.exec(greeting)?.[0] ?? '';

const spend = async (url: string, key: string): Promise<void> => {
  await (await converse(url, key, '[[input=1000]] [[output=100]]')).arrayBuffer();
};

describe('the lines for the command line', () => {
  it('name the data directory where there is one', async () => {
    const data = path.join(folder.path, "it's data");
    const { url, greeting } = await start(['--data-dir', data]);
    await spend(url, keyIn(greeting));

    expect(greeting).toContain('--data-dir ');
    expect(await statusByItsOwnLine(greeting)).toContain('0.00165');
  });

  it('name nothing where the command line finds the gateway by itself', async () => {
    const { greeting } = await start();

    expect(greeting).toMatch(/^See what is spent: {2}npm run hardcap -- status$/m);
  });

  it('name the tables of a second gateway, and leave the file of the first alone', async () => {
    const first = await start();
    const stateFile = path.join(folder.path, '.hardcap', 'local.json');
    const state = await readFile(stateFile, 'utf8');
    const second = await start();
    await spend(second.url, keyIn(second.greeting));

    expect(second.errors()).toMatch(
      /^hardcap: .*local\.json is that of another gateway, process \d+ at http.*--data-dir\n/,
    );
    expect(await statusByItsOwnLine(second.greeting)).toContain('0.00165');
    expect(await statusByItsOwnLine(first.greeting)).not.toContain('0.00165');
    expect(await end(second.child)).toBe(0);
    expect(await readFile(stateFile, 'utf8')).toBe(state);
    expect(await end(first.child)).toBe(0);
    await expect(readFile(stateFile)).rejects.toThrow('ENOENT');
  });
});

describe('the key', () => {
  it('is asked for where a seed was given, as its secrets are not shown', async () => {
    const key = newKey('seeded');
    const seed = path.join(folder.path, 'seed.json');
    const caps = [{ id: 'seeded', limitUsd: '0.5', window: 'daily' }];
    await writeFile(seed, JSON.stringify({ keys: [{ id: 'seeded', secret: key }], caps }));

    const { url, greeting } = await start(['--seed', seed]);

    expect(greeting).toContain(`The keys, caps and prices of ${seed} are in place.`);
    expect(greeting).toContain("export AWS_BEARER_TOKEN_BEDROCK='<your key>'");
    expect(greeting).toContain(`export ANTHROPIC_BASE_URL=${url} ANTHROPIC_API_KEY='<your key>'`);
    expect(greeting).toContain(
      `export OPENAI_BASE_URL=${url}/openai/v1 OPENAI_API_KEY='<your key>'`,
    );
    expect(greeting).not.toContain(key);
  });

  it('is not shown where the kept one is not that of the table', async () => {
    const data = path.join(folder.path, 'data');
    const first = await start(['--data-dir', data]);
    await end(first.child);
    await writeFile(path.join(data, 'demo-key'), newKey('demo'));

    const { greeting } = await start(['--data-dir', data]);

    expect(greeting).toContain('There is a demo key already');
    expect(greeting).not.toContain('hc_demo_');
  });
});

describe('logs', () => {
  it('are one JSON line each on stderr, and stdout has none of them', async () => {
    const { url, greeting, output, errors } = await start();
    // A model that meters more than was reserved is what the gateway logs as an error.
    await spend(url, keyIn(greeting));
    await spend(url, keyIn(greeting));
    await expect.poll(() => errors().match(/overrun/g)).toHaveLength(2);

    const lines = errors().trimEnd().split('\n');

    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ level: 'ERROR', requestId: expect.any(String) });
    }
    expect(output()).toBe(greeting);
  });
});
