/**
 * What setting items mean: each attribute's good and bad values, by table.
 */

import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  parseCap,
  parseKey,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';

const SECRET_SHA256 = 'a1'.repeat(32);

const capItem = (attributes: SettingItem = {}): SettingItem => ({
  pk: 'CAP',
  sk: 'team-a',
  v: NumberValue.from('1'),
  limitUsd: NumberValue.from('12.5'),
  window: 'daily',
  ...attributes,
});

const keyItem = (attributes: SettingItem = {}): SettingItem => ({
  pk: 'KEY',
  sk: 'alice',
  v: 1,
  secretSha256: SECRET_SHA256,
  ...attributes,
});

const priceItem = (attributes: SettingItem = {}): SettingItem => ({
  pk: 'PRICE',
  sk: 'amazon.nova-lite-v1:0',
  v: 1,
  inputUsdPerMillion: NumberValue.from('0.06'),
  outputUsdPerMillion: NumberValue.from('0.24'),
  ...attributes,
});

function readCap(attributes: SettingItem) {
  const cap = parseCap(capItem(attributes));
  if (isMalformed(cap)) throw new Error(`malformed: ${cap.field} ${cap.problem}`);
  return cap;
}

describe('a cap item', () => {
  test('reads its defaults where it says only limit and window', () => {
    const cap = parseCap(capItem());

    expect(cap).toEqual({
      capId: 'team-a',
      limitNanoUsd: 12_500_000_000n,
      window: { kind: 'daily', timeZone: 'UTC', weekStart: 'monday' },
      selectors: {},
      action: 'block',
      streaming: 'full',
      alertPercents: [50, 80, 100],
      enabled: true,
    });
  });

  test('reads every attribute', () => {
    const cap = parseCap(
      capItem({
        window: 'weekly',
        timeZone: 'Europe/Paris',
        weekStart: 'sunday',
        keys: ['alice', 'b*'],
        teams: new Set(['red']),
        vendors: ['anthropic'],
        models: ['*haiku*'],
        tags: { stage: ['prod'] },
        splitBy: 'tag:project',
        action: 'warn',
        streaming: 'progressive',
        raisedLimitUsd: '20',
        raisedUntil: '2026-12-01T00:00:00+01:00',
        alertPercents: new Set([NumberValue.from('90')]),
        defaultMaxTokens: NumberValue.from('1024'),
        enabled: false,
        expiresAt: NumberValue.from('1800000000'),
        note: 'for the demo',
        history: [{ at: 'then' }],
        'x-owner': 'us',
      }),
    );

    expect(cap).toEqual({
      capId: 'team-a',
      limitNanoUsd: 12_500_000_000n,
      window: { kind: 'weekly', timeZone: 'Europe/Paris', weekStart: 'sunday' },
      selectors: {
        keys: ['alice', 'b*'],
        teams: ['red'],
        vendors: ['anthropic'],
        models: ['*haiku*'],
        tags: { stage: ['prod'] },
      },
      splitBy: 'tag:project',
      action: 'warn',
      streaming: 'progressive',
      raised: { limitNanoUsd: 20_000_000_000n, untilMs: Date.UTC(2026, 10, 30, 23) },
      alertPercents: [90],
      defaultMaxTokens: 1024,
      enabled: false,
      expiresAtMs: 1_800_000_000_000,
      note: 'for the demo',
    });
  });

  test.each([
    ['a number of DynamoDB', NumberValue.from('0.000000001'), 1n],
    ['scientific notation', NumberValue.from('1E-9'), 1n],
    ['decimal text', '7.25', 7_250_000_000n],
    ['a number of a JSON file', 0.1, 100_000_000n],
    ['zero, which blocks all', '0', 0n],
    ['the largest amount', '1000000000', 1_000_000_000_000_000_000n],
  ])('reads a limit written as %s', (_name, limitUsd, nanoUsd) => {
    expect(readCap({ limitUsd }).limitNanoUsd).toBe(nanoUsd);
  });

  test.each<[string, SettingItem, string]>([
    ['no version', { v: undefined }, 'v'],
    ['a version from the future', { v: NumberValue.from('2') }, 'v'],
    ['no limit', { limitUsd: undefined }, 'limitUsd'],
    ['a negative limit', { limitUsd: NumberValue.from('-1') }, 'limitUsd'],
    ['a limit finer than a nano-dollar', { limitUsd: NumberValue.from('1E-10') }, 'limitUsd'],
    ['a limit that is a typing error', { limitUsd: '1000000000.01' }, 'limitUsd'],
    ['a limit with a currency sign', { limitUsd: '$5' }, 'limitUsd'],
    ['a limit with spaces', { limitUsd: ' 5' }, 'limitUsd'],
    ['an empty limit', { limitUsd: '' }, 'limitUsd'],
    ['a limit that is null', { limitUsd: null }, 'limitUsd'],
    ['a limit that is true', { limitUsd: true }, 'limitUsd'],
    ['a limit that is a list', { limitUsd: ['5'] }, 'limitUsd'],
    ['a limit that is not a number', { limitUsd: Number.NaN }, 'limitUsd'],
    ['an unknown window', { window: 'yearly' }, 'window'],
    ['a window in another case', { window: 'Daily' }, 'window'],
    ['no window', { window: undefined }, 'window'],
    ['an unknown time zone', { timeZone: 'Mars/Base' }, 'timeZone'],
    ['an empty time zone', { timeZone: '' }, 'timeZone'],
    ['an unknown day', { weekStart: 'Mon' }, 'weekStart'],
    ['selectors as text', { keys: 'alice' }, 'keys'],
    ['an empty selector list', { teams: [] }, 'teams'],
    ['an empty selector set', { vendors: new Set() }, 'vendors'],
    ['an empty pattern', { models: ['*haiku*', ''] }, 'models.1'],
    ['a pattern with a line break', { models: ['a\nb'] }, 'models.0'],
    ['tags that name none', { tags: {} }, 'tags'],
    ['a tag without patterns', { tags: { stage: [] } }, 'tags.stage'],
    ['a tag with text for a list', { tags: { stage: 'prod' } }, 'tags.stage'],
    ['a tag name with a hash', { tags: { 'a#b': ['x'] } }, 'tags.a#b'],
    ['an unknown split', { splitBy: 'user' }, 'splitBy'],
    ['a split by no tag', { splitBy: 'tag:' }, 'splitBy'],
    ['an unknown action', { action: 'deny' }, 'action'],
    ['an unknown streaming', { streaming: 'half' }, 'streaming'],
    ['a raise without its end', { raisedLimitUsd: 9 }, 'raisedUntil'],
    ['an end without its raise', { raisedUntil: 1_800_000_000 }, 'raisedLimitUsd'],
    ['an end in milliseconds', { raisedLimitUsd: 9, raisedUntil: 1.8e12 }, 'raisedUntil'],
    [
      'an end without offset',
      { raisedLimitUsd: 9, raisedUntil: '2026-12-01T00:00:00' },
      'raisedUntil',
    ],
    ['a day that is none', { expiresAt: '2026-02-30T00:00:00Z' }, 'expiresAt'],
    ['a date without time', { expiresAt: '2026-12-31' }, 'expiresAt'],
    ['an alert at 0 percent', { alertPercents: [0] }, 'alertPercents.0'],
    ['an alert that is no list', { alertPercents: 80 }, 'alertPercents'],
    ['no tokens at all', { defaultMaxTokens: 0 }, 'defaultMaxTokens'],
    ['half a token', { defaultMaxTokens: 0.5 }, 'defaultMaxTokens'],
    ['enabled as text', { enabled: 'false' }, 'enabled'],
    ['an attribute that is not known', { limitUSD: 5 }, 'limitUSD'],
    ['an attribute of another item', { team: 'red' }, 'team'],
    ['a cap id with a hash', { sk: 'a#b' }, 'sk'],
    ['a cap id of 65 characters', { sk: 'a'.repeat(65) }, 'sk'],
    ['no cap id', { sk: '' }, 'sk'],
  ])('is malformed with %s', (_name, attributes, field) => {
    const cap = parseCap(capItem(attributes));

    expect(cap).toMatchObject({ field, problem: expect.stringMatching(/\w/) });
  });

  test('reads a cap that the sync wrote, under its own id', () => {
    expect(readCap({ sk: 'ssm:team-a' }).capId).toBe('ssm:team-a');
  });

  test('keeps its selectors when another attribute is malformed, so that it refuses only those', () => {
    const cap = parseCap(capItem({ limitUsd: 'lots', keys: ['alice'] }));

    expect(cap).toMatchObject({ field: 'limitUsd', selectors: { keys: ['alice'] } });
  });

  test('could cover all when a selector is malformed', () => {
    const cap = parseCap(capItem({ keys: ['alice'], teams: [] }));

    expect(cap).not.toHaveProperty('selectors');
  });

  test('says what is missing, what it should be and what it is', () => {
    expect(parseCap(capItem({ window: undefined }))).toMatchObject({
      problem: 'is missing; it must be one of hourly, daily, weekly, monthly, lifetime',
    });
    expect(parseCap(capItem({ enabled: 'no' }))).toMatchObject({
      problem: 'must be a boolean, true or false (not text); it is "no"',
    });
  });

  test('does not let a name of the prototype pass unseen', () => {
    const hidden = JSON.parse('{"__proto__": ["a"], "stage": ["prod"]}');

    expect(parseCap(capItem({ tags: hidden }))).toMatchObject({ field: 'tags.(__proto__)' });
    const item: SettingItem = { ...JSON.parse('{"__proto__": 1}'), ...capItem() };
    expect(parseCap(item)).toMatchObject({ field: '__proto__' });
  });
});

