/**
 * What price items may hold beside input and output, and which figures can only be a slip (T26).
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { parsePrice, priceAttributes } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  type SettingItem,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { GUARDRAIL_PRICES } from '../../lambda/domain/guardrail.ts';
import type { Price } from '../../lambda/domain/price.ts';
import { usd } from '../helpers/builders.ts';

const LINES = { inputUsdPerMillion: '3', outputUsdPerMillion: '15' };
const BOUNDS = { family: 'anthropic', contextWindowTokens: 200_000, maxOutputTokens: 8_192 };

const parse = (attributes: SettingItem, sk = 'a.b') =>
  parsePrice(settingItem('PRICE', sk, attributes));

function read(attributes: SettingItem, sk?: string): Price {
  const price = parse(attributes, sk);
  if (isMalformed(price)) throw new Error(`malformed: ${price.field} ${price.problem}`);
  return price;
}

describe('a price item', () => {
  test('reads every line of a price', () => {
    const optimized = { inputUsdPerMillion: 4, outputUsdPerMillion: 20, cacheReadUsdPerMillion: 1 };
    const price = read({
      ...LINES,
      priorityFactor: NumberValue.from('1.75'),
      optimized,
      units: { 'made-image': '0.04', 'web-search': NumberValue.from('0.01') },
      ...BOUNDS,
    });

    expect(price).toMatchObject({
      priority: { numerator: 1_750_000_000n, denominator: 1_000_000_000n },
      optimized: {
        inputNanoUsdPerMillion: usd('4'),
        outputNanoUsdPerMillion: usd('20'),
        cacheReadNanoUsdPerMillion: usd('1'),
      },
      units: { 'made-image': usd('0.04'), 'web-search': usd('0.01') },
      model: BOUNDS,
    });
  });

  test('may be of an ARN', () => {
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/abc123';

    expect(read({ ...LINES, ...BOUNDS }, arn).modelId).toBe(arn);
  });

  test('T27 has the guardrail prices, which go by no model, unless it says otherwise', () => {
    expect(read(LINES).units).toEqual(GUARDRAIL_PRICES);
    const own = read({ ...LINES, units: { 'guardrail-content': '0.0001' } });
    expect(own.units).toMatchObject({
      'guardrail-content': usd('0.0001'),
      'guardrail-topic': GUARDRAIL_PRICES['guardrail-topic'],
    });
  });

  test('may leave out its token prices where the model writes none and has a unit', () => {
    const bounds = { contextWindowTokens: 8_192, maxOutputTokens: 0 };
    const image = { ...bounds, family: 'titan-image', units: { 'made-image': '0.04' } };
    const text = { ...bounds, family: 'titan-embed', inputUsdPerMillion: '0.1' };

    expect(read(image).tokens).toEqual({
      inputNanoUsdPerMillion: 0n,
      outputNanoUsdPerMillion: 0n,
    });
    expect(read(text).tokens).toEqual({
      inputNanoUsdPerMillion: usd('0.1'),
      outputNanoUsdPerMillion: 0n,
    });
  });

  test.each<[string, SettingItem, string]>([
    [
      'units alone for a model that may write',
      { units: { 'made-image': 1 } },
      'inputUsdPerMillion',
    ],
    [
      'guardrail units alone',
      { ...BOUNDS, family: 'stability', maxOutputTokens: 0, units: { 'guardrail-content': 1 } },
      'inputUsdPerMillion',
    ],
    [
      'a family that writes, and no output',
      { ...BOUNDS, family: 'anthropic', maxOutputTokens: 0, inputUsdPerMillion: 1 },
      'maxOutputTokens',
    ],
    [
      'units alone for a family whose text is billed by tokens',
      { ...BOUNDS, family: 'titan-embed', maxOutputTokens: 0, units: { 'read-image': 1 } },
      'inputUsdPerMillion',
    ],
    [
      'a free family that writes, and no output',
      { ...BOUNDS, free: true, maxOutputTokens: 0 },
      'maxOutputTokens',
    ],
    ['no input', { outputUsdPerMillion: 1 }, 'inputUsdPerMillion'],
    ['no output', { inputUsdPerMillion: 1 }, 'outputUsdPerMillion'],
    ['output zero', { ...LINES, outputUsdPerMillion: 0 }, 'outputUsdPerMillion'],
    ['a cache read of zero', { ...LINES, cacheReadUsdPerMillion: 0 }, 'cacheReadUsdPerMillion'],
    ['a factor below 1', { ...LINES, priorityFactor: '0.5' }, 'priorityFactor'],
    ['a factor above 10', { ...LINES, priorityFactor: '175' }, 'priorityFactor'],
    ['a factor that is none', { ...LINES, priorityFactor: 'x1.75' }, 'priorityFactor'],
    [
      'half an optimised price',
      { ...LINES, optimized: { inputUsdPerMillion: 1 } },
      'optimized.outputUsdPerMillion',
    ],
    ['an unknown unit', { ...LINES, units: { 'made-images': 1 } }, 'units.made-images'],
    ['a unit of zero', { ...LINES, units: { 'made-image': 0 } }, 'units.made-image'],
    ['a unit for a thousand', { ...LINES, units: { 'made-image': 1_001 } }, 'units.made-image'],
    ['units that are no map', { ...LINES, units: [1] }, 'units'],
    ['family without bounds', { ...LINES, family: 'anthropic' }, 'contextWindowTokens'],
    ['bounds without family', { ...LINES, contextWindowTokens: 1, maxOutputTokens: 1 }, 'family'],
    ['a family that is not served', { ...LINES, ...BOUNDS, family: 'gpt' }, 'family'],
    ['a window of zero', { ...LINES, ...BOUNDS, contextWindowTokens: 0 }, 'contextWindowTokens'],
    ['an approval of its own', { ...LINES, approved: true }, 'approved'],
    ['free with bounds that miss one', { free: true, family: 'anthropic' }, 'contextWindowTokens'],
  ])('is malformed with %s', (_name, attributes, field) => {
    expect(parse(attributes)).toMatchObject({ field, problem: expect.stringMatching(/\w/) });
  });

  test('takes a name that is nearly one for a mistake', () => {
    expect(parse({ ...LINES, units: { 'made-img': 1 } })).toMatchObject({
      problem: expect.stringContaining('Known are made-image'),
    });
    expect(parse({ ...LINES, priority: '1.75' })).toMatchObject({
      problem: expect.stringContaining('did you mean priorityFactor?'),
    });
  });
});

describe('T26 a slip of a million', () => {
  // The dearest and the cheapest of the catalogue, as a price for one token.
  test.each(['0.0001375', '0.00000002', '0.000003', '0.0009'])(
    'a price of %s is one for a token, and malformed',
    (text) => {
      expect(parse({ ...LINES, inputUsdPerMillion: text })).toMatchObject({
        field: 'inputUsdPerMillion',
        problem: expect.stringContaining('for a million tokens (not for one'),
      });
    },
  );

  test.each(['20000', '3000000', '137500000'])(
    'a price of %s is a million times too much, and malformed',
    (text) => {
      expect(parse({ ...LINES, outputUsdPerMillion: text })).toMatchObject({
        field: 'outputUsdPerMillion',
      });
    },
  );

  test.each(['0.02', '137.5', '600'])('a price of %s is one', (text) => {
    expect(isMalformed(parse({ ...LINES, inputUsdPerMillion: text }))).toBe(false);
  });
});

describe('a refreshed price', () => {
  test('was taken, unless its item says that it was approved', () => {
    expect(read(LINES, 'auto:a.b')).toMatchObject({ modelId: 'a.b', refreshed: 'taken' });
    expect(read({ ...LINES, approved: true }, 'auto:a.b').refreshed).toBe('approved');
    expect(read(LINES)).not.toHaveProperty('refreshed');
  });

  test('is never free', () => {
    expect(parse({ free: true }, 'auto:a.b')).toMatchObject({ field: 'free' });
  });

  test('is written as it is read', () => {
    const price = read(
      {
        ...LINES,
        cacheReadUsdPerMillion: '0.3',
        longContext: { thresholdTokens: 200_000, inputUsdPerMillion: 6, outputUsdPerMillion: 22.5 },
        priorityFactor: '1.75',
        optimized: { inputUsdPerMillion: 4, outputUsdPerMillion: 20 },
        units: { 'made-image': '0.04' },
      },
      'auto:a.b',
    );
    const { version: _version, ...again } = read(priceAttributes(price), 'auto:a.b');

    expect(again).toEqual({ ...price, version: undefined, ...again });
    expect(priceAttributes({ ...again, version: '' })).toEqual(priceAttributes(price));
  });
});
