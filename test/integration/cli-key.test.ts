/**
 * `hardcap key` from end to end: the real process against a real DynamoDB protocol.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashKey, keyIdOf } from '../../lambda/domain/caller-key.ts';
import { usd } from '../helpers/builders.ts';
import { type CommandLine, startCommandLine } from './cli-process.ts';

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

test('makes a key that the gateway knows, and its daily cap', async () => {
  const made = await cli.runJson('key', 'create', 'alice', '--team', 'red', '--daily', '5');

  expect(keyIdOf(made.key)).toBe('alice');
  const view = await cli.readSettings('alice');
  expect(view.key).toMatchObject({
    keyId: 'alice',
    secretSha256: hashKey(made.key),
    enabled: true,
    team: 'red',
  });
  expect(view.caps).toMatchObject([
    { capId: 'key-alice-daily', limitNanoUsd: usd('5'), selectors: { keys: ['alice'] } },
  ]);
});

test('shows the secret once, and keeps only its hash', async () => {
  const { stdout } = await cli.run('key', 'create', 'alice');
  const key = /hc_alice_\S+/.exec(stdout)?.[0] ?? '';

  expect(keyIdOf(key)).toBe('alice');
  const { stdout: listed } = await cli.run('key', 'list', '--json');
  expect(listed).not.toContain(key.slice(-52));
});

test('never writes over a key', async () => {
  const first = await cli.runJson('key', 'create', 'alice');
  const second = await cli.run('key', 'create', 'alice', '--daily', '9');

  expect(second.code).toBe(1);
  expect(second.stderr).toContain('there is a key "alice" already');
  const view = await cli.readSettings('alice');
  expect(view.key).toMatchObject({ secretSha256: hashKey(first.key) });
  expect(view.caps).toEqual([]);
});

test('makes no key where its daily cap is there already', async () => {
  await cli.run('cap', 'set', 'key-alice-daily', '--limit', '2', '--window', 'daily');
  const { code, stderr } = await cli.run('key', 'create', 'alice', '--daily', '9');

  expect(code).toBe(1);
  expect(stderr).toContain('hardcap cap set key-alice-daily --limit 9');
  const view = await cli.readSettings('alice');
  expect(view.key).toBeUndefined();
  expect(view.caps).toMatchObject([{ limitNanoUsd: usd('2') }]);
});

test('disables a key and enables it again', async () => {
  await cli.run('key', 'create', 'alice', '--note', 'mine');

  expect((await cli.run('key', 'disable', 'alice')).code).toBe(0);
  expect((await cli.readSettings('alice')).key).toMatchObject({ enabled: false });
  expect((await cli.runJson('key', 'list'))[0]).toMatchObject({
    id: 'alice',
    state: 'disabled',
    note: 'mine',
  });

  expect((await cli.run('key', 'enable', 'alice')).code).toBe(0);
  expect((await cli.readSettings('alice')).key).toMatchObject({ enabled: true });
});

test('names the near id where there is no such key, and makes none', async () => {
  await cli.run('key', 'create', 'alice');
  const { code, stderr } = await cli.run('key', 'disable', 'alcie');

  expect(code).toBe(1);
  expect(stderr).toContain('there is no key "alcie". Did you mean "alice"?');
  expect(await cli.runJson('key', 'list')).toHaveLength(1);
});

test.each([
  ['an id in capitals', ['Alice'], 'a-z'],
  ['a limit that is no number', ['alice', '--daily', 'much'], '12.50'],
  ['a date without offset', ['alice', '--expires', '2026-12-31'], 'offset'],
  ['no id', [], 'missing required argument'],
])('exits with 2 and makes nothing for %s', async (_name, args, message) => {
  const { code, stderr } = await cli.run('key', 'create', ...args);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(await cli.runJson('key', 'list')).toEqual([]);
});
