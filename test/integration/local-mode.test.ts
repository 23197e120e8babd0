/**
 * `npm start` as people run it: a process of its own, ended by signals, started again.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import { converse, HAIKU, newKey } from '../helpers/running-gateway.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let programs: RunningProgram[] = [];

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.end('SIGKILL')));
  programs = [];
  await folder.remove();
});

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const program = await startProgram('bin/local.ts', ['--port', '0', ...args], {
    cwd: folder.path,
    env,
  });
  programs.push(program);
  return program;
}

async function demoKeyOf(program: RunningProgram): Promise<string> {
  const found = () => /hc_demo_\S+/.exec(program.output())?.[0];
  await expect.poll(found).toBeDefined();
  return found() ?? '';
}

const remainingOf = (response: Response) => response.headers.get('x-hardcap-remaining-usd');

describe('npm start', () => {
  it('says where it listens, then a demo key, its cap, and lines to paste', async () => {
    const program = await start([]);
    const key = await demoKeyOf(program);
    await expect.poll(() => program.output()).toContain('See what is spent');

    const lines = program.output().split('\n');

    expect(lines[0]).toMatch(/^hardcap listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(program.output()).toContain(`export AWS_BEARER_TOKEN_BEDROCK=${key}`);
    expect(program.output()).toContain(`export AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${program.url}`);
    expect(program.output()).toContain('demo-daily: $1.00 a day');
    expect(program.output()).toContain(`curl -s ${program.url}/model/${HAIKU}/converse`);
  });

  it('takes its options from the environment too', async () => {
    const key = newKey('seeded');
    const seed = path.join(folder.path, 'seed.json');
    const caps = [{ id: 'seeded', limitUsd: '0.5', window: 'daily' }];
    await writeFile(seed, JSON.stringify({ keys: [{ id: 'seeded', secret: key }], caps }));

    const program = await start([], { HARDCAP_SEED: seed });
    const response = await converse(program.url, key, '[[output=1]]');

    expect(response.status).toBe(200);
    expect(response.headers.get('x-hardcap-cap')).toBe('seeded');
  });

  it('keeps spend and its demo key over a restart with --data-dir', async () => {
    const data = path.join(folder.path, 'data');
    const first = await start(['--data-dir', data]);
    const key = await demoKeyOf(first);
    const before = await converse(first.url, key, '[[input=1000]] [[output=100]]');
    await before.arrayBuffer();
    expect(await first.end('SIGTERM')).toBe(0);

    const second = await start(['--data-dir', data]);
    expect(await demoKeyOf(second)).toBe(key);
    const after = await converse(second.url, key, '[[input=1000]] [[output=100]]');
    await after.arrayBuffer();

    expect(remainingOf(before)).toBe('0.99835');
    expect(remainingOf(after)).toBe('0.9967');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'finishes and settles what is in flight at %s, and then leaves',
    async (signal) => {
      const data = path.join(folder.path, 'data');
      const first = await start(['--data-dir', data]);
      const key = await demoKeyOf(first);
      const answer = converse(first.url, key, '[[input=1000]] [[output=100]] [[first=800]]');
      await sleep(300);

      const code = first.end(signal);
      const response = await answer;
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ usage: { outputTokens: 100 } });
      expect(await code).toBe(0);

      const second = await start(['--data-dir', data]);
      const next = await converse(second.url, key, '[[input=1000]] [[output=100]]');
      expect(remainingOf(next)).toBe('0.9967');
    },
  );

  it('charges what a killed gateway held in full once it expires', async () => {
    const data = path.join(folder.path, 'data');
    const short = ['--function-timeout-ms', '2000', '--rollover-interval-ms', '200'];
    const env = { HARDCAP_RESERVATION_MARGIN_MS: '0' };
    const first = await start(['--data-dir', data, ...short], env);
    const key = await demoKeyOf(first);
    const lost = converse(first.url, key, '[[output=100]] [[first=1500]]').catch(() => 'lost');
    await sleep(300);
    await first.end('SIGKILL');
    expect(await lost).toBe('lost');

    const second = await start(['--data-dir', data, ...short], env);
    await sleep(3_000);
    // As long as the lost one, so that its worst case is the same.
    const response = await converse(second.url, key, '[[output=100]] [[first=0001]]');

    // Two things are gone: the killed one's worst case, and what this one cost.
    const reserved = Number(response.headers.get('x-hardcap-reserved-usd'));
    const cost = Number(response.headers.get('x-hardcap-cost-usd'));
    expect(Number(remainingOf(response))).toBeCloseTo(1 - reserved - cost, 9);
  });

  it('shares one folder with nobody, and says so', async () => {
    const data = path.join(folder.path, 'data');
    await start(['--data-dir', data]);

    await expect(start(['--data-dir', data])).rejects.toThrow(/in use by another hardcap/);
  });
});
