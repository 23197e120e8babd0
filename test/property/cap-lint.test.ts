/**
 * Whatever the caps and keys are: lint never throws, and a shadowed cap is really not needed.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CallerKey, type Cap, limitAt, selects } from '../../lambda/domain/cap.ts';
import { globCovers } from '../../lambda/domain/cap-cover.ts';
import { lintCaps } from '../../lambda/domain/cap-lint.ts';
import { lintKeys } from '../../lambda/domain/key-lint.ts';
import { nanoUsd } from '../../lambda/domain/money.ts';
import { subject, windowRule } from '../helpers/builders.ts';

const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 });
const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 4 });
const globs = fc.array(glob, { minLength: 1, maxLength: 2 });
const usdAmount = fc.bigInt({ min: 0n, max: 9n }).map(nanoUsd);
const instant = fc.integer({ min: 0, max: 3 });
const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined, freq: 3 });

const caps: fc.Arbitrary<Cap[]> = fc.uniqueArray(
  fc.record(
    {
      capId: fc.constantFrom('a', 'b', 'c', 'ssm:a'),
      limitNanoUsd: usdAmount,
      window: fc.constantFrom(windowRule('daily'), windowRule('lifetime')),
      selectors: fc.record(
        {
          keys: globs,
          teams: globs,
          models: globs,
          tags: fc.dictionary(text, globs, { maxKeys: 1 }),
        },
        { requiredKeys: [] },
      ),
      splitBy: fc.constantFrom('key' as const, 'tag:a' as const),
      action: fc.constantFrom('block' as const, 'clamp' as const, 'warn' as const),
      streaming: fc.constantFrom('full' as const, 'progressive' as const),
      raised: fc.record({ limitNanoUsd: usdAmount, untilMs: instant }),
      alertPercents: fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 2 }),
      defaultMaxTokens: fc.integer({ min: 1, max: 9 }),
      enabled: fc.boolean(),
      expiresAtMs: instant,
    },
    {
      requiredKeys: [
        'capId',
        'limitNanoUsd',
        'window',
        'selectors',
        'action',
        'streaming',
        'alertPercents',
        'enabled',
      ],
    },
  ),
  { selector: ({ capId }) => capId, maxLength: 4 },
);

const keys: fc.Arbitrary<CallerKey[]> = fc.array(
  fc
    .record({ keyId: text, team: optional(text), enabled: fc.boolean() })
    .map(({ keyId, team, enabled }) => ({
      keyId,
      ...(team === undefined ? {} : { team }),
      enabled,
      secretSha256: '',
      tags: {},
    })),
  { maxLength: 2 },
);

const MODELS = [
  { modelId: 'a', baseModelId: 'a', profileId: 'a', vendor: 'v', maxOutputTokens: 5 },
];
const NOW_MS = 1;

test('lint never throws, and each finding names one cap or key that there is', () => {
  fc.assert(
    fc.property(caps, keys, (someCaps, someKeys) => {
      const input = {
        caps: someCaps,
        malformedCaps: [],
        keys: someKeys,
        models: MODELS,
        nowMs: NOW_MS,
      };
      for (const { capId, keyId, message } of [...lintCaps(input), ...lintKeys(input)]) {
        expect([capId, keyId].filter((id) => id !== undefined)).toHaveLength(1);
        const names = [...someCaps.map((one) => one.capId), ...someKeys.map((one) => one.keyId)];
        expect(names).toContain(capId ?? keyId);
        expect(message).not.toBe('');
      }
    }),
  );
});

test('where a cap is shadowed, another in force has no higher limit for all that it selects', () => {
  fc.assert(
    fc.property(caps, text, text, (someCaps, keyId, modelId) => {
      const input = { caps: someCaps, malformedCaps: [], keys: [], models: MODELS, nowMs: NOW_MS };
      const asked = subject({ keyId, modelId, baseModelId: modelId, profileId: modelId });
      for (const { capId, rule } of lintCaps(input)) {
        const shadowed = someCaps.find((one) => one.capId === capId);
        if (rule !== 'shadowed' || !shadowed || !selects(shadowed.selectors, asked)) continue;
        const tighter = someCaps.filter(
          (one) =>
            one !== shadowed &&
            one.enabled &&
            one.action !== 'warn' &&
            selects(one.selectors, asked) &&
            limitAt(one, NOW_MS) <= limitAt(shadowed, NOW_MS),
        );
        expect(tighter).not.toEqual([]);
      }
    }),
  );
});

test('a glob that covers another matches all that the other matches', () => {
  fc.assert(
    fc.property(glob, glob, text, (wide, narrow, name) => {
      const matches = (one: string) => selects({ keys: [one] }, subject({ keyId: name }));
      fc.pre(globCovers(wide, narrow) && matches(narrow));
      expect(matches(wide)).toBe(true);
    }),
  );
});
