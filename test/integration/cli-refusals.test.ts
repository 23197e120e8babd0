/**
 * Commands that fail: a code, a message on stderr that says what is wrong, nothing on stdout, and
 * nothing written.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from './cli-process.ts';

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

test.each(['5.', '1e3', '-1', '$5', '5,00', '.5', '', ' 5', '0x5', '1000000001', '0.0000000001'])(
  'refuses money written as "%s"',
  async (text) => {
    const args = ['cap', 'set', 'team', '--limit', text, '--window', 'daily'];
    const { code, stdout, stderr } = await cli.run(...args, '--json');

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('a plain decimal number such as 12.50');
    expect(await cli.readItems()).toEqual([]);
  },
);

test.each([
  ['window', ['--window', 'yearly'], 'hourly, daily, weekly, monthly, lifetime'],
  ['time zone', ['--window', 'daily', '--time-zone', 'Mars/Base'], 'Europe/Paris'],
  ['split', ['--window', 'daily', '--split-by', 'user'], 'key, team, vendor, model or tag:<name>'],
])('refuses a bad %s and says what it may be', async (_name, args, allowed) => {
  for (const format of [[], ['--json']]) {
    const all = ['cap', 'set', 'team', '--limit', '5', ...args, ...format];
    const { code, stdout, stderr } = await cli.run(...all);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(allowed);
    expect(stderr).not.toMatch(/\n +at /);
  }
  expect(await cli.readItems()).toEqual([]);
});

test.each([
  ['a cap that is not there', ['cap', 'remove', 'team']],
  ['a key that is not there', ['key', 'disable', 'alice']],
  ['a key id that is taken', ['key', 'create', 'taken']],
])('fails with 1 for %s', async (_name, args) => {
  await cli.run('key', 'create', 'taken');
  for (const format of [[], ['--json']]) {
    const { code, stdout, stderr } = await cli.run(...args, ...format);

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^hardcap: there is .*\n$/);
  }
});
