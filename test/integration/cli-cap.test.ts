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

test('T30 tells of a cap that names a model or vendor which nobody knows', async () => {
  const args = ['--limit', '5', '--window', 'daily'];
  const misspelt = ['--models', 'anthropic.claude-opus-4.1*,*haiku*', '--vendors', 'antropic'];
  const made = await cli.run('cap', 'set', 'team', ...args, ...misspelt);
  const right = ['--models', 'us.amazon.nova-*,arn:aws:bedrock:*', '--vendors', 'a*'];
  const other = await cli.run('cap', 'set', 'other', ...args, ...right);

  expect(other.stderr).toBe('');
  for (const { code, stderr } of [made, await cli.run('cap', 'list'), await cli.run('status')]) {
    expect(code).toBe(0);
    expect(stderr).toContain('"team" names "anthropic.claude-opus-4.1*"');
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('names "antropic", which matches no model');
    expect(stderr).not.toContain('"*haiku*"');
    expect(stderr).not.toContain('"other"');
  }

  const model = 'anthropic.claude-opus-4.1-x';
  const bounds = ['--family', 'anthropic', '--context-window', '9000', '--max-output', '900'];
  await cli.run('prices', 'set', model, '--input', '5', '--output', '25', ...bounds);
  expect((await cli.run('cap', 'list')).stderr).not.toContain('claude-opus-4.1');
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

test.each(['block', 'clamp', 'warn'])('makes a cap whose action is %s', async (action) => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--action', action);

  expect((await cli.readSettings('alice')).caps).toMatchObject([{ action }]);
});

test.each(['full', 'progressive'])('makes a cap whose streams are reserved %s', async (mode) => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--streaming', mode);

  expect((await cli.readSettings('alice')).caps).toMatchObject([{ streaming: mode }]);
});

test('clears what is named', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--keys', 'alice');
  await cli.run('cap', 'set', 'team', '--clear', 'keys');

  expect((await cli.readSettings('alice')).caps).toMatchObject([{ selectors: {} }]);
});

test.each(['bogus', 'team', 'v', 'limitUsd', 'pk'])(
  'refuses to clear %s, names what may be cleared, and writes nothing',
  async (name) => {
    await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily', '--teams', 'red');
    const { code, stdout, stderr } = await cli.run('cap', 'set', 'team', '--clear', name);

    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`--clear ${name}: `);
    expect(stderr).toMatch(/may be cleared: .*\bteams\b.*\bnote\b/);
    expect(stderr.includes('Did you mean teams?')).toBe(name === 'team');
    expect((await cli.readItems())[0]?.history).toHaveLength(1);
  },
);

test('clears an attribute that makes a cap malformed', async () => {
  await cli.putItem({ pk: 'CAP', sk: 'team', v: 1, limit: 5, limitUsd: '5', window: 'daily' });

  expect((await cli.run('cap', 'set', 'team', '--clear', 'limit')).code).toBe(0);
  expect((await cli.readSettings('alice')).caps).toMatchObject([{ capId: 'team' }]);
});

test.each([
  ['shows a raise', '9', '2099-01-01T00:00:00Z', 'raised to $9.00 until 2099-01-01T00:00:00Z'],
  ['says that a raise has ended', '9', '2020-01-01T00:00:00Z', 'ended at 2020-01-01T00:00:00Z'],
  ['says that a raise is none', '4', '2099-01-01T00:00:00Z', 'changes nothing'],
])('%s where the cap is set and where it is listed', async (_name, to, until, shown) => {
  const args = ['--limit', '5', '--window', 'daily', '--raise-to', to, '--raise-until', until];
  const set = await cli.run('cap', 'set', 'team', ...args);
  const { stdout } = await cli.run('cap', 'list');

  expect(set.stdout).toContain(shown);
  expect(stdout).toContain(shown);
  expect(await cli.runJson('cap', 'list')).toMatchObject([
    { limitUsd: '5.00', raisedLimitUsd: `${to}.00`, raisedUntil: until.replace('Z', '.000Z') },
  ]);
});

test.each([
  ['window', ['--window', 'monthly']],
  ['split', ['--split-by', 'key']],
])('asks before a change of the %s, as the cap starts at zero', async (_name, args) => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  const asked = await cli.run('cap', 'set', 'team', ...args);
  const dry = await cli.run('cap', 'set', 'team', ...args, '--dry-run');

  expect([asked.code, dry.code]).toEqual([2, 0]);
  expect(asked.stderr).toContain('It starts at zero. Nothing was changed: say --yes to go on');
  expect(dry.stderr).toContain('It starts at zero');
  expect(dry.stdout).toContain('Nothing was written');
  expect((await cli.readItems())[0]?.history).toHaveLength(1);

  expect((await cli.run('cap', 'set', 'team', ...args, '--yes')).code).toBe(0);
  expect((await cli.readItems())[0]?.history).toHaveLength(2);
});

