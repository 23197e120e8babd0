/**
 * `hardcap doctor` as a process, on a running local gateway.
 */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

let cli: CommandLine;
let running: RunningGateway;

beforeAll(async () => {
  cli = await startCommandLine();
  running = await startRunningGateway();
});
beforeEach(() => cli.renew());
afterAll(async () => {
  await running.close();
  await cli.close();
});

/** The data directory's file by which commands find the gateway. */
async function stateFile(): Promise<string> {
  const dir = await mkdtemp(`${cli.workDir}/gateway-`);
  const { dynamoEndpoint: endpoint, settingsTable, ledgerTable } = running.gateway;
  const state = { endpoint, settingsTable, ledgerTable, url: running.url, pid: process.pid };
  await writeFile(`${dir}/local.json`, JSON.stringify(state));
  return dir;
}

it('finds a gateway that is well, then names an item that cannot be read and exits with 1', async () => {
  await running.key('ci');
  await running.cap('all');
  const at = ['doctor', '--data-dir', await stateFile()];
  const well = await cli.runBare(at);

  expect({ code: well.code, stderr: well.stderr }).toEqual({ code: 0, stderr: '' });
  expect(well.stdout).toContain('0 warnings, 0 failures.');
  expect(widestLine(well.stdout)).toBeLessThanOrEqual(80);

  await running.put('CAP', 'broken', { limitUsd: 'five', window: 'daily' });
  const ill = await cli.runBare([...at, '--json']);
  expect(ill.code).toBe(1);
  expect(ill.stderr).toContain('1 failure: it says how to mend it');
  const report = JSON.parse(ill.stdout);
  expect(report).toMatchObject({ failures: 1 });
  expect(report.checks.find(({ check }: { check: string }) => check === 'settings')).toEqual({
    check: 'settings',
    level: 'failure',
    seen: expect.stringMatching(/^cap "broken" cannot be read, .* limitUsd must be dollars/),
    fix: expect.stringContaining('hardcap cap set broken'),
  });
});

it('works on tables by name, which tell of no gateway', async () => {
  const { code, stdout } = await cli.run('doctor');

  expect(code).toBe(0);
  expect(stdout).toContain('no key works, so nobody is let in');
  expect(stdout).toMatch(/Not looked at: gateway, clock, http; it needs a deployed\s+stack/);
});
