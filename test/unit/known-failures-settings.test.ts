/**
 * Settings that other gateways stored, showed and never enforced: each test carries its number in
 * docs/known-failures.md.
 */
import { describe, expect, it } from 'vitest';
import { parseCap, parseKey, settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { decide } from '../../lambda/application/admission.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import type { Cap, MalformedCap } from '../../lambda/domain/cap.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { WindowClock } from '../../lambda/domain/window.ts';
import { usd } from '../helpers/builders.ts';
import { callerKey, HAIKU, jsonBytes, settingsTable } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const isMalformed = (read: Cap | MalformedCap): read is MalformedCap => 'problem' in read;

/** Caps as people store them, read and decided upon as the gateway does it. */
function decideBy(
  items: readonly (readonly [string, Readonly<Record<string, unknown>>])[],
  choices: { readonly modelId?: string; readonly key?: Parameters<typeof callerKey>[0] } = {},
) {
  const read = items.map(([id, attributes]) => parseCap(settingItem('CAP', id, attributes)));
  const key = callerKey(choices.key);
  const view = {
    ...settingsTable({ key, prices: new Map() }),
    caps: read.filter((one): one is Cap => !isMalformed(one)),
    malformedCaps: read.filter(isMalformed),
    readAtMs: NOON_MS,
  };
  const body = { messages: [{ role: 'user', content: [{ text: 'hello' }] }] };
  const asked = {
    operation: 'converse',
    modelId: choices.modelId ?? HAIKU,
    region: 'us-east-1',
    body: parseBody(jsonBytes(body)),
    headers: {},
  } as const;
  const rules = {
    allowUncovered: false,
    maxTagCounters: 1_000,
    allowFields: new Set<string>(),
    windows: new WindowClock(),
  };
  return decide(view, key, asked, rules, NOON_MS);
}

const chargedBy = (...parameters: Parameters<typeof decideBy>): string[] =>
  decideBy(...parameters).charges.map(
    ({ counter, limitNanoUsd, enforced }) =>
      `${counter.pk} ${formatUsd(limitNanoUsd)}${enforced ? '' : ' (warns)'}`,
  );

function codeOf(...parameters: Parameters<typeof decideBy>): string {
  try {
    decideBy(...parameters);
    return 'admitted';
  } catch (error) {
    if (error instanceof HardcapError) return error.code;
    throw error;
  }
}

const DAILY = { limitUsd: '5', window: 'daily' } as const;

describe('a cap that is stored', () => {
  it('T29 is the cap that is enforced, attribute by attribute', () => {
    const [charge] = decideBy([
      ['team', { ...DAILY, timeZone: 'Europe/Paris', keys: ['ci'], splitBy: 'key' }],
    ]).charges;

    expect(charge).toMatchObject({
      counter: { pk: 'COUNTER#team#ci', sk: 'daily:2026-03-02T00+01:00@Europe/Paris' },
      limitNanoUsd: usd('5'),
      enforced: true,
    });
  });

  it.each([
    ['an attribute by another name', { ...DAILY, limit: '5' }],
    ['a limit by another name', { dailyLimitUsd: '5', window: 'daily' }],
    ['a window by another name', { limitUsd: '5', period: 'daily' }],
    ['a selector by another name', { ...DAILY, model: '*haiku*' }],
    ['a limit that is no number', { limitUsd: 'five', window: 'daily' }],
    ['enabled in words', { ...DAILY, enabled: 'yes' }],
  ])('T29 refuses what it could cover where it has %s', (_, attributes) => {
    expect(
      codeOf([
        ['team', attributes],
        ['all', DAILY],
      ]),
    ).toBe('settings_malformed');
  });

  it('T29 is missed where it is missing: no cap is no leave to spend', () => {
    expect(codeOf([])).toBe('no_cap_applies');
  });

  it('T30 that names a model wrongly leaves that model without leave, not without a limit', () => {
    expect(codeOf([['haiku', { ...DAILY, models: ['claude-haiku-4.5'] }]])).toBe('no_cap_applies');
  });

  it('T30 covers a model by its bare id and by its profile alike', () => {
    const bare = 'anthropic.claude-haiku-4-5-20251001-v1:0';
    for (const models of [[bare], [HAIKU], ['*haiku*']]) {
      expect(chargedBy([['haiku', { ...DAILY, models }]])).toEqual(['COUNTER#haiku 5.00']);
    }
  });
});

describe('caps that apply together', () => {
  const user = ['user', { ...DAILY, keys: ['ci'] }] as const;
  const team = ['team', { ...DAILY, teams: ['blue'], limitUsd: '100' }] as const;
  const model = [
    'model',
    { ...DAILY, models: ['*haiku*'], splitBy: 'model', limitUsd: '0' },
  ] as const;
  const warn = ['a-warn', { ...DAILY, action: 'warn', limitUsd: '1' }] as const;
  const off = ['b-off', { ...DAILY, enabled: false, limitUsd: '1' }] as const;
  const blue = { key: { team: 'blue' } };

  it('T31 all hold: a team’s does not take the place of its member’s', () => {
    const charged = ['COUNTER#team 100.00', 'COUNTER#user 5.00'];

    expect(chargedBy([user, team], blue)).toEqual(charged);
    expect(chargedBy([team, user], blue)).toEqual(charged);
  });

  it('T32 are all looked at, whatever comes before them', () => {
    for (const items of [
      [off, warn, user, team],
      [team, user, warn, off],
    ]) {
      expect(chargedBy(items, blue)).toEqual([
        'COUNTER#a-warn 1.00 (warns)',
        'COUNTER#team 100.00',
        'COUNTER#user 5.00',
      ]);
    }
  });

  it('T33 hold for each model, and a limit of zero is a limit', () => {
    const id = 'anthropic.claude-haiku-4-5-20251001-v1:0';

    expect(chargedBy([user, model])).toEqual([`COUNTER#model#${id} 0.00`, 'COUNTER#user 5.00']);
  });
});

describe('a key that is stored', () => {
  it.each([
    ['a misspelt allow-list', { model: ['*haiku*'] }],
    ['an allow-list that is no list', { models: '*haiku*' }],
    ['a misspelt largest request', { maxRequestUSD: '1' }],
    ['an expiry that is no time', { expiresAt: 'tomorrow' }],
    ['disabled in words', { enabled: 'no' }],
  ])('T29 is refused where it has %s, which would leave it unbounded', (_, attributes) => {
    const item = settingItem('KEY', 'ci', { secretSha256: hashKey('any'), ...attributes });

    expect(parseKey(item)).toHaveProperty('problem');
  });
});
