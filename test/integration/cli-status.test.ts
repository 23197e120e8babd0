/**
 * `hardcap status` from end to end: the real process against a real DynamoDB protocol.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

const MAX_COLUMNS = 80;

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

test('shows what is settled, reserved and left, exactly', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
  await cli.reserve('COUNTER#team', '0.25');
  await cli.reserve('COUNTER#team', '0.000000001');

  const { counters } = await cli.runJson('status');

  expect(counters).toMatchObject([
    {
      cap: 'team',
      limitUsd: '1.00',
      settledUsd: '0.00',
      reservedUsd: '0.250000001',
      remainingUsd: '0.749999999',
      overUsd: '0.00',
      inFlight: 2,
      usedPercent: 25,
    },
  ]);
});

test('shows each value of a split cap, and only of the running window', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily', '--split-by', 'team');
  await cli.run('cap', 'set', 'team2', '--limit', '1', '--window', 'lifetime', '--split-by', 'key');
  await cli.reserve('COUNTER#team#red', '0.25');
  await cli.reserve('COUNTER#team#b%23c', '0.5');
  await cli.reserve('COUNTER#team#old', '0.5', 'lifetime');
  await cli.reserve('COUNTER#team2#x', '0.5');

  const { counters, unused } = await cli.runJson('status');

  expect(
    counters.map((counter: Record<string, unknown>) => [counter.splitValue, counter.remainingUsd]),
  ).toEqual([
    ['b#c', '0.50'],
    ['red', '0.75'],
  ]);
  expect(unused).toEqual(['team2']);
});

test('draws a table within 80 columns, rounding against the spender', async () => {
  await cli.run(
    'cap',
    'set',
    `long-${'x'.repeat(50)}`,
    '--limit',
    '1000000000',
    '--window',
    'weekly',
  );
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
  await cli.reserve('COUNTER#team', '0.250000001');

  const { code, stdout } = await cli.run('status');

  expect(code).toBe(0);
  expect(widestLine(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
  expect(stdout).toMatch(/team +1\.00 +0\.00 +0\.2501 +0\.7499/);
  expect(stdout).toContain('1 in flight');
  expect(stdout).toContain('resets in');
  expect(stdout).toMatch(/long-x+ +1000000000 +0\.00 +0\.00 +1000000000 /);
});

test('says how much a cap is over its limit, and never that less than nothing remains', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
  await cli.reserve('COUNTER#team', '0.75');
  await cli.run('cap', 'set', 'team', '--limit', '0.5');

  const { stdout } = await cli.run('status');

  expect(await cli.runJson('status')).toMatchObject({
    counters: [{ remainingUsd: '0.00', overUsd: '0.25' }],
  });
  expect(stdout).toMatch(/team +0\.50 +0\.00 +0\.75 +0\.00 /);
  expect(stdout).toContain('0.25 over');
  expect(stdout).not.toContain('-0');
});

test('marks a limit that is raised', async () => {
  const args = ['--raise-to', '2', '--raise-until', '2099-01-01T00:00:00Z'];
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily', ...args);
  await cli.run('cap', 'set', 'plain', '--limit', '1', '--window', 'daily');

  const { stdout } = await cli.run('status');

  expect(stdout).toMatch(/team +2\.00 .*\n.* raised /);
  expect(stdout.match(/raised/g)).toHaveLength(1);
});

test('tells of a malformed cap on stderr', async () => {
  await cli.putItem({ pk: 'CAP', sk: 'broken', v: 1, limitUsd: '5', window: 'yearly' });
  const { stderr } = await cli.run('status');

  expect(stderr).toContain('the cap "broken" cannot be read');
  expect(stderr).toContain('window must be one of');
});

test('colours only where it is wanted', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
  const plain = await cli.runBare(['status', ...cli.tableOptions()]);
  const coloured = await cli.runBare(['status', ...cli.tableOptions()], {
    NO_COLOR: undefined,
    FORCE_COLOR: '1',
  });

  expect(plain.stdout).not.toContain('\u001b[');
  expect(coloured.stdout).toContain('\u001b[');
});

test('watches as one JSON object a line, and draws on nothing but a terminal', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '1', '--window', 'daily');
  await cli.reserve('COUNTER#team', '0.25');

  const [line] = await cli.runLines(2, 'status', '--watch', '--every', '500ms', '--json');
  const { code, stderr } = await cli.run('status', '--watch');

  expect(line).toMatchObject({
    requestsPerSecond: 0,
    inFlight: 1,
    counters: [{ cap: 'team', reservedUsd: '0.25' }],
    more: 0,
    refusals: [],
  });
  expect(code).toBe(2);
  expect(stderr).toContain('add --json');
});
