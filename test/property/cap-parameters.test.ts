/**
 * A parameter never lets through more than was let through without it, whatever it holds.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCaps } from '../../lambda/adapters/settings/cap-items.ts';
import { type SettingItem, settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import {
  applies,
  counterKeyOf,
  dependsOnRequestTag,
  enforces,
  limitAt,
  type Subject,
  selects,
} from '../../lambda/domain/cap.ts';
import { WindowClock } from '../../lambda/domain/window.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 12);
const windows = new WindowClock();

const id = fc.constantFrom('alice', 'team', 'Team_X');
const dollars = fc
  .record({ whole: fc.nat(100), nano: fc.constantFrom('', '.5', '.000000001') })
  .map(({ whole, nano }) => `${whole}${nano}`);
const selectors = fc.record(
  {
    keys: fc.constantFrom(['alice'], ['bob', 'a*'], ['*'], ['*']),
    teams: fc.constantFrom(['red'], ['-']),
    requestTags: fc.constantFrom({ step: ['1'] }),
  },
  { requiredKeys: [] },
);
const capAttributes = fc
  .tuple(
    fc.record(
      {
        limitUsd: dollars,
        window: fc.constantFrom('hourly', 'daily', 'monthly', 'lifetime'),
        action: fc.constantFrom('block', 'clamp', 'warn'),
        splitBy: fc.constantFrom('key', 'team', 'tag:stage', 'request-tag:step'),
        enabled: fc.constantFrom(true, false),
        expiresAt: fc.constantFrom('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
      },
      { requiredKeys: ['limitUsd', 'window'] },
    ),
    selectors,
    fc.option(dollars, { nil: undefined }),
    fc.oneof(
      { weight: 12, arbitrary: fc.constant({}) },
      fc.constantFrom({ limit: 5 }, { window: 'yearly' }),
    ),
  )
  .map(([attributes, selected, raise, fault]) => ({
    ...attributes,
    ...selected,
    ...(raise === undefined ? {} : { raisedLimitUsd: raise, raisedUntil: '2026-06-01T00:00:00Z' }),
    ...fault,
  }));

const value = fc.oneof(
  { weight: 6, arbitrary: dollars },
  { weight: 3, arbitrary: capAttributes.map((attributes) => JSON.stringify(attributes)) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('$5', '{', '{"limitUsd":"5"', '5 USD', '') },
);
const parameterItem = fc
  .record({
    name: fc.oneof({ weight: 5, arbitrary: id }, fc.constantFrom('a/b', 'x:y')),
    type: fc.oneof(
      { weight: 8, arbitrary: fc.constant('String') },
      fc.constantFrom('StringList', 'SecureString'),
    ),
    value,
  })
  .map(({ name, ...rest }) =>
    settingItem('CAP', `ssm:${name}`, { ...rest, source: `parameter /hardcap/caps/${name}` }),
  );
const tableItems = fc
  .uniqueArray(fc.tuple(id, capAttributes), { selector: ([capId]) => capId, maxLength: 4 })
  .map((caps) => caps.map(([capId, attributes]) => settingItem('CAP', capId, attributes)));

const subject: fc.Arbitrary<Subject> = fc
  .record({
    keyId: fc.constantFrom('alice', 'bob', 'carol'),
    team: fc.constantFrom('red', 'blue', undefined),
    stage: fc.constantFrom({}, { stage: 'prod' }),
    step: fc.constantFrom({}, { step: '1' }),
  })
  .map(({ keyId, team, stage, step }) => ({
    keyId,
    ...(team === undefined ? {} : { team }),
    tags: stage,
    requestTags: step,
    vendor: 'amazon',
    modelId: 'amazon.nova-micro-v1:0',
    baseModelId: 'amazon.nova-micro-v1:0',
    profileId: 'amazon.nova-micro-v1:0',
  }));

/** Each counter that a request must have room on, with its limit; undefined: it is refused. */
function bounds(items: readonly SettingItem[], asked: Subject) {
  const { caps, malformedCaps } = readCaps(items);
  const covers = ({ selectors: selected }: (typeof malformedCaps)[number]) =>
    selected === undefined || selects(selected, asked);
  if (malformedCaps.some(covers)) return undefined;
  const holding = caps.filter((cap) => applies(cap, asked, NOW_MS));
  const isCovered = holding.some((cap) => enforces(cap) && !dependsOnRequestTag(cap, asked));
  const limits = new Map(
    holding.map((cap) => {
      const counter = counterKeyOf(cap, asked, windows.at(cap.window, NOW_MS).id);
      const limit = { nanoUsd: limitAt(cap, NOW_MS), isEnforced: enforces(cap) };
      return [`${counter.pk}/${counter.sk}`, limit] as const;
    }),
  );
  expect(limits.size).toBe(holding.length);
  return { isCovered, limits };
}

test('every counter that bounds a request still does, at no higher limit', () => {
  let lowered = 0;
  fc.assert(
    fc.property(tableItems, parameterItem, subject, (table, parameter, asked) => {
      const without = bounds(table, asked);
      const within = bounds([...table, parameter], asked);
      // What was refused as malformed stays so.
      if (without === undefined) expect(within).toBeUndefined();
      if (without === undefined || within === undefined) return;
      // What was covered is covered; only what no cap covered at all may be let in by a new one.
      if (without.isCovered) expect(within.isCovered).toBe(true);
      for (const [counter, { nanoUsd, isEnforced }] of without.limits) {
        const now = within.limits.get(counter);
        expect(now?.isEnforced).toBe(isEnforced);
        expect(now?.nanoUsd ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(nanoUsd);
        if (now !== undefined && now.nanoUsd < nanoUsd) lowered += 1;
      }
    }),
    { numRuns: 3_000 },
  );
  expect(lowered).toBeGreaterThan(5);
});

test('a limit bounds a cap at all times: the lower of the two', () => {
  fc.assert(
    fc.property(
      capAttributes,
      dollars,
      fc.integer({ min: -400, max: 400 }),
      (attributes, usd, day) => {
        const atMs = NOW_MS + day * 86_400_000;
        const item = settingItem('CAP', 'team', attributes);
        const [own] = readCaps([item]).caps;
        const limit = settingItem('CAP', 'ssm:team', { source: 's', type: 'String', value: usd });
        const [both] = readCaps([item, limit]).caps;
        const [alone] = readCaps([
          settingItem('CAP', 'team', { limitUsd: usd, window: 'daily' }),
        ]).caps;
        if (own === undefined || alone === undefined) return;

        const [ownLimit, most] = [limitAt(own, atMs), limitAt(alone, atMs)];

        expect(both && limitAt(both, atMs)).toBe(ownLimit < most ? ownLimit : most);
      },
    ),
  );
});
