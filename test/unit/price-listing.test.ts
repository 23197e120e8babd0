/**
 * How price lists are read: by exact names and exact units, or not at all.
 */
import { describe, expect, test } from 'vitest';
import { readRate } from '../../lambda/adapters/prices/agreement-offers.ts';
import { readRow } from '../../lambda/adapters/prices/price-list.ts';
import { nameOfRow } from '../../lambda/adapters/prices/price-list-names.ts';
import { sourceFailure } from '../../lambda/adapters/prices/source-failure.ts';
import {
  idsListed,
  lineOf,
  nanoUsdTimes,
  parseDimension,
  perMillionTokens,
} from '../../lambda/domain/price-listing.ts';
import { marketplaceRow, priceListRow, rate, TERMS_URL } from '../fixtures/prices/listed-rows.ts';

describe('T26 a unit', () => {
  test.each([
    ['0.00006', '1K tokens', '', 60_000_000n],
    ['0.0000600000', '1K Tokens', 'x', 60_000_000n],
    ['3', 'Units', 'Million Input Tokens', 3_000_000_000n],
    [
      '3.3',
      'Units',
      'AWS Marketplace software usage|us-east-1|Million Output Tokens',
      3_300_000_000n,
    ],
    ['0.3', 'Units', 'Million Cache Read Input Tokens', 300_000_000n],
    ['3', '1M tokens', '', 3_000_000_000n],
    ['0.0000000000001', '1K tokens', '', 1n],
  ])('reads %s per "%s" (%s)', (price, unit, description, expected) => {
    expect(perMillionTokens(price, unit, description)).toBe(expected);
  });

  test.each([
    ['Units', 'Thousand Input Tokens'],
    ['Units', 'Million Input Tokens (1K minimum)'],
    ['Units', 'Input Tokens'],
    ['Units', 'Million Images'],
    ['Units', 'Million Image Tokens'],
    ['tokens', ''],
    ['1000 tokens', ''],
    ['image', ''],
    ['', 'Billion Tokens'],
    ['__proto__', ''],
  ])('does not read "%s" (%s)', (unit, description) => {
    expect(perMillionTokens('3', unit, description)).toBeUndefined();
  });

  test.each(['', '-1', '1e-7', 'NaN', '1,5', '$3', '0x10', ' 3'])(
    'does not read the figure "%s"',
    (text) => {
      expect(nanoUsdTimes(text, 1n)).toBeUndefined();
    },
  );
});

describe('a dimension', () => {
  test.each([
    ['USE1_InputTokenCount', 'USE1', 'input', false],
    ['USE1_InputTokenCount_Global', 'USE1', 'input', true],
    ['USE1_OutputTokenCount', 'USE1', 'output', false],
    ['USE1_CacheReadInputTokenCount', 'USE1', 'cache-read', false],
    ['USW2_CacheWrite1hInputTokenCount_Global', 'USW2', 'cache-write-1h', true],
    ['USE1_InputTokenCount_LCtx', 'USE1', 'long-input', false],
    ['EU_InputTokenCount', 'EU', 'input', false],
    ['USW2_input_tokens_global_standard', 'USW2', 'input', true],
    ['USW2_cache_write_tokens_1h_standard', 'USW2', 'cache-write-1h', false],
    ['APN1_output_tokens_standard', 'APN1', 'output', false],
    ['input_tokens_standard', undefined, 'input', false],
    ['USE1_input_tokens_priority', 'USE1', 'priority-input', false],
  ])('%s is read', (text, regionCode, line, isGlobal) => {
    const name = parseDimension(text);

    expect(name).toMatchObject({ isGlobal });
    expect(name?.regionCode).toBe(regionCode);
    expect(name === undefined ? undefined : lineOf(name)).toBe(line);
  });

  test.each(['USW2_InputTokenCount_Global_Batch', 'USE1_input_tokens_flex'])(
    '%s is of a tier that is no line',
    (text) => {
      const name = parseDimension(text);

      expect(name).toBeDefined();
      expect(name && lineOf(name)).toBeUndefined();
    },
  );

  test.each([
    'USE1_InputTokens',
    'USE1_InputImageTokenCount',
    'InputTokenCount_Global_Global',
    'USE1_InputTokenCount_Turbo',
    'input_tokens',
    'input_image_tokens_standard',
    'constructorTokenCount',
    '',
  ])('"%s" is in no table', (text) => {
    expect(parseDimension(text)).toBeUndefined();
  });
});

