/**
 * Faults of a settings file, with their lines, and what an import of one would change.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { readFile } from '../../bin/commands/settings-file.ts';
import { isSame, planImport } from '../../bin/commands/settings-plan.ts';
import { type SettingItem, settingItem } from '../../lambda/adapters/settings/setting-items.ts';

const faults = (text: string): string[] => {
  const read = readFile(text);
  return 'faults' in read ? read.faults.map(({ line, text: what }) => `${line}: ${what}`) : [];
};

const settingsOf = (text: string) => {
  const read = readFile(text);
  if ('faults' in read) throw new Error(JSON.stringify(read.faults));
  return read.settings;
};

const plan = (text: string, items: readonly SettingItem[], prune = false) =>
  planImport(settingsOf(text), new Map([['caps', items]]), prune);

const cap = (id: string, attributes: SettingItem = {}) =>
  settingItem('CAP', id, { limitUsd: NumberValue.from('5'), window: 'daily', ...attributes });

test('tells all faults at once, each with its line', () => {
  const text = [
    'version: 1',
    'caps:',
    '  team:',
    '    limitUsd: 1.2.3',
    '    window: yearly',
    '    tags:',
    '      stage: prod',
    '    colour: red',
    '  "ssm:a": {limitUsd: 1, window: daily}',
    'keys:',
    '  Alice: {}',
    'kaps: {}',
  ].join('\n');

  expect(faults(text).map((fault) => fault.replace(/;.*| must .*/, ''))).toEqual([
    '4: cap team: limitUsd',
    '5: cap team: window',
    '7: cap team: tags.stage',
    '8: cap team: colour is not an attribute that hardcap knows',
    '9: cap ssm:a: the id is of an item that hardcap writes itself (ssm: from SSM parameters, auto: from price lists)',
    '11: key Alice: the id',
    '12: "kaps" is no section of a file. Did you mean caps? The sections are caps, keys, prices, aliases',
  ]);
});

test.each([
  ['no YAML', 'caps: {a: 1', /^1: |^2: /],
  [
    'an id that is there twice',
    'version: 1\ncaps:\n  a: {}\n  a: {}',
    /^4: Map keys must be unique/,
  ],
  ['no version', 'caps: {}', /^1: version is missing; this hardcap reads version: 1/],
  ['another version', 'caps: {}\nversion: 2', /^2: version is 2/],
  ['a list', '- a', /^1: the file must be a map/],
  ['nothing', '', /^1: the file must be a map/],
  [
    'a bomb',
    `version: 1\na: &a [x]\nb: &b [${'*a,'.repeat(99)}]\nc: &c [${'*b,'.repeat(99)}]\nd: [*c]`,
    /the file must be/,
  ],
  [
    'history',
    'version: 1\ncaps:\n  a:\n    limitUsd: 1\n    window: daily\n    history: []',
    /^6: .*has no place/,
  ],
])('refuses %s', (_what, text, expected) => {
  expect(faults(text)[0]).toMatch(expected);
});

test('reads money as its text, and what is a name as a name', () => {
  const text = 'version: 1\ncaps: {a: {limitUsd: 0.123456789, window: daily, keys: [007, 1.0]}}';

  expect(settingsOf(text).get('caps')?.get('a')).toEqual({
    limitUsd: NumberValue.from('0.123456789'),
    window: 'daily',
    keys: ['007', '1.0'],
  });
});

test('takes an alias of YAML for what it stands for', () => {
  const text =
    'version: 1\nx-shared: &x [a]\ncaps: {a: {limitUsd: 1, window: daily, keys: &k [a]}, ' +
    'b: {limitUsd: 1, window: daily, keys: *k}}';

  expect(faults(text)).toEqual([expect.stringContaining('"x-shared" is no section')]);
  const without = text.replace('x-shared: &x [a]\n', '');
  expect(settingsOf(without).get('caps')?.get('b')?.keys).toEqual(['a']);
});

