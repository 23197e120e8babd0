/**
 * `npm run verify:aws` as people run it, against a gateway of this machine.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultyFront } from '../helpers/faulty-front.ts';
import { PROGRAM_ENVIRONMENT } from '../helpers/program-environment.ts';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';
import { widestLine } from './cli-process.ts';

const SCRIPT = path.resolve('scripts/verify-aws/verify-aws.ts');
/** What no gateway of this machine can show. */
const ONLY_AWS = [
  ...['all-old', 'aborted-stream', 'cold-start', 'concurrency', 'direct-latency', 'function'],
  ...['http-version', 'latency', 'models', 'parallel', 'price-lists', 'way-round'],
];

let running: RunningGateway;
let key: string;

beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('verify');
  await running.cap('verify', { keys: ['verify'], limitUsd: 1 });
});
afterAll(() => running.close());

async function verify(url: string, ...args: string[]) {
  const child = spawn(
    process.execPath,
    [SCRIPT, '--url', url, '--pauses', '0', '--samples', '1', ...args],
    { env: { ...PROGRAM_ENVIRONMENT, NO_COLOR: '1', HARDCAP_KEY: key } },
  );
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

interface Report {
  readonly spentUsd: string;
  readonly checks: readonly { readonly id: string; readonly verdict: string }[];
}

describe('npm run verify:aws', () => {
  it('finds a local gateway right, but for what only AWS can show', async () => {
    const { code, stdout } = await verify(running.url, '--json');

    const { checks, spentUsd }: Report = JSON.parse(stdout);
    const idsOf = (verdict: string) =>
      checks.filter((check) => check.verdict === verdict).map(({ id }) => id);
    expect(idsOf('differs')).toEqual([]);
    expect(idsOf('unseen').sort()).toEqual([...ONLY_AWS].sort());
    expect(code).toBe(0);
    expect(Number(spentUsd)).toBeGreaterThan(0);
    expect(Number(spentUsd)).toBeLessThan(0.01);
    expect(stdout).not.toContain(key);
  });

  it('spends no more on the cap than it says, and never more than it may', async () => {
    const before = Number((await running.counter('verify')).committedUsd);

    const { stdout } = await verify(running.url, '--json', '--max-usd', '0.00005');

    const { checks, spentUsd }: Report = JSON.parse(stdout);
    const cost = Number((await running.counter('verify')).committedUsd) - before;
    expect(cost).toBeGreaterThan(0);
    expect(cost).toBeLessThanOrEqual(Number(spentUsd) + 1e-9);
    expect(Number(spentUsd)).toBeLessThanOrEqual(0.00005);
    expect(JSON.stringify(checks)).toContain('of --max-usd 0.00005 are spent');
    expect(checks.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
  });

  it('shows what differs in 80 columns, and ends with 1', async () => {
    const front = await startFaultyFront(running.url, {
      head: ({ status, headers: { 'x-amzn-errortype': _, ...headers } }) => ({ status, headers }),
    });
    try {
      const { code, stdout } = await verify(front.url, '--only', 'error-headers,clock');

      expect(code).toBe(1);
      expect(stdout).toMatch(/^error-headers +DIFFERS +2 401/m);
      expect(stdout).toMatch(/^ +expected: 401 with x-amzn-errortype/m);
      expect(stdout).toMatch(/^ +to do: /m);
      expect(stdout).toContain('1 ok, 1 differ, 0 could not be seen; spent at most $0.00.');
      expect(widestLine(stdout)).toBeLessThanOrEqual(80);
    } finally {
      await front.close();
    }
  });

  it('ends with 2 where it is written wrongly', async () => {
    const { code, stderr } = await verify(running.url, '--only', 'nothing');

    expect(code).toBe(2);
    expect(stderr).toContain('There is no check "nothing"; there are: http-version');
  });
});
