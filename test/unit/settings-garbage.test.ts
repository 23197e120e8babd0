/**
 * Whatever stands in the settings table: nothing throws, and nothing loosens a cap.
 */

import { NumberValue } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  parseCap,
  parseKey,
  type SettingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import type { Selectors } from '../../lambda/domain/cap.ts';
import { MAX_USD, NANO_USD_PER_USD } from '../../lambda/domain/money.ts';

const CAP_ATTRIBUTES = [
  'v',
  'limitUsd',
  'window',
  'timeZone',
  'weekStart',
  'keys',
  'teams',
  'vendors',
  'models',
  'tags',
  'splitBy',
  'action',
  'streaming',
  'raisedLimitUsd',
  'raisedUntil',
  'alertPercents',
  'defaultMaxTokens',
  'enabled',
  'expiresAt',
  'note',
  'history',
];

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -20, max: 12 }))
  .map(([digits, exponent]) => NumberValue.from(`${digits}E${exponent}`));

const anything = fc.oneof(
  fc.anything({ withBigInt: true, withSet: true, withTypedArray: true, withNullPrototype: true }),
  decimal,
  fc.constantFrom('1', '5', 'daily', 'UTC', 'key', 'block', 'warn', true, false, null),
  fc.uniqueArray(fc.string()).map((globs) => new Set(globs)),
);

const attributeName = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CAP_ATTRIBUTES) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'pk', 'sk') },
);

const garbage = fc.dictionary(attributeName, anything);

const VALID: SettingItem = {
  pk: 'CAP',
  sk: 'team-a',
  v: NumberValue.from('1'),
  limitUsd: NumberValue.from('5'),
  window: 'daily',
  keys: ['alice'],
};
const VALID_LIMIT = 5n * NANO_USD_PER_USD;

test('an arbitrary item never throws, and is a cap only with a limit that people may enter', () => {
  fc.assert(
    fc.property(fc.constantFrom({}, VALID), garbage, (base, item) => {
      const cap = parseCap({ ...base, ...item });
      if (isMalformed(cap)) {
        expect(cap.field).not.toBe('');
        expect(cap.problem).not.toBe('');
        return;
      }
      expect(cap.limitNanoUsd).toBeGreaterThanOrEqual(0n);
      expect(cap.limitNanoUsd).toBeLessThanOrEqual(MAX_USD * NANO_USD_PER_USD);
    }),
    { numRuns: 2_000 },
  );
});

test('garbage beside a valid limit never changes the limit nor widens it', () => {
  const limits = new Set(['limitUsd', 'raisedLimitUsd']);
  fc.assert(
    fc.property(garbage, (item) => {
      const beside = Object.fromEntries(Object.entries(item).filter(([name]) => !limits.has(name)));
      const cap = parseCap({ ...VALID, ...beside, sk: 'team-a' });
      if (isMalformed(cap)) return;
      expect(cap.limitNanoUsd).toBe(VALID_LIMIT);
      expect(cap.raised).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test('a cap that holds is one whose every attribute is known', () => {
  const known = new Set([...CAP_ATTRIBUTES, 'pk', 'sk']);
  fc.assert(
    fc.property(attributeName, (name) => {
      fc.pre(name !== '' && !known.has(name) && !name.startsWith('x-'));
      const cap = parseCap({ ...VALID, ...JSON.parse(`{${JSON.stringify(name)}: 1}`) });
      expect(cap).toMatchObject({ field: name });
    }),
  );
});

test('a malformed cap covers at least what it covered before', () => {
  const names: (keyof Selectors)[] = ['keys', 'teams', 'vendors', 'models', 'tags'];
  fc.assert(
    fc.property(garbage, (item) => {
      const selecting = Object.fromEntries(
        Object.entries(item).filter(([name]) => !names.some((selector) => selector === name)),
      );
      const cap = parseCap({ ...VALID, ...selecting, sk: 'team-a' });
      if (!isMalformed(cap)) return;
      expect(cap.selectors).toEqual({ keys: ['alice'] });
    }),
    { numRuns: 500 },
  );
});

test('an arbitrary key or price item never throws', () => {
  fc.assert(
    fc.property(garbage, (item) => {
      expect(parseKey(item)).toHaveProperty('keyId');
      expect(parsePrice(item)).toHaveProperty('modelId');
    }),
    { numRuns: 2_000 },
  );
});

test('a key that reads as a key is enabled only by true or by absence', () => {
  fc.assert(
    fc.property(anything, (enabled) => {
      const key = parseKey({ sk: 'alice', v: 1, secretSha256: 'a1'.repeat(32), enabled });
      if (isMalformed(key) || !key.enabled) return;
      expect([true, undefined]).toContain(enabled);
    }),
  );
});
