/**
 * What a parameter says of a cap: limits, caps of their own, and what each kind of garbage refuses.
 */
import { describe, expect, test } from 'vitest';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { type SettingItem, settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { limitAt } from '../../lambda/domain/cap.ts';
import { usd } from '../helpers/builders.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 12);

const tableCap = (id: string, attributes: SettingItem = {}) =>
  settingItem('CAP', id, { limitUsd: '20', window: 'monthly', teams: ['red'], ...attributes });

const parameter = (name: string, value: string | undefined, type = 'String'): SettingItem =>
  settingItem('CAP', `ssm:${name}`, {
    source: `parameter /hardcap/caps/${name}`,
    type,
    run: 'run-1',
    ...(value === undefined ? {} : { value }),
  });

const cap = (value: object) => JSON.stringify(value);

describe('a bare number', () => {
  test('is the limit of the cap of that name, on its own counter, where it is lower', () => {
    const { caps } = readCaps([tableCap('staging'), parameter('staging', '5')]);

    expect(caps).toMatchObject([
      {
        capId: 'staging',
        limitNanoUsd: usd('5'),
        window: { kind: 'monthly' },
        selectors: { teams: ['red'] },
        parameter: {
          source: 'parameter /hardcap/caps/staging',
          limitNanoUsd: usd('5'),
          table: { limitNanoUsd: usd('20') },
        },
      },
    ]);
  });

  test('never lifts the limit of the table', () => {
    const { caps } = readCaps([tableCap('staging'), parameter('staging', '50')]);

    expect(caps).toMatchObject([{ capId: 'staging', limitNanoUsd: usd('20') }]);
  });

  test('is not passed by a raise', () => {
    const raised = { raisedLimitUsd: '100', raisedUntil: '2026-12-31T00:00:00Z' };
    const [lowered] = readCaps([tableCap('staging', raised), parameter('staging', '30')]).caps;

    if (lowered === undefined) throw new Error('no cap');
    expect(limitAt(lowered, NOW_MS)).toBe(usd('30'));
    expect(limitAt(lowered, Date.UTC(2027, 1))).toBe(usd('20'));
    expect(lowered.parameter?.table?.raised?.limitNanoUsd).toBe(usd('100'));
  });

  test('is a daily cap of the key of that name where the table has none, by the cap’s own id', () => {
    const { caps, malformedCaps } = readCaps([parameter('staging', ' 5.50\n')]);

    expect(malformedCaps).toEqual([]);
    expect(caps).toMatchObject([
      {
        capId: 'staging',
        limitNanoUsd: usd('5.5'),
        window: { kind: 'daily', timeZone: 'UTC' },
        selectors: { keys: ['staging'] },
        action: 'block',
        enabled: true,
      },
    ]);
    expect(caps[0]?.parameter).not.toHaveProperty('table');
  });

  test('that no cap and no key can be meant by refuses nobody, and is told', () => {
    const { caps, malformedCaps } = readCaps([parameter('Team_Red', '5')]);

    expect(caps).toEqual([]);
    expect(malformedCaps).toMatchObject([
      { capId: 'ssm:Team_Red', field: 'name', selectors: { keys: ['Team_Red'] } },
    ]);
  });

  test('leaves a cap that rests at rest, and one that only warns warning', () => {
    const resting = tableCap('a', { enabled: false });
    const warning = tableCap('b', { action: 'warn' });
    const { caps } = readCaps([resting, warning, parameter('a', '1'), parameter('b', '1')]);

    expect(caps).toMatchObject([
      { capId: 'a', enabled: false, limitNanoUsd: usd('1') },
      { capId: 'b', action: 'warn', limitNanoUsd: usd('1') },
    ]);
  });

  test('cannot mend a malformed cap of that name', () => {
    const { caps, malformedCaps } = readCaps([
      tableCap('staging', { window: 'yearly' }),
      parameter('staging', '5'),
    ]);

    expect(caps).toEqual([]);
    expect(malformedCaps).toMatchObject([
      { capId: 'staging', field: 'window', selectors: { teams: ['red'] } },
    ]);
  });

  test.each(['0', '1000000000', '0.000000001', '5e0'])('may be %s', (value) => {
    expect(readCaps([parameter('staging', value)]).caps).toHaveLength(1);
  });
});

describe('the JSON of a cap', () => {
  test('is a cap of its own beside that of the table: both hold', () => {
    const own = cap({ limitUsd: 12.1, window: 'hourly', keys: ['ci'], note: 'by hand' });
    const { caps } = readCaps([tableCap('staging'), parameter('staging', own)]);

    expect(caps).toMatchObject([
      { capId: 'staging', limitNanoUsd: usd('20') },
      {
        capId: 'ssm:staging',
        limitNanoUsd: usd('12.1'),
        window: { kind: 'hourly' },
        selectors: { keys: ['ci'] },
        note: 'by hand',
        parameter: { source: 'parameter /hardcap/caps/staging' },
      },
    ]);
  });

  test('reads amounts by their digits, not as floats', () => {
    const { caps } = readCaps([
      parameter('staging', '{"limitUsd": 900000000.123456789, "window": "daily", "keys": ["a"]}'),
    ]);

    expect(caps).toMatchObject([{ limitNanoUsd: usd('900000000.123456789') }]);
  });

  test.each([
    ['an unknown attribute', { limitUSD: 5, window: 'daily', keys: ['ci'] }, 'limitUSD'],
    ['no window', { limitUsd: 5, keys: ['ci'] }, 'window'],
    ['an id, which the name gives', { id: 'x', limitUsd: 5, window: 'daily', keys: ['ci'] }, 'id'],
    ['a key of the table', { sk: 'all', limitUsd: 5, window: 'daily', keys: ['ci'] }, 'sk'],
    ['another version', { v: 2, limitUsd: 5, window: 'daily', keys: ['ci'] }, 'v'],
    ['a limit below zero', { limitUsd: -5, window: 'daily', keys: ['ci'] }, 'limitUsd'],
  ])('with %s refuses what its selectors select, naming the field', (_name, value, field) => {
    const { caps, malformedCaps } = readCaps([parameter('staging', cap(value))]);

    expect(caps).toEqual([]);
    expect(malformedCaps).toMatchObject([
      { capId: 'ssm:staging', field, selectors: { keys: ['ci'] } },
    ]);
    expect(malformedCaps[0]?.problem).toMatch(/correct the parameter \/hardcap\/caps\/staging/);
  });

  test('with a malformed selector could cover all', () => {
    const { malformedCaps } = readCaps([
      parameter('staging', cap({ limitUsd: 5, window: 'daily', keys: [] })),
    ]);

    expect(malformedCaps).toMatchObject([{ field: 'keys' }]);
    expect(malformedCaps[0]).not.toHaveProperty('selectors');
  });

  test.each([
    ['cut off', '{"limitUsd": 5, "window": "da'],
    ['an amount given twice', '{"limitUsd": 5, "limitUsd": 500, "window": "daily"}'],
    ['nested without end', `{"a":${'['.repeat(8_000)}`],
    ['a prototype', '{"__proto__": {"limitUsd": 5, "window": "daily"}}'],
  ])('that is %s could cover all', (_name, value) => {
    const { caps, malformedCaps } = readCaps([tableCap('staging'), parameter('staging', value)]);

    expect(caps).toMatchObject([{ capId: 'staging' }]);
    expect(malformedCaps).toHaveLength(1);
    expect(malformedCaps[0]).not.toHaveProperty('selectors.keys');
  });
});

describe('text that is neither', () => {
  test.each(['$5', '5 USD', '5,00', '-5', '"5"', '5.', '1000000001', '0.0000000001'])(
    '%s was meant as a limit, and covers what that limit would have covered',
    (value) => {
      const alone = readCaps([parameter('staging', value)]);
      const beside = readCaps([tableCap('staging'), parameter('staging', value)]);

      expect(alone.malformedCaps).toMatchObject([
        { capId: 'ssm:staging', field: 'value', selectors: { keys: ['staging'] } },
      ]);
      expect(alone.malformedCaps[0]?.problem).toContain('correct the parameter');
      expect(beside.malformedCaps).toMatchObject([{ selectors: { teams: ['red'] } }]);
      expect(beside.caps).toMatchObject([{ capId: 'staging', limitNanoUsd: usd('20') }]);
    },
  );

  test.each(['', 'five', 'unlimited', 'file://cap.json', '[5]', 'limitUsd: 5', '$CAP', '​5'])(
    '%j may have been meant as anything, and so covers all',
    (value) => {
      const { malformedCaps } = readCaps([tableCap('staging'), parameter('staging', value)]);

      expect(malformedCaps).toMatchObject([{ capId: 'ssm:staging', field: 'value' }]);
      expect(malformedCaps[0]).not.toHaveProperty('selectors');
    },
  );

  test('is not repeated in what is said of it: it may be what nobody should read', () => {
    const { malformedCaps } = readCaps([parameter('staging', 'swordfish')]);

    expect(JSON.stringify(malformedCaps)).not.toContain('swordfish');
  });
});

describe('a parameter that is no plain one', () => {
  test('of a list is refused as what its text would cover', () => {
    const { caps, malformedCaps } = readCaps([parameter('staging', '5', 'StringList')]);

    expect(caps).toEqual([]);
    expect(malformedCaps).toMatchObject([{ field: 'type', selectors: { keys: ['staging'] } }]);
    expect(malformedCaps[0]?.problem).toContain('make it again with --type String');
  });

  test('that is secure is not read, and could cover all', () => {
    const { malformedCaps } = readCaps([parameter('staging', undefined, 'SecureString')]);

    expect(malformedCaps).toMatchObject([{ capId: 'ssm:staging', field: 'type' }]);
    expect(malformedCaps[0]).not.toHaveProperty('selectors');
  });

  test.each(['team/red', 'a:b', 'a b', 'a'.repeat(65), 'a*'])(
    'named %s is refused by its name, as what a limit was meant for cannot be told',
    (name) => {
      const { caps, malformedCaps } = readCaps([parameter(name, '5')]);

      expect(caps).toEqual([]);
      expect(malformedCaps).toMatchObject([{ capId: `ssm:${name}`, field: 'name' }]);
      expect(malformedCaps[0]).not.toHaveProperty('selectors');
      expect(malformedCaps[0]?.problem).toContain(`remove the parameter /hardcap/caps/${name}`);
    },
  );

  test('named wrongly refuses no more than its JSON says that it covers', () => {
    const own = cap({ limitUsd: 5, window: 'daily', keys: ['ci'] });

    expect(readCaps([parameter('team/red', own)]).malformedCaps).toMatchObject([
      { field: 'name', selectors: { keys: ['ci'] } },
    ]);
  });

  test('larger than SSM allows is refused without being kept', () => {
    const { malformedCaps } = readCaps([parameter('staging', '5'.repeat(8_193))]);

    expect(malformedCaps[0]?.problem).toContain('is larger than 8192 bytes');
  });
});

test('a synced item that was changed by hand is malformed, and says that it will be written anew', () => {
  const { malformedCaps } = readCaps([{ ...parameter('staging', '5'), limitUsd: '500' }]);

  expect(malformedCaps).toMatchObject([{ capId: 'ssm:staging', field: 'limitUsd' }]);
  expect(malformedCaps[0]?.problem).toContain('the sync writes it anew');
});

test('an item of people’s with the attributes of a synced one is a malformed cap', () => {
  const { caps, malformedCaps } = readCaps([{ ...parameter('x', '5'), sk: 'all' }]);

  expect(caps).toEqual([]);
  expect(malformedCaps).toMatchObject([{ capId: 'all' }]);
});
