/**
 * docs/settings.md is what its script writes, with every attribute and setting that there is.
 */
import { describe, expect, it } from 'vitest';
import { PRICE_SHAPE } from '../../lambda/adapters/settings/price-item.ts';
import { ITEM_SHAPES } from '../../lambda/adapters/settings/setting-items.ts';
import { ENV } from '../../lambda/contract.ts';
import { CONFIGURATION_KEYS } from '../../lib/configuration.ts';
import { settingsPage, withTables } from '../../scripts/docs-settings.ts';
import {
  ALIAS_WORDS,
  CAP_WORDS,
  DEPLOYMENT_WORDS,
  KEY_WORDS,
  PRICE_WORDS,
} from '../../scripts/settings-words.ts';

describe('docs/settings.md', () => {
  it('is what `npm run docs:settings` writes', () => {
    const { written, expected } = settingsPage();
    expect(written).toBe(expected);
  });

  it.each([
    ['cap', ITEM_SHAPES.cap, CAP_WORDS],
    ['key', ITEM_SHAPES.key, KEY_WORDS],
    ['alias', ITEM_SHAPES.alias, ALIAS_WORDS],
    ['price', PRICE_SHAPE, PRICE_WORDS],
  ])('describes every attribute of a %s, and none that there is not', (_name, shape, words) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(shape).sort());
  });

  it('describes every setting of the deployment, and every variable', () => {
    expect(Object.keys(DEPLOYMENT_WORDS).sort()).toEqual([...CONFIGURATION_KEYS].sort());
    const { written } = settingsPage();
    for (const variable of Object.values(ENV)) expect(written).toContain(`\`${variable}\``);
  });

  it('says what an attribute must be in the words that a malformed one is answered with', () => {
    const { expected } = settingsPage();
    expect(expected).toContain('| one of hourly, daily, weekly, monthly, lifetime | malformed |');
    expect(expected).toContain(
      '| a whole number of tokens from 1 to 10000000 | that of the caps |',
    );
  });

  it('needs its marks', () => {
    expect(() => withTables('# Settings\n')).toThrow('settings.md has no');
  });
});
