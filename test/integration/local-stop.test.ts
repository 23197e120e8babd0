/**
 * How `npm start` ends: what is in flight is finished and settled, and nothing is left behind.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import { converse } from '../helpers/running-gateway.ts';

const PROMPT = '[[input=1000]] [[output=100]]';
/** Less than a person needs for a second signal, more than npm does. */
const MOMENT_MS = 50;
const LATER_MS = 900;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let gateways: (() => void)[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  for (const kill of gateways) kill();
  gateways = [];
  await folder.remove();
});

/** Ends a process that should be gone already, should its test have failed. */
function killAfterwards(pid: number): void {
  gateways.push(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // As it should be.
    }
  });
}

async function start(): Promise<RunningProgram & { readonly key: string }> {
  const args = ['--port', '0', '--data-dir', folder.path];
  const program = await startProgram('bin/local.ts', args, { cwd: folder.path });
  killAfterwards(program.process.pid ?? 0);
  await expect.poll(() => program.output()).toMatch(/hc_demo_\S+/);
  return { ...program, key: /hc_demo_\S+/.exec(program.output())?.[0] ?? '' };
}

/** `npm start` in a process group of its own, as a terminal starts it. */
async function npmStart() {
  const npm = spawn('npm', ['start', '--', '--port', '0', '--data-dir', folder.path], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  killAfterwards(npm.pid ?? 0);
  const lines = createInterface({ input: npm.stdout });
  let url: string | undefined;
  for await (const line of lines) {
    url ??= /^hardcap listening on (\S+)/.exec(line)?.[1];
    const key = /hc_demo_\S+/.exec(line)?.[0];
    if (key === undefined || url === undefined) continue;
    const state = await readFile(path.join(folder.path, 'local.json'), 'utf8');
    const { pid } = JSON.parse(state) as { pid: number };
    killAfterwards(pid);
    return { npm, url, key, gatewayPid: pid };
  }
  throw new Error('npm start printed no key');
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('npm start', () => {
  it.each<[string, (npm: ChildProcess) => void]>([
    ['npm alone is told to end', (npm) => npm.kill('SIGTERM')],
    // The terminal tells every process of the group, and npm tells its child once more.
    ['Ctrl-C is pressed', (npm) => process.kill(-(npm.pid ?? 0), 'SIGINT')],
  ])('finishes what is in flight and leaves no gateway behind when %s', async (_, end) => {
    const { npm, url, key, gatewayPid } = await npmStart();
    const answer = converse(url, key, `${PROMPT} [[first=1000]]`);
    await sleep(400);

    const exited = once(npm, 'exit');
    end(npm);

    const response = await answer;
    expect(await response.json()).toMatchObject({ usage: { outputTokens: 100 } });
    await exited;
    await expect.poll(() => isRunning(gatewayPid)).toBe(false);
    expect(await readdir(folder.path)).not.toContain('local.json');

    const restarted = await start();
    const next = await converse(restarted.url, restarted.key, PROMPT);
    expect(next.headers.get('x-hardcap-remaining-usd')).toBe('0.9967');
  });
});

describe('a second signal', () => {
  it('is taken for the first one when it follows at once', async () => {
    const program = await start();
    const answer = converse(program.url, program.key, `${PROMPT} [[first=1000]]`);
    await sleep(400);

    program.process.kill('SIGINT');
    await sleep(MOMENT_MS);
    const code = program.end('SIGINT');

    expect((await answer).status).toBe(200);
    expect(await code).toBe(0);
  });

  it('ends the gateway at once when it comes later', async () => {
    const program = await start();
    const answer = converse(program.url, program.key, `${PROMPT} [[first=60000]]`).catch(
      () => 'lost',
    );
    await sleep(400);

    program.process.kill('SIGTERM');
    await sleep(LATER_MS);

    expect(isRunning(program.process.pid ?? 0)).toBe(true);
    expect(await program.end('SIGTERM')).toBe(1);
    expect(await answer).toBe('lost');
  });
});
