/**
 * Audit trails: the order of changes, and what a history shows to be missing in itself.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { auditTrail } from '../../bin/commands/audit-trail.ts';
import { MAX_HISTORY } from '../../bin/commands/history.ts';
import { type SettingItem, settingItem } from '../../lambda/adapters/settings/setting-items.ts';

type Values = Readonly<Record<string, string>>;

const entry = (at: string, before: Values, after: Values) => ({ at, by: 'ann', before, after });
const cap = (id: string, attributes: SettingItem, history: readonly unknown[]) => ({
  kind: 'cap' as const,
  item: settingItem('CAP', id, { ...attributes, history }),
});

test('the newest change comes first, over all items', () => {
  const a = cap('a', {}, [
    entry('2026-11-01T00:00:00Z', {}, {}),
    entry('2026-11-03T00:00:00Z', {}, {}),
  ]);
  const b = cap('b', {}, [entry('2026-11-02T00:00:00Z', {}, {})]);

  const since = Date.parse('2026-11-02T00:00:00Z');

  expect(auditTrail([a, b]).entries.map(({ id, at }) => `${id} ${at}`)).toEqual([
    'a 2026-11-03T00:00:00Z',
    'b 2026-11-02T00:00:00Z',
    'a 2026-11-01T00:00:00Z',
  ]);
  expect(auditTrail([a, b], since).entries).toHaveLength(2);
});

test('an attribute that is not what its last change left was changed without a record', () => {
  const history = [
    entry(
      '2026-11-01T00:00:00Z',
      {},
      { limitUsd: '5.00', keys: 'a,b', note: 'x', window: 'daily' },
    ),
    entry('2026-11-02T00:00:00Z', { note: 'x' }, {}),
  ];
  const unrecorded = (attributes: SettingItem) =>
    auditTrail([cap('a', attributes, history)]).unrecorded;
  const asLeft = {
    limitUsd: NumberValue.from('5'),
    keys: new Set(['b', 'a']),
    window: 'daily',
    // Set with the item, and so in no entry.
    timeZone: 'UTC',
  };

  expect(unrecorded(asLeft)).toEqual([]);
  expect(unrecorded({ ...asLeft, limitUsd: NumberValue.from('500') })).toEqual([
    {
      kind: 'cap',
      id: 'a',
      attribute: 'limitUsd',
      recorded: '5.00',
      now: '500',
      recordedAt: '2026-11-01T00:00:00Z',
    },
  ]);
  expect(unrecorded({ ...asLeft, note: 'back' })).toMatchObject([
    { attribute: 'note', now: 'back' },
  ]);
  expect(unrecorded({ ...asLeft, keys: undefined })).toMatchObject([{ recorded: 'a,b' }]);
});

test('a member of a map is compared until the map is set whole', () => {
  const history = [entry('2026-11-01T00:00:00Z', {}, { 'units.made-image': '0.04' })];
  const whole = [...history, entry('2026-11-02T00:00:00Z', {}, { units: 'made-image=0.05' })];
  const units = { 'made-image': NumberValue.from('0.05') };

  expect(auditTrail([cap('a', { units }, history)]).unrecorded).toHaveLength(1);
  expect(auditTrail([cap('a', { units }, whole)]).unrecorded).toEqual([]);
});

test('never compares a hash, and tells where a history is full or is none', () => {
  const hidden = [entry('2026-11-01T00:00:00Z', {}, { secretSha256: '(hidden)' })];
  const full = Array.from({ length: MAX_HISTORY }, () => entry('2026-11-01T00:00:00Z', {}, {}));

  const trail = auditTrail([
    cap('a', { secretSha256: 'f'.repeat(64) }, hidden),
    cap('full', {}, full),
    cap('none', {}, ['by hand']),
  ]);

  expect(trail.unrecorded).toEqual([]);
  expect(trail).toMatchObject({ full: ['cap full'], silent: ['cap none'] });
});
