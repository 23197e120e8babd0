/**
 * `hardcap alias`, and the tags of `hardcap cap`, from end to end: the real process.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CommandLine, startCommandLine } from './cli-process.ts';

const NOVA = 'us.amazon.nova-micro-v1:0';

let cli: CommandLine;
beforeAll(async () => {
  cli = await startCommandLine();
});
beforeEach(() => cli.renew());
afterAll(() => cli.close());

test('makes, changes, lists and removes an alias as the gateway reads it', async () => {
  await cli.run('alias', 'set', 'fast', 'amazon.nova-lite-v1:0', '--note', 'for drafts');
  await cli.run('alias', 'set', 'fast', NOVA);

  const { aliases } = await cli.readSettings('alice');
  const list = await cli.run('alias', 'list');
  const removed = await cli.run('alias', 'remove', 'fast');
  const again = await cli.run('alias', 'remove', 'fast');

  expect([...aliases.values()]).toEqual([{ name: 'fast', modelId: NOVA }]);
  expect(list.stdout).toMatch(/^fast +us\.amazon\.nova-micro-v1:0 *$/m);
  expect([removed.code, again.code]).toEqual([0, 1]);
  expect((await cli.readSettings('alice')).aliases.size).toBe(0);
});

test.each([
  ['the id of a model', NOVA, 'amazon.nova-lite-v1:0', 'is the id of a model'],
  ['no name', 'a b', NOVA, 'must be the name that callers write'],
  ['an id that is none', 'fast', 'nova micro', 'must be a model id or ARN'],
])('writes nothing for %s', async (_, name, model, problem) => {
  const { code, stderr } = await cli.run('alias', 'set', name, model);

  expect(code).toBe(2);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(problem);
  expect((await cli.readSettings('alice')).aliases.size).toBe(0);
});

test('sets, shows and clears the tags of a cap', async () => {
  const tags = ['--tags', 'stage=prod,dev; app=web*', '--request-tags', 'session=a*'];
  const args = ['--limit', '1', '--window', 'lifetime', '--split-by', 'request-tag:session'];
  await cli.run('cap', 'set', 'runs', ...args, ...tags);

  const { caps } = await cli.readSettings('alice');
  const list = await cli.runJson('cap', 'list');
  const shown = await cli.run('cap', 'set', 'runs', '--clear', 'tags');

  expect(caps).toMatchObject([
    {
      selectors: {
        tags: { stage: ['prod', 'dev'], app: ['web*'] },
        requestTags: { session: ['a*'] },
      },
      splitBy: 'request-tag:session',
    },
  ]);
  expect(list).toMatchObject([{ requestTags: { session: ['a*'] } }]);
  expect(shown.stdout.replaceAll(/\s+/g, ' ')).toContain('covers request tag session=a*');
});

test.each(['', '=x', 'a=1;a=2', 'a'])('takes no tags like "%s"', async (text) => {
  const { code } = await cli.run(
    'cap',
    'set',
    'c',
    '--limit',
    '1',
    '--window',
    'daily',
    '--tags',
    text,
  );

  expect(code).toBe(2);
});
