/**
 * What the command line says of caps that parameters say: where each comes from, and what to do.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});
beforeEach(() => cli.renew());
afterAll(() => cli.close());

const put = (name: string, value: string) =>
  cli.putItem({
    pk: 'CAP',
    sk: `ssm:${name}`,
    v: 1,
    source: `parameter /ours/caps/${name}`,
    type: 'String',
    value,
    run: 'run-1',
  });

const words = (text: string): string => text.replaceAll(/\s+/g, ' ');

test('shows where each cap comes from, and which limit holds', async () => {
  await put('alone', '5');
  await put('both', '7');
  await put('own', '{"limitUsd": "3", "window": "hourly", "keys": ["ci"]}');
  await put('bad', '$5');
  await cli.run('cap', 'set', 'both', '--limit', '20', '--window', 'daily');

  const list = await cli.run('cap', 'list');
  expect(words(list.stdout)).toContain('└ from SSM (parameter /ours/caps/alone)');
  expect(words(list.stdout)).toContain(
    '└ $7.00 from SSM (parameter /ours/caps/both) and $20.00 in the table: the lower holds',
  );
  expect(words(list.stdout)).toContain('correct the parameter /ours/caps/bad');
  expect(widestLine(list.stdout)).toBeLessThanOrEqual(80);
  expect(await cli.runJson('cap', 'list')).toMatchObject([
    {
      id: 'both',
      limitUsd: '7.00',
      origin: 'both',
      parameter: 'parameter /ours/caps/both',
      parameterLimitUsd: '7.00',
      tableLimitUsd: '20.00',
    },
    { id: 'alone', limitUsd: '5.00', origin: 'ssm' },
    { id: 'ssm:own', limitUsd: '3.00', origin: 'ssm' },
    { id: 'ssm:bad', malformed: { field: 'value' } },
  ]);

  const status = await cli.run('status');
  expect(words(status.stdout)).toMatch(/alone .*from SSM/);
  expect(words(status.stdout)).toContain('limit from SSM');
  expect(status.stderr).toContain('correct the parameter /ours/caps/bad');
  expect(await cli.runJson('status')).toMatchObject({
    counters: [
      { cap: 'both', limitUsd: '7.00', origin: 'both' },
      { cap: 'alone', origin: 'ssm' },
      { cap: 'ssm:own', origin: 'ssm' },
    ],
    malformed: [{ cap: 'ssm:bad', field: 'value' }],
  });
});

test('sends who would set or remove what a parameter says to the parameter', async () => {
  await put('staging', '5');
  const put5 = 'aws ssm put-parameter --name /ours/caps/staging --value <dollars>';
  const remove = 'aws ssm delete-parameter --name /ours/caps/staging';

  const set = await cli.run('cap', 'set', 'ssm:staging', '--limit', '9', '--window', 'daily');
  const gone = await cli.run('cap', 'remove', 'ssm:staging');
  const other = await cli.run('cap', 'set', 'ssm:new', '--limit', '9', '--window', 'daily');
  const alone = await cli.run('cap', 'remove', 'staging');

  expect([set, gone, other, alone].map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(set.stderr).toContain(put5);
  expect(gone.stderr).toContain(remove);
  expect(other.stderr).toContain('aws ssm put-parameter --name /hardcap/caps/new');
  expect(alone.stderr).toContain(remove);
  expect(await cli.readItems()).toHaveLength(1);

  const beside = await cli.run('cap', 'set', 'staging', '--limit', '9', '--window', 'daily');
  expect(beside.stderr).toContain('a parameter limits "staging" to $5.00');
  expect(beside.stderr).toContain(put5);
  const removed = await cli.run('cap', 'remove', 'staging', '--yes');
  expect(removed.code).toBe(0);
  expect(removed.stderr).toContain(remove);
});
