/**
 * Which price holds where an operator's, a refreshed and the catalogue's meet.
 */
import { describe, expect, test } from 'vitest';
import { findModel } from '../../lambda/domain/catalogue.ts';
import type { Price } from '../../lambda/domain/price.ts';
import { price, usd } from '../helpers/builders.ts';

const BASE = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const US = `us.${BASE}`;
const GLOBAL = `global.${BASE}`;

const refreshed = (
  modelId: string,
  input: string,
  status: 'taken' | 'approved' = 'taken',
): Price => ({
  ...price({
    modelId,
    version: 'auto-1',
    tokens: { inputNanoUsdPerMillion: usd(input), outputNanoUsdPerMillion: usd('5.5') },
  }),
  refreshed: status,
});

const inputOf = (modelId: string, ...prices: readonly Price[]) =>
  findModel(modelId, new Map(prices.map((one) => [one.modelId, one]))).price.tokens
    .inputNanoUsdPerMillion;

describe('a refreshed price', () => {
  test('that is dearer holds, by its own version', () => {
    const { price: found } = findModel(US, new Map([[US, refreshed(US, '1.2')]]));

    expect(found.tokens.inputNanoUsdPerMillion).toBe(usd('1.2'));
    expect(found.version).toBe('auto-1');
  });

  test('that was taken never holds below the catalogue; one that was approved does', () => {
    expect(inputOf(US, refreshed(US, '0.9'))).toBe(usd('1.1'));
    expect(inputOf(US, refreshed(US, '0.9', 'approved'))).toBe(usd('0.9'));
  });

  test('holds for exactly its id: the bare one’s is not the profile’s', () => {
    expect(inputOf(US, refreshed(BASE, '9'))).toBe(usd('1.1'));
    expect(inputOf(GLOBAL, refreshed(US, '9'))).toBe(usd('1'));
    expect(inputOf(BASE, refreshed(BASE, '9'))).toBe(usd('9'));
  });

  test('gives way to an operator’s, also to one of the base model', () => {
    const operator = price({ modelId: BASE, version: 'operator-1' });

    expect(inputOf(US, refreshed(US, '1.2'), operator)).toBe(usd('1'));
  });

  test('that was approved sells a profile that the catalogue does not', () => {
    const IN = `in.${BASE}`;

    expect(() => findModel(IN, new Map())).toThrow('model_not_priced');
    expect(inputOf(IN, refreshed(IN, '1.1', 'approved'))).toBe(usd('1.1'));
  });

  test('T23: that rose for one of the ids an application profile may stand for holds for it', () => {
    const arn = 'arn:aws:bedrock:ap-northeast-1:123456789012:application-inference-profile/abc';
    const soldAs = ['apac', 'jp', 'au', 'in'] as const;
    const profile = { baseModelId: BASE, soldAs };
    const priceOf = (...prices: readonly Price[]) =>
      findModel(arn, new Map(prices.map((one) => [one.modelId, one])), 'ap-northeast-1', profile)
        .price.tokens.inputNanoUsdPerMillion;

    expect(priceOf()).toBe(usd('1.1'));
    expect(priceOf(refreshed(`jp.${BASE}`, '1.3'))).toBe(usd('1.3'));
    expect(priceOf(price({ modelId: `apac.${BASE}`, version: 'operator-1' }))).toBe(usd('1.1'));
  });
});