test('says that a limit below what is settled refuses all, and asks nothing', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  await cli.settle('COUNTER#team', '2.5');
  const lowered = await cli.run('cap', 'set', 'team', '--limit', '2');

  expect(lowered.code).toBe(0);
  expect(lowered.stderr).toMatch(
    /has settled \$2\.50 .* limit is now \$2\.00: it refuses all until /,
  );
});

test('raises a limit for a while with a reason, and ends the raise', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');
  const raise = ['cap', 'raise', 'team', '--to', '9', '--for', '4h'];
  const reasonless = await cli.run(...raise);
  const low = await cli.run('cap', 'raise', 'team', '--to', '5', '--for', '4h', '--reason', 'x');
  const raised = await cli.run(...raise, '--reason', 'a launch');

  expect([reasonless.code, low.code, raised.code]).toEqual([2, 2, 0]);
  expect(reasonless.stderr).toContain('needs a reason');
  expect(low.stderr).toContain('is not above the limit of "team", $5.00');
  const shown = await cli.runJson('cap', 'show', 'team');
  const inMs = Date.parse(shown.raisedUntil) - Date.now();
  expect(Math.abs(inMs - 4 * 3_600_000)).toBeLessThan(60_000);
  expect(shown.counters).toMatchObject([{ limitUsd: '9.00' }]);
  expect(shown.history.at(-1)).toMatchObject({
    by: 'tester',
    why: 'a launch',
    before: {},
    after: { raisedLimitUsd: '9.00' },
  });

  expect((await cli.run('cap', 'raise', 'team', '--end')).stdout).toContain('its limit is $5.00');
  expect((await cli.run('cap', 'raise', 'team', '--end')).stderr).toContain('is not raised');
  expect((await cli.readSettings('alice')).caps[0]?.raised).toBeUndefined();
});

test('shows all of a cap: what is default, what is spent, and who changed it', async () => {
  const args = ['--limit', '5', '--window', 'daily', '--models', '*haiku*', '--action', 'clamp'];
  await cli.run('cap', 'set', 'team', ...args, '--reason', 'the first');
  await cli.reserve('COUNTER#team', '1.25');
  const { stdout } = await cli.run('cap', 'show', 'team');
  const json = await cli.runJson('cap', 'show', 'team');

  expect(widestLine(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
  for (const text of [/origin +the table/, /timeZone +UTC \(default\)/, /action +clamp\n/]) {
    expect(stdout).toMatch(text);
  }
  expect(stdout).toContain('tester (the first): ');
  expect(json).toMatchObject({ state: 'enabled', alertPercents: [50, 80, 100] });
  expect(json.isDefault).toContain('alertPercents');
  expect(json.isDefault).not.toContain('action');
  expect(json.counters).toMatchObject([{ cap: 'team', reservedUsd: '1.25', remainingUsd: '3.75' }]);
  expect((await cli.run('cap', 'show', 'taem')).stderr).toContain('Did you mean "team"?');
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
  await cli.run('cap', 'set', 'team', '--limit', '7', '--reason', 'a launch');

  const items = await cli.readItems();

  expect(items[0]?.history).toMatchObject([
    { by: 'tester', before: {}, after: { limitUsd: '5.00', window: 'daily' } },
    { by: 'tester', why: 'a launch', before: { limitUsd: '5' }, after: { limitUsd: '7.00' } },
  ]);
});

test('removes a cap, and says so where there is none', async () => {
  await cli.run('cap', 'set', 'team', '--limit', '5', '--window', 'daily');

  expect((await cli.run('cap', 'remove', 'taem')).stderr).toContain('Did you mean "team"?');
  const asked = await cli.run('cap', 'remove', 'team');
  expect(asked.code).toBe(2);
  expect(asked.stderr).toContain('This removes cap team: $5.00 daily');
  const removed = await cli.run('cap', 'remove', 'team', '--yes');
  expect(removed.code).toBe(0);
  expect(removed.stdout).toContain('requests are no longer counted by it');
  expect(removed.stdout).toContain('counters are closed when their windows end');
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

test('tells why a cap is malformed under the table, over its whole width', async () => {
  const typo = { pk: 'CAP', sk: 'typo', v: 1, limit: 5, window: 'daily' };
  await cli.putItem({ ...typo, sk: 'broken\u001b[31m' });
  await cli.putItem(typo);
  await cli.run('cap', 'set', 'zebra', '--limit', '5', '--window', 'daily');

  const { stdout } = await cli.run('cap', 'list');

  const [drawn = '', ...reasons] = stdout.split('\n\n');
  expect(drawn).toMatch(/^CAP.*\n(.*\n)*zebra/);
  expect(drawn).not.toContain('did you mean');
  expect(reasons).toHaveLength(2);
  expect(reasons.join(' ').replace(/\s+/g, ' ')).toContain(
    'typo cannot be read, so what it could cover is refused: limit is not an attribute that ' +
      'hardcap knows; did you mean limitUsd?',
  );
  expect(widestLine(stdout)).toBeLessThanOrEqual(MAX_COLUMNS);
  expect(stdout).not.toContain('\u001b');
});
