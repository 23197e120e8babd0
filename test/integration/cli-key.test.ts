/**
 * `hardcap key` from end to end: the real process against a real DynamoDB protocol.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hashKey, keyIdOf } from '../../lambda/domain/caller-key.ts';
import type { CallerKey } from '../../lambda/domain/cap.ts';
import { usd } from '../helpers/builders.ts';
import { type CommandLine, startCommandLine, widestLine } from './cli-process.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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

test('makes a key with all that it may be given, and a cap for each window', async () => {
  const made = await cli.runJson(
    ...['key', 'create', 'ci', '--tags', 'stage=prod,app=web', '--max-request', '0.5'],
    ...['--max-tokens', '900', '--hourly', '1', '--monthly', '50', '--expires', '30d'],
  );

  expect(made.caps).toEqual([
    { capId: 'key-ci-hourly', window: 'hourly', limitUsd: '1.00' },
    { capId: 'key-ci-monthly', window: 'monthly', limitUsd: '50.00' },
  ]);
  const view = await cli.readSettings('ci');
  expect(view.key).toMatchObject({
    tags: { stage: 'prod', app: 'web' },
    maxRequestNanoUsd: usd('0.5'),
    defaultMaxTokens: 900,
  });
  const { expiresAtMs = 0 } = view.key as CallerKey;
  expect((expiresAtMs - Date.now()) / DAY_MS).toBeCloseTo(30, 1);
  expect(view.caps).toHaveLength(2);
});

test('leaves no cap behind where one of several is there already', async () => {
  await cli.run('cap', 'set', 'key-ci-weekly', '--limit', '2', '--window', 'weekly');
  const { code, stderr } = await cli.run('key', 'create', 'ci', '--daily', '5', '--weekly', '9');

  expect(code).toBe(1);
  expect(stderr).toContain('leave out --weekly');
  const view = await cli.readSettings('ci');
  expect(view.key).toBeUndefined();
  expect(view.caps.map(({ capId }) => capId)).toEqual(['key-ci-weekly']);
});

test('changes what is named of a key, and shows all of it but its secret', async () => {
  const { key } = await cli.runJson('key', 'create', 'ci', '--team', 'red', '--daily', '5');
  await cli.reserve('COUNTER#key-ci-daily', '1.25');
  await cli.run(...['cap', 'set', 'others', '--limit', '1', '--window', 'daily', '--keys', 'x*']);
  await cli.runJson(
    ...['key', 'set', 'ci', '--models', '*haiku*', '--clear', 'team', '--reason', 'moved'],
  );
  const shown = await cli.runJson('key', 'show', 'ci');

  expect(shown).toMatchObject({
    id: 'ci',
    state: 'enabled',
    models: ['*haiku*'],
    lastUse: null,
    caps: [{ cap: 'key-ci-daily', reservedUsd: '1.25', remainingUsd: '3.75' }],
    history: [
      { after: { enabled: 'true', team: 'red' } },
      { by: 'tester', why: 'moved', before: { team: 'red' }, after: { models: '*haiku*' } },
    ],
  });
  expect(shown.team).toBeUndefined();
  const { stdout } = await cli.run('key', 'show', 'ci');
  expect(stdout).toMatch(/key-ci-daily +5\.00 +0\.00 +1\.25 +3\.75/);
  for (const text of [stdout, JSON.stringify(shown)]) {
    expect(text).not.toContain(key.slice(-52));
    expect(text).not.toContain(hashKey(key));
  }
  expect(widestLine(stdout)).toBeLessThanOrEqual(80);
});

test('writes no attribute that the gateway could not read, and never takes the secret', async () => {
  await cli.run('key', 'create', 'ci');
  const refused = [
    await cli.run('key', 'set', 'ci', '--team', ''),
    await cli.run('key', 'set', 'ci', '--clear', 'secretSha256'),
    await cli.run('key', 'set', 'ci'),
  ];

  expect(refused.map(({ code }) => code)).toEqual([2, 2, 2]);
  expect(refused.map(({ stderr }) => stderr)).toEqual([
    expect.stringContaining('key "ci" was not written: team must be text'),
    expect.stringContaining('every key keeps it'),
    expect.stringContaining('nothing to set'),
  ]);
  expect((await cli.readSettings('ci')).key).toMatchObject({ keyId: 'ci', enabled: true });
});

test('gives a key a new secret, shown once on stdout', async () => {
  const made = await cli.runJson('key', 'create', 'ci');
  const { code, stdout, stderr } = await cli.run('key', 'rotate', 'ci', '--overlap', '2h');
  const key = /hc_ci_\S+/.exec(stdout)?.[0] ?? '';

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const view = await cli.readSettings('ci');
  expect(view.key).toMatchObject({
    secretSha256: hashKey(key),
    previous: { secretSha256: hashKey(made.key) },
  });
  const { previous } = view.key as CallerKey;
  expect(((previous?.untilMs ?? 0) - Date.now()) / HOUR_MS).toBeCloseTo(2, 1);
  expect((await cli.run('key', 'list')).stdout).toContain('its old secret works until');
});

test('deletes a key only once it is disabled, and only after it was asked', async () => {
  await cli.run('key', 'create', 'ci', '--daily', '5');
  const enabled = await cli.run('key', 'delete', 'ci', '--yes');
  await cli.run('key', 'disable', 'ci');
  const unasked = await cli.run('key', 'delete', 'ci');

  expect(enabled).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('hardcap key disable'),
  });
  expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
  expect((await cli.readSettings('ci')).key).toBeDefined();
  expect(await cli.runJson('key', 'delete', 'ci', '--yes')).toEqual({
    id: 'ci',
    deleted: true,
    capsLeft: ['key-ci-daily'],
  });
  expect((await cli.readSettings('ci')).key).toBeUndefined();
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
  ['a tag without value', ['alice', '--tags', 'stage'], 'stage=prod'],
  ['no id', [], 'missing required argument'],
])('exits with 2 and makes nothing for %s', async (_name, args, message) => {
  const { code, stderr } = await cli.run('key', 'create', ...args);

  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(await cli.runJson('key', 'list')).toEqual([]);
});