test('an attribute that the file has not is removed; an equal one is no change', () => {
  const file = 'version: 1\ncaps: {team: {limitUsd: 5.00, window: daily, keys: [b, a]}}';
  const standing = cap('team', { keys: new Set(['a', 'b']), note: 'x', history: [] });

  expect(plan(file, [standing])).toMatchObject({
    changes: [{ action: 'change', set: {}, remove: ['note'], startsAtZero: false }],
  });
  const { note: _note, ...equal } = standing;
  expect(plan(file, [equal])).toMatchObject({ changes: [], unchanged: 1 });
});

test.each([
  ['window', 'window: weekly', true],
  ['zone', 'window: daily, timeZone: Europe/Paris', true],
  ['split', 'window: daily, splitBy: key', true],
  ['first day of a daily window', 'window: daily, weekStart: sunday', false],
  ['limit', 'window: daily, note: x', false],
])('says of a change of the %s whether the cap starts at zero', (_what, rest, startsAtZero) => {
  const text = `version: 1\ncaps: {team: {limitUsd: 6, ${rest}}}`;

  expect(plan(text, [cap('team')]).changes).toMatchObject([{ startsAtZero }]);
});

test('removes only with prune, only in sections of the file, and never what hardcap writes', () => {
  const items = [cap('a'), cap('b'), cap('ssm:c')];
  const file = 'version: 1\ncaps: {a: {limitUsd: 5, window: daily}}';

  expect(plan(file, items)).toMatchObject({ changes: [], notInFile: ['cap b'] });
  expect(plan(file, items, true).changes).toMatchObject([{ action: 'remove', id: 'b' }]);
  expect(plan('version: 1\nkeys: {}', items, true).changes).toEqual([]);
});

test('writes caps before keys, and removes keys before caps', () => {
  const hash = 'ab'.repeat(32);
  const text = `version: 1\nkeys: {k: {secretSha256: ${hash}}, new: {}}\ncaps: {c: {limitUsd: 1, window: daily}}`;
  const settings = settingsOf(text);
  const table = new Map([
    ['caps', [cap('old')]],
    ['keys', [settingItem('KEY', 'old', { secretSha256: hash })]],
  ] as const);

  const { changes, cannotBeMade } = planImport(settings, table, true);

  expect(changes.map(({ action, section, id }) => `${action} ${section} ${id}`)).toEqual([
    'make caps c',
    'make keys k',
    'remove keys old',
    'remove caps old',
  ]);
  expect(cannotBeMade).toEqual(['new']);
  expect(JSON.stringify(changes.map(({ attributes }) => attributes))).not.toContain(hash);
});

test('says nothing of a rotated key: both its secrets are left as they are', () => {
  const previous = { previousSha256: 'cd'.repeat(32), previousUntil: '2026-12-01T00:00:00Z' };
  const key = settingItem('KEY', 'k', { secretSha256: 'ab'.repeat(32), team: 'a', ...previous });
  const table = new Map([['keys', [key]]] as const);
  const planned = (text: string) => planImport(settingsOf(text), table, true).changes;

  expect(planned('version: 1\nkeys: {k: {team: a}}')).toEqual([]);
  expect(planned('version: 1\nkeys: {k: {team: b}}')).toMatchObject([{ remove: [] }]);
  const removed = JSON.stringify(planned('version: 1\nkeys: {}').map((one) => one.attributes));
  expect(removed).toContain('team');
  expect(removed).not.toContain('previous');
});

test.each<[unknown, unknown, boolean]>([
  [NumberValue.from('5'), '5.00', true],
  [NumberValue.from('1E-9'), NumberValue.from('0.000000001'), true],
  [NumberValue.from('50'), NumberValue.from('5'), false],
  ['5', '5.0', false],
  [['a', 'b'], ['b', 'a'], false],
  [new Set(['a', 'b']), ['b', 'a'], true],
  [{ a: 'x' }, { a: 'x', b: 'y' }, false],
  [undefined, null, false],
  [true, 'true', false],
])('%j and %j are the same: %s', (a, b, same) => {
  expect(isSame(a, b)).toBe(same);
  expect(isSame(b, a)).toBe(same);
});
