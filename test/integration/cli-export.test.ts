/**
 * `hardcap export`, `import` and `audit` from end to end, against a real DynamoDB protocol.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connect } from '../../bin/commands/connection.ts';
import { findItem, removeAsRead, update } from '../../bin/commands/settings-store.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

let cli: CommandLine;
let file: string;

beforeAll(async () => {
  cli = await startCommandLine();
  file = path.join(cli.workDir, 'caps.yaml');
});

beforeEach(async () => {
  await cli.renew();
  await cli.putItem({ pk: 'CAP', sk: 'team', v: 1, limitUsd: '5.5', window: 'daily', note: 'a' });
  await cli.putItem({ pk: 'CAP', sk: 'ssm:x', v: 1, limitUsd: 1, window: 'daily' });
  await cli.putItem({ pk: 'KEY', sk: 'alice', v: 1, secretSha256: 'ab'.repeat(32), team: 'red' });
});

afterAll(() => cli.close());

const itemOf = async (sk: string) => (await cli.readItems()).find((item) => item.sk === sk);

test('exports what people made without hashes, and imports it as no change', async () => {
  const exported = await cli.runJson('export', '--file', file);
  const text = await readFile(file, 'utf8');
  const again = await cli.run('import', file);

  expect(exported).toMatchObject({ caps: 1, keys: 1, leftOut: { caps: 1 } });
  expect(text).toContain('Left out, as hardcap writes them itself: caps from SSM parameters (1)');
  expect(text).not.toContain('abab');
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('Nothing to change.');
  expect((await itemOf('team'))?.history).toBeUndefined();
});

test('asks first, then writes each item with its history; without --yes nothing', async () => {
  await writeFile(
    file,
    'version: 1\ncaps:\n  team: {limitUsd: 7, window: weekly}\n  new: {limitUsd: 1, window: daily}\n',
  );

  const asked = await cli.run('import', file);
  const before = await itemOf('team');
  const done = await cli.runJson('import', file, '--yes');

  expect(asked.code).toBe(2);
  expect(asked.stderr).toContain('~ limitUsd: 5.5 → 7');
  expect(asked.stderr).toContain('It counts anew, from zero');
  expect(asked.stderr).toContain('make 1 cap; change 1 cap (one cap counts from zero)');
  expect(before?.limitUsd).toBe('5.5');
  expect(done).toMatchObject({ applied: 2, changes: [{ id: 'team' }, { id: 'new' }] });
  expect(await itemOf('team')).toMatchObject({
    limitUsd: expect.objectContaining({ value: '7' }),
    history: [
      {
        by: 'tester',
        why: 'import caps.yaml',
        before: { limitUsd: '5.5', window: 'daily', note: 'a' },
        after: { limitUsd: '7', window: 'weekly' },
      },
    ],
  });
  expect(await itemOf('team')).not.toHaveProperty('note');
});

test('moves keys with their hashes, prunes, and leaves what hardcap writes itself', async () => {
  await cli.run('export', '--file', file, '--with-hashes');
  const { mode } = await stat(file);
  await cli.renew();
  await cli.putItem({ pk: 'CAP', sk: 'old', v: 1, limitUsd: 1, window: 'daily' });
  await cli.putItem({ pk: 'CAP', sk: 'ssm:y', v: 1, limitUsd: 1, window: 'daily' });

  await cli.runJson('import', file, '--prune', '--yes');

  expect(mode & 0o077).toBe(0);
  expect((await cli.readItems()).map(({ sk }) => sk).toSorted()).toEqual([
    'alice',
    'ssm:y',
    'team',
  ]);
  expect(await itemOf('alice')).toMatchObject({ secretSha256: 'ab'.repeat(32) });
});

test('fails over a key that it cannot make, and over faults, with their lines', async () => {
  await writeFile(file, 'version: 1\nkeys:\n  bob: {}\n  alice: {team: blue}\n');
  const unmade = await cli.run('import', file, '--yes');
  await writeFile(file, 'version: 1\ncaps:\n  team: {limitUsd: x, window: y}\n');
  const faulty = await cli.run('import', file, '--yes');

  expect(unmade.code).toBe(1);
  expect(unmade.stderr).toContain('has no hash of this key: bob');
  expect(await itemOf('alice')).toMatchObject({ team: 'blue' });
  expect(faulty.code).toBe(1);
  expect(faulty.stderr).toContain('the file has 2 faults:\n');
  expect(faulty.stderr).toContain('caps.yaml:3: cap team: limitUsd must be');
});

test('exports nothing where an item cannot be read', async () => {
  await cli.putItem({ pk: 'CAP', sk: 'broken', v: 1, limitUsd: 'x', window: 'daily' });

  const { code, stdout, stderr } = await cli.run('export');

  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('cap broken: limitUsd must be');
});

test('audits what was changed, and says what it cannot see', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '9', '--reason', 'a demo');
  const item = await itemOf('team');
  await cli.putItem({ ...item, limitUsd: 500 });

  const text = await cli.run('audit');
  const { entries, unrecorded } = await cli.runJson('audit', 'cap', 'team');
  const mistyped = await cli.run('audit', 'cap', 'taem');

  expect(widestLine(text.stdout)).toBeLessThanOrEqual(80);
  expect(text.stdout).toContain('limitUsd 5.5 → 9');
  expect(text.stdout).toContain('└ by tester: a demo');
  expect(text.stdout).toContain('Changed without a record: limitUsd of cap team is 500');
  expect(text.stdout).toContain('Not seen here: edits in the DynamoDB console');
  expect(entries).toMatchObject([{ id: 'team', by: 'tester', why: 'a demo' }]);
  expect(unrecorded).toMatchObject([{ attribute: 'limitUsd', now: '500' }]);
  expect(mistyped.code).toBe(1);
  expect(mistyped.stderr).toContain('Did you mean "team"?');
});

test('writes nothing over what was changed in the console since it was read', async () => {
  const connection = await connect({
    dataDir: cli.workDir,
    endpoint: cli.dynamodbUrl,
    ...cli.tables(),
  });
  const read = await findItem(connection, 'CAP', 'team');
  await cli.putItem({ ...read, limitUsd: 6, keys: new Set(['b', 'a']), tags: { stage: ['a'] } });
  const write = (set: Record<string, unknown>, gone: string[], before = read) =>
    update(connection, 'CAP', 'team', { set: { ...set, v: 1, history: [] }, remove: gone }, before);

  expect(await write({ limitUsd: '7' }, [])).toBe(false);
  expect(await write({ keys: ['c'] }, [])).toBe(false);
  expect(await write({ window: 'weekly' }, ['note'])).toBe(true);

  const now = await findItem(connection, 'CAP', 'team');
  expect(now).toMatchObject({
    window: 'weekly',
    limitUsd: expect.objectContaining({ value: '6' }),
  });
  expect(await removeAsRead(connection, 'CAP', 'team', read ?? {})).toBe(false);
  expect(await write({ tags: { stage: ['b'] } }, ['keys', 'limitUsd'], now)).toBe(true);
  connection.client.destroy();
});