describe('a key item', () => {
  test('reads its defaults where it says only the hash', () => {
    expect(parseKey(keyItem())).toEqual({
      keyId: 'alice',
      secretSha256: SECRET_SHA256,
      enabled: true,
      tags: {},
    });
  });

  test('reads every attribute', () => {
    const key = parseKey(
      keyItem({
        secretSha256: SECRET_SHA256.toUpperCase(),
        previousSha256: 'A'.repeat(64),
        previousUntil: '2026-12-01T00:00:00Z',
        enabled: false,
        team: 'red',
        tags: { stage: 'prod' },
        models: new Set(['*haiku*']),
        maxRequestUsd: '0.5',
        defaultMaxTokens: 500,
        expiresAt: '2027-01-01T00:00:00Z',
        note: 'n',
        history: [],
      }),
    );

    expect(key).toEqual({
      keyId: 'alice',
      secretSha256: SECRET_SHA256,
      previous: { secretSha256: 'a'.repeat(64), untilMs: Date.UTC(2026, 11, 1) },
      enabled: false,
      team: 'red',
      tags: { stage: 'prod' },
      models: ['*haiku*'],
      maxRequestNanoUsd: 500_000_000n,
      defaultMaxTokens: 500,
      expiresAtMs: Date.UTC(2027, 0, 1),
    });
  });

  test.each<[string, SettingItem, string]>([
    ['no hash', { secretSha256: undefined }, 'secretSha256'],
    ['a hash that is cut', { secretSha256: 'a'.repeat(63) }, 'secretSha256'],
    ['an old hash without end', { previousSha256: 'a'.repeat(64) }, 'previousUntil'],
    ['an end without old hash', { previousUntil: '2026-12-01T00:00:00Z' }, 'previousSha256'],
    ['an empty allow-list', { models: [] }, 'models'],
    ['an empty team', { team: '' }, 'team'],
    ['a tag that is a list', { tags: { stage: ['prod'] } }, 'tags.stage'],
    ['enabled as a number', { enabled: 1 }, 'enabled'],
    ['a limit of another item', { limitUsd: 5 }, 'limitUsd'],
    ['an id in capitals', { sk: 'Alice' }, 'sk'],
  ])('is malformed with %s', (_name, attributes, field) => {
    expect(parseKey(keyItem(attributes))).toMatchObject({ field });
  });

  test('never shows what stands in place of the hash, which may be the key itself', () => {
    const keys = [
      parseKey(keyItem({ secretSha256: 'hc_alice_secret' })),
      parseKey(keyItem({ previousSha256: 'hc_alice_secret', previousUntil: 1 })),
    ];

    expect(keys).toMatchObject([{ field: 'secretSha256' }, { field: 'previousSha256' }]);
    expect(JSON.stringify(keys)).not.toContain('hc_alice_secret');
  });
});

