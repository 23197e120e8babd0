/**
 * What is said of an attribute that is not known: it is named first, with the one that was meant.
 */

import { describe, expect, test } from 'vitest';
import { nearName } from '../../lambda/adapters/settings/near-name.ts';
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  OPTIONAL_CAP_ATTRIBUTES,
  parseCap,
  parseKey,
} from '../../lambda/adapters/settings/setting-items.ts';

const CAP = { pk: 'CAP', sk: 'team', v: 1, limitUsd: '5', window: 'daily' };
const PRICE = { pk: 'PRICE', sk: 'a.b', v: 1, inputUsdPerMillion: 1, outputUsdPerMillion: 2 };

describe('a name that is not known', () => {
  test('is told before the attribute that is missing because of it', () => {
    const { limitUsd, ...rest } = CAP;

    expect(parseCap({ ...rest, limit: limitUsd })).toMatchObject({
      field: 'limit',
      problem: expect.stringMatching(/^is not an attribute .*; did you mean limitUsd\?/),
    });
  });

  test('is told before an attribute that is malformed', () => {
    expect(parseCap({ ...CAP, enabled: 'no', colour: 'red' })).toMatchObject({ field: 'colour' });
  });

  test.each([
    ['limitUSD', 'limitUsd'],
    ['dailyLimitUsd', 'limitUsd'],
    ['windw', 'window'],
    ['timezone', 'timeZone'],
    ['key', 'keys'],
    ['model', 'models'],
    ['expires', 'expiresAt'],
    ['maxTokens', 'defaultMaxTokens'],
    ['raisedLimit', 'raisedLimitUsd'],
  ])('%s on a cap: was %s meant?', (name, meant) => {
    expect(parseCap({ ...CAP, [name]: '1' })).toMatchObject({
      field: name,
      problem: expect.stringContaining(`did you mean ${meant}?`),
    });
  });

  test.each(['period', 'colour', 'a', `limitUsd${'x'.repeat(70_000)}`])(
    'nothing near is made up',
    (name) => {
      expect(parseCap({ ...CAP, [name]: '1' })).toMatchObject({
        field: name,
        problem: expect.not.stringContaining('did you mean'),
      });
    },
  );

  test('on a key has a suggestion too, and shows no secret', () => {
    const key = parseKey({ pk: 'KEY', sk: 'alice', v: 1, secret: 'hc_alice_secret' });

    expect(key).toMatchObject({
      field: 'secret',
      problem: expect.stringContaining('did you mean secretSha256?'),
    });
    expect(JSON.stringify(key)).not.toContain('hc_alice_secret');
  });

  test('inside the prices of long requests is compared with what may stand there', () => {
    const longContext = { threshold: 1, inputUsdPerMillion: 1, outputUsdPerMillion: 1 };

    expect(parsePrice({ ...PRICE, longContext })).toMatchObject({
      field: 'longContext.threshold',
      problem: expect.stringMatching(/did you mean thresholdTokens\?.*Known are thresholdTokens,/),
    });
  });
});

test('the nearest of several names that hold it is the shortest', () => {
  expect(nearName('limit', ['raisedLimitUsd', 'limitUsd'])).toBe('limitUsd');
});

test('a cap can do without what is optional, and only without that', () => {
  for (const name of OPTIONAL_CAP_ATTRIBUTES) expect(CAP).not.toHaveProperty(name);
  expect(parseCap(CAP)).not.toHaveProperty('problem');
  expect(OPTIONAL_CAP_ATTRIBUTES).toContain('note');
});
