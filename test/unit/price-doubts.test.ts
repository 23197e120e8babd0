/**
 * What is asked about before a price is set, and how old prices may be.
 */
import { describe, expect, test } from 'vitest';
import { ageJson, ageText } from '../../bin/commands/catalogue-age-view.ts';
import { CATALOGUE_VERSION } from '../../lambda/domain/catalogue/rows.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { catalogueAge, versionDateMs } from '../../lambda/domain/catalogue-age.ts';
import type { Price } from '../../lambda/domain/price.ts';
import { doubtsOf } from '../../lambda/domain/price-doubts.ts';
import { price, usd } from '../helpers/builders.ts';

const HAIKU = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const CATALOGUE = findModel(HAIKU, new Map()).price;

const priced = (input: string, output: string, rest: Partial<Price> = {}): Price =>
  price({
    tokens: { inputNanoUsdPerMillion: usd(input), outputNanoUsdPerMillion: usd(output) },
    ...rest,
  });

describe('T26 a price that is entered', () => {
  test('is not asked about where it is near the catalogue’s', () => {
    expect(doubtsOf(priced('0.9', '4.5'), CATALOGUE)).toEqual([]);
    expect(doubtsOf(priced('11', '55'), CATALOGUE)).toEqual([]);
  });

  test('is asked about above 10 times and below a tenth of it, naming both figures', () => {
    expect(doubtsOf(priced('11.01', '5.5'), CATALOGUE)).toEqual([
      expect.stringMatching(/^input 11\.01 is more than 10 times 1\.10, the catalogue's/),
    ]);
    expect(doubtsOf(priced('1.1', '0.54'), CATALOGUE)).toEqual([
      expect.stringMatching(/^output 0\.54 is less than a tenth of 5\.50/),
    ]);
  });

  test('of an unknown model is asked about outside what all models cost', () => {
    expect(doubtsOf(priced('1', '5'))).toEqual([]);
    expect(doubtsOf(priced('900', '5'))).toContainEqual(
      expect.stringMatching(/^input 900\.00 is more than the dearest of all models/),
    );
    expect(doubtsOf(priced('0.002', '5'))).toContainEqual(
      expect.stringMatching(/^input 0\.002 is less than the cheapest of all models/),
    );
    const units = { 'made-image': usd('40') };
    expect(doubtsOf(priced('1', '5', { units }))).toEqual([
      expect.stringMatching(/^made-image 40\.00 is more than the dearest/),
    ]);
  });

  test('is asked about outside what all models cost, also near the catalogue’s', () => {
    const cheap = findModel('amazon.titan-embed-text-v2:0', new Map(), 'us-east-1').price;

    expect(doubtsOf(priced('0.01', '5'), cheap)).toEqual([
      expect.stringMatching(/^input 0\.01 is less than the cheapest of all models/),
    ]);
  });

  test('of nothing, where it is free', () => {
    expect(doubtsOf(price({ free: true }), CATALOGUE)).toEqual([]);
  });
});

describe('the age of the prices', () => {
  const DAY_MS = 86_400_000;
  const madeAtMs = Date.UTC(2026, 10, 23);
  const at = (nowMs: number, refreshedAtMs?: number) =>
    catalogueAge({
      version: 'catalogue-2026-11-23',
      nowMs,
      maxAgeDays: 60,
      ...(refreshedAtMs === undefined ? {} : { refreshedAtMs }),
    });

  test('counts from the day in the version', () => {
    expect(versionDateMs(CATALOGUE_VERSION)).toBeGreaterThan(Date.UTC(2026, 0, 1));
    expect(at(madeAtMs + 5 * DAY_MS + 1)).toMatchObject({ ageDays: 5, since: 'catalogue' });
  });

  test('is old after the day that the setting names, not on it', () => {
    expect(at(madeAtMs + 61 * DAY_MS - 1).isOld).toBe(false);
    expect(at(madeAtMs + 61 * DAY_MS).isOld).toBe(true);
  });

  test('counts from a later refresh, and never below zero', () => {
    const refreshed = at(madeAtMs + 100 * DAY_MS, madeAtMs + 99 * DAY_MS);

    expect(refreshed).toMatchObject({ ageDays: 1, isOld: false, since: 'refresh' });
    expect(at(madeAtMs + DAY_MS, madeAtMs - DAY_MS)).toMatchObject({ since: 'catalogue' });
    expect(at(madeAtMs - 3 * DAY_MS).ageDays).toBe(0);
  });

  test.each(['catalogue', 'catalogue-2026-13-45', 'catalogue-26-1-1', ''])(
    'cannot be told of "%s"',
    (version) => {
      expect(() => versionDateMs(version)).toThrow(RangeError);
    },
  );

  test('is said with what to do where they are old', () => {
    const young = { ...at(madeAtMs + 5 * DAY_MS), maxAgeDays: 60 };
    const old = { ...at(madeAtMs + 99 * DAY_MS), maxAgeDays: 60 };

    expect(ageText(young)).toBe('Prices are of the release of 2026-11-23, 5 days old.');
    expect(ageText(old)).toBe(
      'Prices are of the release of 2026-11-23, 99 days old: older than 60 days. Run hardcap ' +
        'prices refresh, or update hardcap.',
    );
    const refreshed = { ...at(madeAtMs + 9 * DAY_MS, madeAtMs + 8 * DAY_MS), maxAgeDays: 60 };
    expect(ageText(refreshed)).toBe('Prices were last refreshed on 2026-12-01, 1 days ago.');
    expect(ageJson(old)).toMatchObject({ ageDays: 99, isOld: true, sinceDate: '2026-11-23' });
  });
});
