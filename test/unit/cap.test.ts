/**
 * Caps by example: whom they select, what their limit is now, on which counter a request counts.
 */
import { describe, expect, it } from 'vitest';
import {
  allowsModel,
  applies,
  type CallerKey,
  type Cap,
  counterKeyOf,
  dependsOnRequestTag,
  enforces,
  globMatches,
  limitAt,
  type SplitBy,
  type Subject,
  selects,
} from '../../lambda/domain/cap.ts';
import { cap, subject, usd } from '../helpers/builders.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

describe('a glob', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything at all', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['anthropic.*', 'anthropic.claude', true],
    ['anthropic.*', 'us.anthropic.claude', false],
    ['*haiku*', 'us.anthropic.claude-haiku-4-5', true],
    ['*a*b*c', 'xxaxxbxxbxc', true],
    ['*a*b*c', 'xxaxxbxxbx', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
    ['A', 'a', false],
    ['a*', 'a*', true],
    ['*', '*a', true],
    ['?', '*', true],
  ])('"%s" on "%s" matches: %s', (glob, text, matches) => {
    expect(globMatches(glob, text)).toBe(matches);
  });

  it('answers at once though many stars could match in many ways', () => {
    const started = performance.now();

    expect(globMatches(`${'*a'.repeat(50)}b`, 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('selectors', () => {
  it('select every request where there are none', () => {
    expect(selects({}, subject())).toBe(true);
  });

  it.each([
    [{ keys: ['c*'] }, true],
    [{ keys: ['x', 'ci'] }, true],
    [{ keys: ['x'] }, false],
    [{ keys: [] }, false],
    [{ teams: ['payments'] }, true],
    [{ teams: ['-'] }, false],
    [{ vendors: ['anthropic'] }, true],
    [{ vendors: ['amazon'] }, false],
    [{ models: ['us.anthropic.*'] }, true],
    [{ models: ['anthropic.claude-haiku-*'] }, true],
    [{ models: ['eu.*'] }, false],
    [{ tags: { stage: ['prod'] } }, true],
    [{ tags: { stage: ['prod'], app: ['-'] } }, true],
    [{ tags: { stage: ['prod'], app: ['web'] } }, false],
    [{ keys: ['ci'], vendors: ['amazon'] }, false],
  ])('%j select the request: %s', (selectors, selected) => {
    const request = subject({ team: 'payments', tags: { stage: 'prod' } });

    expect(selects(selectors, request)).toBe(selected);
  });

  it('name a profile in one spelling, though its ARN is called', () => {
    const byArn = subject({
      modelId:
        'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0',
    });

    expect(selects({ models: ['us.*'] }, byArn)).toBe(true);
    expect(selects({ models: ['arn:aws:*'] }, byArn)).toBe(true);
    expect(selects({ models: ['eu.*'] }, byArn)).toBe(false);
  });

  it('see a request without a team or tag as the shared value "-"', () => {
    expect(selects({ teams: ['-'] }, subject())).toBe(true);
    expect(selects({ tags: { stage: ['-'] } }, subject())).toBe(true);
  });

  it('see no tag that the key does not have, whatever every object inherits', () => {
    expect(selects({ tags: { constructor: ['-'] } }, subject())).toBe(true);
  });
});

describe('a cap', () => {
  it('applies while it is enabled, not expired, and selects the request', () => {
    const expiring = cap({ expiresAtMs: NOON_MS });

    expect(applies(cap(), subject(), NOON_MS)).toBe(true);
    expect(applies(cap({ enabled: false }), subject(), NOON_MS)).toBe(false);
    expect(applies(cap({ selectors: { keys: ['x'] } }), subject(), NOON_MS)).toBe(false);
    expect(applies(expiring, subject(), NOON_MS - 1)).toBe(true);
    expect(applies(expiring, subject(), NOON_MS)).toBe(false);
  });

  it('enforces unless it only warns', () => {
    const actions = ['block', 'clamp', 'warn'] as const;

    expect(actions.map((action) => enforces(cap({ action })))).toEqual([true, true, false]);
  });

  it('has its raised limit while the raise lasts, and only if it is higher', () => {
    const raised = cap({ raised: { limitNanoUsd: usd('20'), untilMs: NOON_MS } });
    const lowered = cap({ raised: { limitNanoUsd: usd('5'), untilMs: NOON_MS } });

    expect(limitAt(cap(), NOON_MS)).toBe(usd('10'));
    expect(limitAt(raised, NOON_MS - 1)).toBe(usd('20'));
    expect(limitAt(raised, NOON_MS)).toBe(usd('10'));
    expect(limitAt(lowered, NOON_MS - 1)).toBe(usd('10'));
  });
});

describe('a key', () => {
  const key: CallerKey = { keyId: 'ci', secretSha256: '', enabled: true, tags: {} };

  it('may use the models that its list names, by either id, and all where it has none', () => {
    expect(allowsModel(key, subject())).toBe(true);
    expect(allowsModel({ ...key, models: ['anthropic.*'] }, subject())).toBe(true);
    expect(allowsModel({ ...key, models: ['us.anthropic.*'] }, subject())).toBe(true);
    expect(allowsModel({ ...key, models: ['amazon.*', 'eu.*'] }, subject())).toBe(false);
    expect(allowsModel({ ...key, models: [] }, subject())).toBe(false);
  });

  it('may use a profile that its list names, by its ARN too', () => {
    const byArn = subject({ modelId: 'arn:aws:bedrock:us-east-1::inference-profile/us.x' });

    expect(allowsModel({ ...key, models: ['us.anthropic.*'] }, byArn)).toBe(true);
    expect(allowsModel({ ...key, models: ['global.*'] }, byArn)).toBe(false);
  });
});

describe('a counter', () => {
  it('is one for all requests of an undivided cap', () => {
    expect(counterKeyOf(cap(), subject(), 'lifetime')).toEqual({
      pk: 'COUNTER#team-budget',
      sk: 'lifetime',
    });
  });

  it.each<[SplitBy, string]>([
    ['key', 'ci'],
    ['team', 'payments'],
    ['vendor', 'anthropic'],
    ['model', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
    ['tag:stage', 'prod'],
    ['tag:app', '-'],
    ['tag:toString', '-'],
  ])('is one for each %s of a cap that is split by it', (splitBy, value) => {
    const request = subject({ team: 'payments', tags: { stage: 'prod' } });

    const { pk } = counterKeyOf(cap({ splitBy }), request, 'lifetime');

    expect(pk).toBe(`COUNTER#team-budget#${value}`);
  });

  it.each([
    ['a#b', 'a%23b'],
    ['50%', '50%25'],
    ['a\u0000\n\u007f\u0085', 'a%00%0a%7f%85'],
    ['café 🦔', 'café 🦔'],
    ['\ud83e', '%ud83e'],
  ])('writes the value %j so that it cannot be another counter: %s', (stage, written) => {
    const request = subject({ tags: { stage } });

    const { pk } = counterKeyOf(cap({ splitBy: 'tag:stage' }), request, 'lifetime');

    expect(pk).toBe(`COUNTER#team-budget#${written}`);
  });

  it('shortens a value that no key could hold, and keeps its beginning readable', () => {
    const request = subject({ tags: { stage: 'x'.repeat(5_000) } });

    const { pk } = counterKeyOf(cap({ splitBy: 'tag:stage' }), request, 'lifetime');

    expect(pk).toMatch(/^COUNTER#team-budget#x{64}%~[0-9a-f]{64}$/);
  });
});

describe('tags of the request', () => {
  const asked = (requestTags: Record<string, string>, tags: Record<string, string> = {}) =>
    subject({ requestTags, tags });
  const pkOf = (splitBy: SplitBy, of: Subject) =>
    counterKeyOf(cap({ splitBy }), of, 'lifetime').pk.replace('COUNTER#team-budget', '');

  it('are selected by a selector of their own, never by that of the key’s tags', () => {
    const byKey = { tags: { stage: ['prod'] } };
    const byRequest = { requestTags: { stage: ['prod'] } };

    expect(selects(byKey, asked({ stage: 'prod' }))).toBe(false);
    expect(selects(byRequest, asked({}, { stage: 'prod' }))).toBe(false);
    expect(selects(byRequest, asked({ stage: 'prod' }))).toBe(true);
    expect(selects({ requestTags: { stage: ['-'] } }, asked({}))).toBe(true);
  });

  it.each<[SplitBy, string, string, string, string]>([
    // neither, the key's alone, the request's alone, both
    ['tag:run', '#-', '#key', '##word', '#key'],
    ['key-tag:run', '#-', '#key', '#-', '#key'],
    ['request-tag:run', '#-', '#-', '##word', '##word'],
  ])('%s names counters that no tag of a key can name', (splitBy, none, key, request, both) => {
    expect(pkOf(splitBy, asked({}))).toBe(none);
    expect(pkOf(splitBy, asked({}, { run: 'key' }))).toBe(key);
    expect(pkOf(splitBy, asked({ run: 'word' }))).toBe(request);
    expect(pkOf(splitBy, asked({ run: 'word' }, { run: 'key' }))).toBe(both);
    expect(pkOf(splitBy, asked({ run: '-' }))).toBe('#-');
    expect(pkOf(splitBy, asked({}, { run: '#word' }))).not.toBe('##word');
  });

  it('decide whether a cap can be dodged', () => {
    const dodged = (rest: Partial<Cap>, of = asked({})) => dependsOnRequestTag(cap(rest), of);

    expect(dodged({ splitBy: 'tag:run' })).toBe(true);
    expect(dodged({ splitBy: 'tag:run' }, asked({}, { run: 'key' }))).toBe(false);
    expect(dodged({ splitBy: 'request-tag:run' }, asked({}, { run: 'key' }))).toBe(true);
    expect(dodged({ splitBy: 'key-tag:run' })).toBe(false);
    expect(dodged({ selectors: { requestTags: { run: ['*'] } } })).toBe(true);
    expect(dodged({ splitBy: 'key' })).toBe(false);
  });
});