describe('a price item', () => {
  test('reads dollars per million tokens as whole nano-dollars', () => {
    expect(parsePrice(priceItem({ cacheReadUsdPerMillion: 0.015 }))).toMatchObject({
      modelId: 'amazon.nova-lite-v1:0',
      tokens: {
        inputNanoUsdPerMillion: 60_000_000n,
        outputNanoUsdPerMillion: 240_000_000n,
        cacheReadNanoUsdPerMillion: 15_000_000n,
      },
    });
  });

  test('reads the prices of long requests', () => {
    const longContext = {
      thresholdTokens: 200_000,
      inputUsdPerMillion: 6,
      outputUsdPerMillion: 22,
    };

    expect(parsePrice(priceItem({ longContext }))).toMatchObject({
      longContext: {
        thresholdTokens: 200_000,
        tokens: {
          inputNanoUsdPerMillion: 6_000_000_000n,
          outputNanoUsdPerMillion: 22_000_000_000n,
        },
      },
    });
  });

  test('has a version that changes with a price and not with a note', () => {
    const version = (attributes: SettingItem) => {
      const price = parsePrice(priceItem(attributes));
      return isMalformed(price) ? undefined : price.version;
    };

    expect(version({})).toMatch(/^operator-[0-9a-f]{12}$/);
    expect(version({ note: 'from the offer file' })).toBe(version({}));
    expect(version({ outputUsdPerMillion: '0.25' })).not.toBe(version({}));
  });

  test('names a refreshed price as one', () => {
    expect(parsePrice(priceItem({ sk: 'auto:amazon.nova-lite-v1:0' }))).toMatchObject({
      modelId: 'amazon.nova-lite-v1:0',
      version: expect.stringMatching(/^auto-/),
    });
  });

  test('needs no lines where the model is free', () => {
    const free = { sk: 'a.b', v: 1, free: true };

    expect(parsePrice(free)).toMatchObject({ free: true });
    expect(parsePrice({ ...free, inputUsdPerMillion: 3 })).toMatchObject({
      field: 'inputUsdPerMillion',
    });
  });

  test.each<[string, SettingItem, string]>([
    ['no output price', { outputUsdPerMillion: undefined }, 'outputUsdPerMillion'],
    ['a price of zero without free', { inputUsdPerMillion: 0 }, 'inputUsdPerMillion'],
    ['a negative price', { cacheReadUsdPerMillion: -1 }, 'cacheReadUsdPerMillion'],
    ['free as text', { free: 'true' }, 'free'],
    ['a long context without its threshold', { longContext: {} }, 'longContext.thresholdTokens'],
    ['a line that is not known', { imageUsd: 1 }, 'imageUsd'],
    ['no model id', { sk: 'auto:' }, 'sk'],
  ])('is malformed with %s', (_name, attributes, field) => {
    expect(parsePrice(priceItem(attributes))).toMatchObject({ field });
  });
});

test('a setting to store has its key and the version, whatever its attributes say', () => {
  expect(settingItem('CAP', 'a', { pk: 'KEY', limitUsd: '1', v: 7 })).toEqual({
    pk: 'CAP',
    sk: 'a',
    v: 1,
    limitUsd: '1',
  });
});
