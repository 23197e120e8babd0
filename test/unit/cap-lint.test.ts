/**
 * What `hardcap cap lint` finds, and what it leaves alone.
 */
import { describe, expect, it } from 'vitest';
import type { CallerKey, Cap } from '../../lambda/domain/cap.ts';
import { type LintInput, lintCaps } from '../../lambda/domain/cap-lint.ts';
import { lintKeys } from '../../lambda/domain/key-lint.ts';
import { knownModels } from '../../lambda/domain/known-models.ts';
import { cap, usd, windowRule } from '../helpers/builders.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const models = knownModels(new Map());

const key = (rest: Partial<CallerKey> = {}): CallerKey => ({
  keyId: 'alice',
  secretSha256: '0'.repeat(64),
  enabled: true,
  tags: {},
  ...rest,
});

const input = (caps: readonly Cap[], rest: Partial<LintInput> = {}): LintInput => ({
  caps,
  malformedCaps: [],
  keys: [key()],
  models,
  nowMs: NOW_MS,
  ...rest,
});

const rulesOf = (...caps: readonly Cap[]) =>
  lintCaps(input(caps)).map(({ capId, rule }) => `${capId} ${rule}`);

describe('lintCaps', () => {
  it('finds nothing in an ordinary cap', () => {
    expect(rulesOf(cap({ capId: 'a', alertPercents: [50, 100] }))).toEqual([]);
  });

  it.each<[string, Partial<Cap>]>([
    ['matches-no-key', { selectors: { keys: ['bob'] } }],
    ['matches-no-key', { selectors: { teams: ['red'] } }],
    ['matches-no-model', { selectors: { models: ['anthropic.claude-opus-4.1*'] } }],
    ['matches-no-model', { selectors: { vendors: ['antropic'] } }],
    ['zero-limit', { limitNanoUsd: usd('0') }],
    ['disabled', { enabled: false, limitNanoUsd: usd('0') }],
    ['expired', { expiresAtMs: NOW_MS }],
    ['raise-ended', { raised: { limitNanoUsd: usd('20'), untilMs: NOW_MS } }],
    ['raise-changes-nothing', { raised: { limitNanoUsd: usd('10'), untilMs: NOW_MS + 1 } }],
    ['alert-cannot-fire', { alertPercents: [80, 120] }],
    ['warns-nobody', { action: 'warn' }],
    ['default-above-maximum', { defaultMaxTokens: 9_000_000 }],
    ['split-without-effect', { splitBy: 'key', selectors: { keys: ['alice'] } }],
    ['split-without-effect', { splitBy: 'vendor', selectors: { vendors: ['amazon'] } }],
    [
      'in-both-places',
      {
        parameter: {
          source: 'parameter /p',
          limitNanoUsd: usd('3'),
          table: { limitNanoUsd: usd('10') },
        },
      },
    ],
  ])('finds %s', (rule, rest) => {
    expect(rulesOf(cap({ capId: 'a', ...rest }))).toEqual([`a ${rule}`]);
  });

  it.each<[string, Partial<Cap>]>([
    ['alerts above 100 % of a cap that only warns', { action: 'warn', alertPercents: [150] }],
    ['a model of the account', { selectors: { models: ['arn:aws:bedrock:*:*:custom-model/x'] } }],
    ['a split of a pattern', { splitBy: 'key', selectors: { keys: ['al*'] } }],
    ['a raise that lasts', { raised: { limitNanoUsd: usd('20'), untilMs: NOW_MS + 1 } }],
  ])('leaves alone %s', (_name, rest) => {
    expect(rulesOf(cap({ capId: 'a', ...rest }))).toEqual([]);
  });

  const wide = cap({ capId: 'wide', limitNanoUsd: usd('5') });
  const narrow = cap({ capId: 'narrow', selectors: { keys: ['al*'] } });

  it('finds a cap that a wider one with a lower limit makes useless', () => {
    expect(rulesOf(wide, narrow)).toEqual(['narrow shadowed']);
  });

  it('finds one of two equal caps', () => {
    expect(rulesOf(cap({ capId: 'b' }), cap({ capId: 'a' }))).toEqual(['b shadowed']);
  });

  it.each<[string, Partial<Cap>]>([
    ['has a higher limit', { limitNanoUsd: usd('11') }],
    ['is raised', { raised: { limitNanoUsd: usd('11'), untilMs: NOW_MS + 1 } }],
    ['only warns', { action: 'warn', alertPercents: [50] }],
    ['is progressive', { streaming: 'progressive' }],
    ['ends before', { expiresAtMs: NOW_MS + 1 }],
    ['has another window', { window: windowRule('monthly') }],
    ['has another zone', { window: windowRule('daily', { timeZone: 'Europe/Paris' }) }],
    ['counts each apart', { splitBy: 'key' }],
    ['covers less', { selectors: { keys: ['ali?e'] } }],
  ])('leaves a cap alone where the other %s', (_name, rest) => {
    expect(rulesOf({ ...wide, ...rest }, narrow)).not.toContain('narrow shadowed');
  });
});

describe('lintKeys', () => {
  const found = (caps: readonly Cap[], keys = [key()]) =>
    lintKeys(input(caps, { keys })).map(({ keyId, rule, level }) => `${level} ${keyId} ${rule}`);

  it('finds a key that no cap in force covers, as its requests are refused', () => {
    const uncovered = ['error alice key-uncovered'];

    expect(found([])).toEqual(uncovered);
    expect(found([cap({ enabled: false })])).toEqual(uncovered);
    expect(found([cap({ action: 'warn' })])).toEqual(uncovered);
    expect(found([cap({ selectors: { requestTags: { run: ['*'] } } })])).toEqual(uncovered);
    expect(found([cap({ splitBy: 'tag:run' })])).toEqual(uncovered);
  });

  it('finds a key whose caps cover some of its models', () => {
    const caps = [cap({ selectors: { models: ['*haiku*'] } })];

    expect(found(caps)).toEqual(['warning alice key-partly-uncovered']);
    expect(found(caps, [key({ models: ['*haiku*'] })])).toEqual([]);
  });

  it('leaves a disabled key alone', () => {
    expect(found([], [key({ enabled: false })])).toEqual([]);
  });
});
