/**
 * A file of settings reads back as what was written, whatever names and amounts there are.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FileSettings, fileText, readFile } from '../../bin/commands/settings-file.ts';
import { planImport } from '../../bin/commands/settings-plan.ts';
import { readFault, SECTIONS, type Section } from '../../bin/commands/settings-sections.ts';
import {
  parseCap,
  parseKey,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { formatUsd, nanoUsd } from '../../lambda/domain/money.ts';

/** What YAML would read as something else than text. */
const ODD = [
  '007',
  '1.0',
  '1e3',
  'true',
  'null',
  '~',
  '- a',
  '#x',
  'a: b',
  '*',
  '&a',
  '!t',
  '>-',
  '0x1',
];

const name = fc.oneof(
  fc.constantFrom(...ODD),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => !/\p{Cc}/u.test(text)),
);
const note = fc.oneof(
  name,
  fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
);
const amount = fc.bigInt({ min: 0n, max: 10n ** 18n }).chain((nano) => {
  const text = formatUsd(nanoUsd(nano));
  // The table keeps no zeros at a number's end; the console lets people write text.
  return fc.constantFrom<unknown>(NumberValue.from(text.replace(/\.?0+$/, '') || '0'), text);
});
const globs = fc
  .array(name, { minLength: 1, maxLength: 4 })
  .chain((list) => fc.constantFrom<unknown>(list, new Set(list)));
const tagName = fc.stringMatching(/^[a-z0-9._:-]{1,8}$/).filter((text) => text !== '__proto__');
const whole = (max: number) => fc.integer({ min: 1, max }).map((n) => NumberValue.from(String(n)));
const instant = fc.constantFrom<unknown>('2026-12-31T23:59:00Z', NumberValue.from('1767225600'));

const cap = fc.record(
  {
    limitUsd: amount,
    window: fc.constantFrom('hourly', 'daily', 'weekly', 'monthly', 'lifetime'),
    timeZone: fc.constantFrom('UTC', 'Europe/Paris'),
    keys: globs,
    models: globs,
    tags: fc.dictionary(tagName, globs, { minKeys: 1, maxKeys: 3 }),
    splitBy: fc.constantFrom('key', 'tag:a b'),
    alertPercents: fc.array(whole(1000), { maxLength: 3 }),
    enabled: fc.boolean(),
    expiresAt: instant,
    note,
    'x-owner': fc.oneof(name, whole(9)),
  },
  { requiredKeys: ['limitUsd', 'window'] },
);
const key = fc.record(
  {
    secretSha256: fc.constant('ab'.repeat(32)),
    team: name,
    tags: fc.dictionary(tagName, name, { minKeys: 1, maxKeys: 3 }),
    models: globs,
    maxRequestUsd: amount,
    note,
  },
  { requiredKeys: ['secretSha256'] },
);
const price = fc.record(
  {
    inputUsdPerMillion: fc.constant(NumberValue.from('3')),
    outputUsdPerMillion: fc.constant(NumberValue.from('0.000000015E6')),
    units: fc.constant({ 'made-image': NumberValue.from('0.04') }),
    note,
  },
  { requiredKeys: ['inputUsdPerMillion', 'outputUsdPerMillion'] },
);
const idsOf = <T>(id: RegExp, item: fc.Arbitrary<T>) =>
  fc.dictionary(fc.stringMatching(id), item, { maxKeys: 3, noNullPrototype: true });

const settings = fc.record({
  caps: idsOf(/^[A-Za-z0-9._-]{1,8}$/, cap),
  keys: idsOf(/^[a-z0-9-]{1,8}$/, key),
  prices: idsOf(/^[a-z0-9.-]{1,8}$/, price).map((items) =>
    Object.fromEntries(Object.entries(items).filter(([id]) => /^[a-z0-9]/.test(id))),
  ),
  aliases: fc.constant({ fast: { model: 'm:0' }, '007': { model: '1.0' } }),
});

const itemsOf = (made: Readonly<Record<string, Readonly<Record<string, object>>>>) =>
  (Object.keys(SECTIONS) as Section[]).map(
    (section) =>
      [
        section,
        Object.entries(made[section] ?? {})
          .map(([id, attributes]) =>
            settingItem(SECTIONS[section].partition, id, { ...attributes, history: [] }),
          )
          .filter((item) => readFault(section, item) === undefined),
      ] as const,
  );

const fileOf = (items: readonly (readonly [Section, readonly SettingItem[]])[]): FileSettings =>
  new Map(
    items.map(([section, all]) => [section, new Map(all.map((item) => [String(item.sk), item]))]),
  );

test('what is exported imports as no change, and as the same settings', () => {
  fc.assert(
    fc.property(settings, (made) => {
      const items = itemsOf(made);
      const text = fileText(fileOf(items), 'a comment\nof two lines');
      const read = readFile(text);
      if ('faults' in read) throw new Error(`${text}\n${JSON.stringify(read.faults)}`);

      const plan = planImport(read.settings, new Map(items), true);
      expect(plan.changes).toEqual([]);
      expect(fileText(read.settings, 'a comment\nof two lines')).toBe(text);
      for (const item of items[0]?.[1] ?? []) {
        const sk = String(item.sk);
        const back = settingItem('CAP', sk, read.settings.get('caps')?.get(sk) ?? {});
        expect(sortedSets(parseCap(back))).toEqual(sortedSets(parseCap(item)));
      }
      for (const item of items[1]?.[1] ?? []) {
        const sk = String(item.sk);
        const back = settingItem('KEY', sk, read.settings.get('keys')?.get(sk) ?? {});
        expect(sortedSets(parseKey(back))).toEqual(sortedSets(parseKey(item)));
      }
    }),
    { numRuns: 150 },
  );
});

/** A set has no order, so what was one is compared without. */
const sortedSets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortedSets).toSorted();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, part]) => [member, sortedSets(part)]),
  );
};