describe('a row of the price list', () => {
  test.each([
    ['USE1-NovaLite-input-tokens', 'amazon.nova-lite-v1:0', ['bare', 'geo'], 'input'],
    ['USE1-Nova2.0Lite-input-tokens', 'amazon.nova-2-lite-v1:0', ['bare'], 'input'],
    [
      'USE1-Nova2.0Lite-cache-read-input-token-count-cross-region-global',
      'amazon.nova-2-lite-v1:0',
      ['global'],
      'cache-read',
    ],
    ['EU-NovaPro-output-tokens', 'amazon.nova-pro-v1:0', ['bare', 'geo'], 'output'],
    ['USE1-xai.grok-4.6-mantle-input-tokens-global-standard', 'xai.grok-4.6', ['global'], 'input'],
    [
      'USE1-nvidia.nemotron-super-3-120b-output-tokens-priority',
      'nvidia.nemotron-super-3-120b',
      ['bare'],
      'priority-output',
    ],
  ])('%s is read', (usageType, baseModelId, listedAs, line) => {
    expect(nameOfRow(usageType, undefined)).toEqual({ kind: 'line', baseModelId, listedAs, line });
  });

  test.each([
    'USE1-NovaLite2-input-tokens',
    'USE1-Nova2.0Pro-input-image-token-count-cross-region-global',
    'USE1-NovaLite-input-tokens-turbo',
    'USE1-Guardrail-NewPolicyUnitsConsumed',
    'USE1-GuardrailChecks-ContentFilterCheckUnitsConsumed',
    'USE1-MP:USE1_InputTokenCount-Units',
    'toString',
  ])('%s is in no table', (usageType) => {
    expect(nameOfRow(usageType, undefined)).toBeUndefined();
  });

  test('a sibling is not taken for the model: Opus 5 is not Opus 5.5', () => {
    const idOf = (service: string) => {
      const named = nameOfRow(
        'USE1-MP:USE1_InputTokenCount-Units',
        `${service} (Amazon Bedrock Edition)`,
      );
      return named?.kind === 'line' ? named.baseModelId : undefined;
    };

    expect(idOf('Claude Opus 5')).toBe('anthropic.claude-opus-5');
    expect(idOf('Claude Opus 5.5')).toBe('anthropic.claude-opus-5-5');
    expect(idOf('Claude Opus 5.6')).toBeUndefined();
    expect(idOf('Claude Opus')).toBeUndefined();
  });

  test('is read with its unit', () => {
    expect(
      readRow(
        priceListRow({ usagetype: 'USE1-NovaLite-input-tokens', usd: '0.00006' }),
        'us-east-1',
      ),
    ).toEqual({
      baseModelId: 'amazon.nova-lite-v1:0',
      listedAs: ['bare', 'geo'],
      region: 'us-east-1',
      line: 'input',
      nanoUsd: 60_000_000n,
    });
    expect(
      readRow(
        marketplaceRow('USE1_InputTokenCount_Global', '3', 'Million Input Tokens'),
        'us-east-1',
      ),
    ).toMatchObject({
      baseModelId: 'anthropic.claude-sonnet-4-6',
      listedAs: ['global'],
      nanoUsd: 3_000_000_000n,
    });
  });

  test.each([
    ['that is in no table', { usagetype: 'USE1-NovaMaxi-input-tokens', usd: '1' }],
    ['with a strange unit', { usagetype: 'USE1-NovaLite-input-tokens', usd: '1', unit: 'hour' }],
    ['of another region', { usagetype: 'X', usd: '1', regionCode: 'eu-west-1' }],
  ])('%s is told as unmapped', (_name, row) => {
    expect(readRow(priceListRow(row), 'us-east-1')).toMatchObject({ why: expect.any(String) });
  });

  test.each(['', '{}', 'null', '[]', '{"product":{}}'])(
    'that is %j is told, not thrown',
    (text) => {
      expect(readRow(text, 'us-east-1')).toMatchObject({ why: expect.any(String) });
    },
  );

  test('T27 of a guardrail is told where it is dearer than this release', () => {
    const row = (usd: string) =>
      readRow(
        priceListRow({
          usagetype: 'USE1-Guardrail-ContentPolicyUnitsConsumed',
          usd,
          unit: 'TextUnits',
        }),
        'us-east-1',
      );

    expect(row('0.00015')).toBeUndefined();
    expect(row('0.0002')).toMatchObject({ why: expect.stringContaining('is dearer') });
  });
});

describe('a rate of an agreement', () => {
  test('is read for the region of its code', () => {
    expect(readRate('anthropic.claude-sonnet-4-6', rate('USW2_InputTokenCount', '3.3'))).toEqual({
      baseModelId: 'anthropic.claude-sonnet-4-6',
      listedAs: ['bare', 'geo'],
      region: 'us-west-2',
      line: 'input',
      nanoUsd: 3_300_000_000n,
    });
    expect(readRate('a.b', rate('input_tokens_standard', '3.3'))).not.toHaveProperty('region');
  });

  test.each([
    rate('ZZZ9_InputTokenCount', '3'),
    rate('USE1_PageCount', '3'),
    { ...rate('USE1_InputTokenCount', '3'), unit: 'Hrs' },
    { dimension: 'USE1_InputTokenCount' },
    null,
  ])('%j is told as unmapped', (given) => {
    expect(readRate('a.b', given)).toMatchObject({ why: expect.any(String) });
  });
});

describe('the ids that a line holds for', () => {
  const line = { baseModelId: 'a.b', line: 'input', nanoUsd: 1n } as const;

  test('are those of the geography of its region', () => {
    expect(idsListed({ ...line, listedAs: ['bare', 'geo'], region: 'us-east-1' })).toEqual([
      'a.b',
      'us.a.b',
    ]);
    expect(idsListed({ ...line, listedAs: ['geo'], region: 'ap-northeast-1' })).toEqual([
      'apac.a.b',
      'jp.a.b',
    ]);
    expect(idsListed({ ...line, listedAs: ['global'], region: 'eu-west-1' })).toEqual([
      'global.a.b',
    ]);
  });

  test('are GovCloud’s own in GovCloud', () => {
    expect(idsListed({ ...line, listedAs: ['bare', 'geo'], region: 'us-gov-west-1' })).toEqual([
      'us-gov.a.b',
    ]);
  });
});

test('a failure of a source shows no address', () => {
  const error = sourceFailure('bedrock:X of a.b', new Error(`see ${TERMS_URL} for more`));

  expect(error.message).toBe('bedrock:X of a.b: Error: see (address) for more');
});
