/**
 * `hardcap cap` from end to end: the real process against a real DynamoDB protocol.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { usd } from '../helpers/builders.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

const MAX_COLUMNS = 80;

let cli: CommandLine;

beforeAll(async () => {
  cli = await startCommandLine();
});

beforeEach(() => cli.renew());

afterAll(() => cli.close());

test('makes a cap as the gateway reads it', async () => {
  const args = ['--limit', '0.5', '--window', 'weekly', '--time-zone', 'Europe/Paris'];
  const selectors = ['--week-start', 'sunday', '--models', '*haiku*,amazon.*', '--keys', 'a*'];
  await cli.runJson('cap', 'set', 'team', ...args, ...selectors, '--split-by', 'key');

  const { caps } = await cli.readSettings('alice');

  expect(caps).toMatchObject([
    {
      capId: 'team',
      limitNanoUsd: usd('0.5'),
      window: { kind: 'weekly', timeZone: 'Europe/Paris', weekStart: 'sunday' },
      selectors: { models: ['*haiku*', 'amazon.*'], keys: ['a*'] },
      splitBy: 'key',
      action: 'block',
      enabled: true,
    },
  ]);
});

test('changes what is named and keeps the rest', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--keys', 'alice');
  const { code, stderr } = await cli.run('cap', 'set', 'team', '--limit', '7', '--disabled');

  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect((await cli.readSettings('alice')).caps).toMatchObject([
    { limitNanoUsd: usd('7'), enabled: false, selectors: { keys: ['alice'] } },
  ]);
});

test('clears what is named', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--keys', 'alice');
  await cli.run('cap', 'set', 'team', '--clear', 'keys');

  expect((await cli.readSettings('alice')).caps).toMatchObject([{ selectors: {} }]);
});

test.each([
  ['window', ['--window', 'monthly']],
  ['time zone', ['--time-zone', 'Asia/Tokyo']],
  ['split', ['--split-by', 'key']],
])('warns that the cap starts at zero when its %s changes', async (_name, args) => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  const { code, stderr } = await cli.run('cap', 'set', 'team', ...args);

  expect(code).toBe(0);
  expect(stderr).toContain('It starts at zero');
});

test('writes nothing that the gateway could not read', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  const zone = await cli.run('cap', 'set', 'team', '--time-zone', 'Mars/Base');
  const raise = await cli.run('cap', 'set', 'team', '--raise-to', '9');
  const id = await cli.run('cap', 'set', 'te am', '--limit', '5', '--window', 'daily');

  expect([zone.code, raise.code, id.code]).toEqual([2, 2, 2]);
  expect(zone.stderr).toContain('timeZone must be a time zone by its IANA name');
  expect(raise.stderr).toContain('raisedUntil');
  const view = await cli.readSettings('alice');
  expect(view.malformedCaps).toEqual([]);
  expect(view.caps).toMatchObject([{ capId: 'team', window: { timeZone: 'UTC' } }]);
});

test('takes a mistyped id for a mistake, not for a new cap', async () => {
  await cli.run('cap', 'set', 'team-red', '--limit', '5', '--window', 'daily');
  const { code, stderr } = await cli.run('cap', 'set', 'team-rde', '--limit', '7');

  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean "team-red"?');
  expect((await cli.readSettings('alice')).caps).toHaveLength(1);
});

test('keeps who changed what', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  await cli.run('cap', 'set', 'team', '--limit', '7');

  const items = await cli.readItems();

  expect(items[0]?.history).toMatchObject([
    { by: 'tester', change: { limitUsd: '5.00', window: 'daily' } },
    { by: 'tester', change: { limitUsd: '7.00' } },
  ]);
});

test('removes a cap, and says so where there is none', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');

  expect((await cli.run('cap', 'remove', 'taem')).stderr).toContain('Did you mean "team"?');
  expect((await cli.run('cap', 'remove', 'team')).code).toBe(0);
  expect((await cli.run('cap', 'remove', 'team')).code).toBe(1);
  expect((await cli.readSettings('alice')).caps).toEqual([]);
});

test('lists caps within 80 columns, malformed ones too', async () => {
  const id = `long-${'x'.repeat(50)}`;
  await cli.run('cap', 'set', id, '--limit', '5', '--window', 'daily', '--keys', 'alice,bob,carol');
  await cli.run('cap', 'set', 'team', '--limit', '0', '--window', 'lifetime', '--action', 'warn');
  await cli.putItem({ pk: 'CAP', sk: 'broken', v: 1, limitUsd: 'lots', window: 'daily' });

  const { stdout } = await cli.run('cap', 'list');

  expect(widestLine(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
  expect(stdout).toContain('malformed');
  expect(stdout).toContain('lifetime');
  const listed = await cli.runJson('cap', 'list');
  expect(listed).toContainEqual(expect.objectContaining({ id: 'team', limitUsd: '0.00' }));
  expect(listed).toContainEqual({
    id: 'broken',
    malformed: { field: 'limitUsd', problem: expect.stringContaining('12.50') },
  });
});
