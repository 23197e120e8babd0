/**
 * The catalogue's figures against prices read from the sources by hand, and the rules by which a
 * model is found: exactly, at the operator's price where there is one, or not at all.
 */
import { describe, expect, test } from 'vitest';
import type { Offer, UsdPerMillion } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { PRICE_SOURCES } from '../../lambda/domain/catalogue/price-sources.ts';
import { CATALOGUE_ROWS, CATALOGUE_VERSION } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import { type ErrorCode, HardcapError } from '../../lambda/domain/errors.ts';
import { PROFILE_PREFIXES } from '../../lambda/domain/model-id.ts';
import { formatUsd, nanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import type { MalformedPrice, Price, TokenPrices } from '../../lambda/domain/price.ts';
import { catalogueData } from '../../scripts/catalogue.ts';

const NONE: ReadonlyMap<string, Price | MalformedPrice> = new Map();
const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

const usd = (amount: bigint | undefined): string | undefined =>
  amount === undefined ? undefined : formatUsd(nanoUsd(amount));

const figures = (tokens: TokenPrices | undefined) => [
  usd(tokens?.inputNanoUsdPerMillion),
  usd(tokens?.outputNanoUsdPerMillion),
  usd(tokens?.cacheReadNanoUsdPerMillion),
  usd(tokens?.cacheWrite5mNanoUsdPerMillion),
  usd(tokens?.cacheWrite1hNanoUsdPerMillion),
];

const operatorPrice = (modelId: string, inputUsd: string): Price => ({
  modelId,
  version: 'operator-1',
  tokens: {
    inputNanoUsdPerMillion: parseUsd(inputUsd) ?? 0n,
    outputNanoUsdPerMillion: 1_000_000_000n,
  },
});

const malformed = (modelId: string): MalformedPrice => ({
  modelId,
  field: 'inputUsdPerMillion',
  problem: 'must be a number of dollars',
});

const pricesOf = (...prices: (Price | MalformedPrice)[]) =>
  new Map(prices.map((price) => [price.modelId, price]));

function refusal(code: ErrorCode, find: () => Model): HardcapError {
  try {
    find();
  } catch (error) {
    if (error instanceof HardcapError && error.code === code) return error;
    throw error;
  }
  throw new Error('the model was not refused');
}

const unpriced = (modelId: string, prices = NONE): string =>
  refusal('model_not_priced', () => findModel(modelId, prices)).message;

test('the catalogue that the code reads is what `npm run catalogue` writes', () => {
  const { written, expected } = catalogueData();
  expect(written).toBe(expected);
});

describe('figures read from the sources by hand', () => {
  test.each([
    [`us.${HAIKU}`, ['1.10', '5.50', '0.11', '1.375', '2.20']],
    [`global.${HAIKU}`, ['1.00', '5.00', '0.10', '1.25', '2.00']],
    [HAIKU, ['1.10', '5.50', '0.11', '1.375', '2.20']],
    ['anthropic.claude-sonnet-4-6', ['3.30', '16.50', '0.33', '4.125', '6.60']],
    ['eu.anthropic.claude-opus-4-6-v1', ['5.50', '27.50', '0.55', '6.875', '11.00']],
    ['jp.anthropic.claude-sonnet-5', ['2.20', '11.00', '0.22', '2.75', '4.40']],
    ['us-gov.anthropic.claude-sonnet-5', ['2.40', '12.00', '0.24', '3.00', '4.80']],
    ['au.anthropic.claude-opus-5', ['5.50', '27.50', '0.55', '6.875', '11.00']],
    ['global.anthropic.claude-sonnet-5-5', ['2.00', '10.00', '0.20', '2.50', '4.00']],
    ['us.anthropic.claude-opus-5-5', ['4.40', '22.00', '0.22', '5.50', '8.80']],
    ['anthropic.claude-fable-5', ['11.00', '55.00', '1.10', '13.75', '22.00']],
    ['us.amazon.nova-micro-v1:0', ['0.035', '0.14', '0.00875', '0.035', undefined]],
    ['us.amazon.nova-lite-v1:0', ['0.06', '0.24', '0.015', '0.06', undefined]],
    ['us.amazon.nova-pro-v1:0', ['0.80', '3.20', '0.20', '0.80', undefined]],
    ['us.amazon.nova-2-lite-v1:0', ['0.33', '2.75', '0.0825', '0.33', undefined]],
  ])('%s', (modelId, expected) => {
    const { price } = findModel(modelId, NONE);

    expect(figures(price.tokens)).toEqual(expected);
    expect(price.longContext).toBeUndefined();
    expect(price).toMatchObject({ modelId, version: 'catalogue-2026-11-23' });
  });

  test.each([
    ['global', ['6.00', '22.50', '0.60', '7.50', '12.00']],
    ['us', ['6.60', '24.75', '0.66', '8.25', '13.20']],
    ['us-gov', ['7.20', '27.00', '0.72', '9.00', '14.40']],
  ])('Sonnet 4.5 as %s is dearer above 200,000 tokens', (prefix, expected) => {
    const { price } = findModel(`${prefix}.anthropic.claude-sonnet-4-5-20250929-v1:0`, NONE);

    expect(price.longContext?.thresholdTokens).toBe(200_000);
    expect(figures(price.longContext?.tokens)).toEqual(expected);
  });

  test('the model carries what was asked for, its base, vendor, family and bounds', () => {
    expect(findModel(`us.${HAIKU}`, NONE)).toMatchObject({
      modelId: `us.${HAIKU}`,
      baseModelId: HAIKU,
      vendor: 'anthropic',
      family: 'anthropic',
      contextWindowTokens: 200_000,
      maxOutputTokens: 64_000,
    });
  });

  test('an ARN has the price of the id in it', () => {
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.${HAIKU}`;

    expect(findModel(arn, NONE)).toMatchObject({ modelId: arn, baseModelId: HAIKU });
    expect(findModel(arn, NONE).price.tokens).toEqual(
      findModel(`global.${HAIKU}`, NONE).price.tokens,
    );
  });
});

describe('a price that depends on the region', () => {
  test.each([
    ['amazon.nova-micro-v1:0', '0.035', '0.056'],
    ['amazon.nova-lite-v1:0', '0.06', '0.096'],
    ['amazon.nova-pro-v1:0', '0.80', '1.28'],
    ['amazon.nova-2-lite-v1:0', '0.30', '0.528'],
    ['global.amazon.nova-2-lite-v1:0', '0.30', '0.481'],
  ])('%s is the dearest one but where the region is known', (modelId, known, dearest) => {
    const inputIn = (region?: string) =>
      usd(findModel(modelId, NONE, region).price.tokens.inputNanoUsdPerMillion);

    expect(inputIn('us-east-1')).toBe(known);
    expect(inputIn('eu-west-2')).toBe(dearest);
    expect(inputIn()).toBe(dearest);
  });

  test('is the dearest one for profiles of other continents, whatever the region', () => {
    expect(findModel(`eu.${NOVA}`, NONE, 'us-east-1')).toMatchObject({
      price: { tokens: { inputNanoUsdPerMillion: 96_000_000n } },
    });
  });

  test('in GovCloud every id has the price of GovCloud, or none', () => {
    const sonnet = findModel('anthropic.claude-sonnet-5', NONE, 'us-gov-west-1');

    expect(figures(sonnet.price.tokens)[0]).toBe('2.40');
    refusal('model_not_priced', () => findModel(`us.${NOVA}`, NONE, 'us-gov-west-1'));
    refusal('model_not_priced', () => findModel(NOVA, NONE, 'us-gov-west-1'));
    expect(unpriced(`arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/${NOVA}`)).toContain(
      'no price',
    );
  });
});

describe('what the catalogue does not price', () => {
  test.each([
    ['anthropic.claude-opus-5-6', 'anthropic.claude-opus-5-5'],
    ['amazon.nova-lite-v2:0', 'amazon.nova-lite-v1:0'],
    ['anthropic.claude-opus-4.1-20250805-v1:0', 'anthropic.claude-opus-4-1-20250805-v1:0'],
    ['us.anthropic.claude-haiku-4-5-20261001-v1:0', HAIKU],
  ])('T30: refuses %s and names its sibling without using it', (modelId, sibling) => {
    expect(unpriced(modelId)).toMatch(/^model_not_priced: /);
    expect(unpriced(modelId)).toContain(`"${modelId}"`);
    expect(unpriced(modelId)).toContain(`near it are ${sibling}`);
  });

  test.each(['meta.llama9-v1:0', 'us.us.anthropic.claude-opus-5', 'acme.model-v1'])(
    'refuses %s, which is near nothing, without a suggestion',
    (modelId) => {
      expect(unpriced(modelId)).not.toContain('near it');
    },
  );

  test('suggests no more than three models', () => {
    expect(unpriced('anthropic.claude').match(/anthropic\.claude-/g)).toHaveLength(3);
  });

  test.each(['ca.amazon.nova-lite-v1:0', 'global.amazon.nova-pro-v1:0', `in.${HAIKU}`])(
    'refuses %s, a profile that no source prices, and lists those that have a price',
    (modelId) => {
      expect(unpriced(modelId)).toContain('this profile has no price');
      expect(unpriced(modelId)).toMatch(/ask for one of .*us\./);
    },
  );

  test('refuses a bare id that is sold only as a profile', () => {
    expect(unpriced('anthropic.claude-sonnet-5-5')).toContain('us.anthropic.claude-sonnet-5-5');
  });
});

describe("the operator's price", () => {
  test('wins over the catalogue, long context included', () => {
    const modelId = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    const price = operatorPrice(modelId, '0.5');

    expect(findModel(modelId, pricesOf(price)).price).toEqual(price);
  });

  test('of the id as asked for wins over that of the base model', () => {
    const prices = pricesOf(operatorPrice(`us.${HAIKU}`, '7'), operatorPrice(HAIKU, '8'));

    expect(findModel(`us.${HAIKU}`, prices).price.modelId).toBe(`us.${HAIKU}`);
    expect(findModel(`eu.${HAIKU}`, prices).price.modelId).toBe(HAIKU);
  });

  test('of a profile holds for its ARN too', () => {
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${HAIKU}`;
    const prices = pricesOf(operatorPrice(`us.${HAIKU}`, '7'), operatorPrice(HAIKU, '8'));

    expect(findModel(arn, prices).price.modelId).toBe(`us.${HAIKU}`);
  });

  test('of an ARN wins over that of the profile in it', () => {
    const arn = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${HAIKU}`;
    const prices = pricesOf(operatorPrice(`us.${HAIKU}`, '7'), operatorPrice(arn, '6'));

    expect(findModel(arn, prices).price.modelId).toBe(arn);
  });

  test('of a profile does not hold for another profile or the bare id', () => {
    const prices = pricesOf(operatorPrice(`us.${HAIKU}`, '7'));

    expect(findModel(HAIKU, prices).price.version).toBe(CATALOGUE_VERSION);
    expect(findModel(`eu.${HAIKU}`, prices).price.version).toBe(CATALOGUE_VERSION);
  });

  test('makes a profile usable that the catalogue does not price, only by its own id', () => {
    const profile = 'ca.amazon.nova-lite-v1:0';

    expect(findModel(profile, pricesOf(operatorPrice(profile, '0.07'))).price.modelId).toBe(
      profile,
    );
    expect(unpriced(profile, pricesOf(operatorPrice(NOVA, '0.07')))).toContain('no price');
  });

  test('does not make an unknown model usable where it does not tell the family', () => {
    const modelId = 'anthropic.claude-opus-5-6';

    expect(unpriced(modelId, pricesOf(operatorPrice(modelId, '5')))).toContain(
      'does not know which family',
    );
  });

  const BOUNDS = { family: 'anthropic', contextWindowTokens: 9_000, maxOutputTokens: 90 } as const;
  const MINE = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/abcdef123456';

  test.each([
    ['anthropic.claude-opus-5-6', 'anthropic.claude-opus-5-6', 'anthropic'],
    ['us.anthropic.claude-opus-5-6', 'anthropic.claude-opus-5-6', 'anthropic'],
    [MINE, MINE, 'imported-model'],
    ['arn:aws:sagemaker:us-east-1:123456789012:endpoint/mine', undefined, 'endpoint'],
  ])('that tells family and bounds serves exactly %s', (modelId, base, vendor) => {
    const price = { ...operatorPrice(modelId, '5'), model: BOUNDS };

    expect(findModel(modelId, pricesOf(price), 'us-east-1')).toEqual({
      modelId,
      baseModelId: base ?? modelId,
      profileId: modelId,
      vendor,
      price,
      ...BOUNDS,
    });
    for (const near of [`${modelId}x`, `us.${modelId}`, modelId.toUpperCase()]) {
      expect(unpriced(near, pricesOf(price))).toMatch(/^model_not_priced/);
    }
  });

  test.each([
    'prompt/ABCDEF1234:1',
    'prompt-router/abc',
    'default-prompt-router/anthropic.claude:1',
  ])(
    'threat 11: that tells family and bounds does not serve %s, which hides what is sent',
    (resource) => {
      const modelId = `arn:aws:bedrock:us-east-1:123456789012:${resource}`;
      const price = { ...operatorPrice(modelId, '5'), model: BOUNDS };

      expect(unpriced(modelId, pricesOf(price))).toMatch(/stored prompt|router/);
    },
  );

  test('that tells family and bounds serves a model that hardcap itself does not', () => {
    const modelId = 'twelvelabs.pegasus-1-2-v1:0';
    const price = { ...operatorPrice(modelId, '5'), model: BOUNDS };

    expect(findModel(modelId, pricesOf(price)).family).toBe('anthropic');
  });

  test.each([
    ['input', { inputNanoUsdPerMillion: 0n, outputNanoUsdPerMillion: 1n }],
    ['output', { inputNanoUsdPerMillion: 1n, outputNanoUsdPerMillion: 0n }],
  ])('T24: of zero for %s is refused, unless it is marked free', (_line, tokens) => {
    const price = { ...operatorPrice(HAIKU, '1'), tokens };
    const own = { ...price, modelId: MINE, model: BOUNDS };

    expect(unpriced(HAIKU, pricesOf(price))).toContain('its price is zero');
    expect(unpriced(MINE, pricesOf(own))).toContain('its price is zero');
    expect(findModel(HAIKU, pricesOf({ ...price, free: true })).price.free).toBe(true);
  });

  test.each([
    ['the id as asked for', `us.${HAIKU}`],
    ['the base model, where that is what holds', HAIKU],
  ])('refuses where the item of %s is malformed', (_which, itemId) => {
    const error = refusal('settings_malformed', () =>
      findModel(`us.${HAIKU}`, pricesOf(malformed(itemId))),
    );

    expect(error.message).toContain(`"${itemId}" cannot be read: inputUsdPerMillion: must be`);
    expect(error.details).toEqual({ item: `PRICE/${itemId}`, field: 'inputUsdPerMillion' });
  });

  test('does not refuse for a malformed item that would not have held', () => {
    const prices = pricesOf(operatorPrice(`us.${HAIKU}`, '7'), malformed(HAIKU), malformed(NOVA));

    expect(findModel(`us.${HAIKU}`, prices).price.version).toBe('operator-1');
  });
});

describe('every row', () => {
  const amount = (text: string): bigint => {
    const parsed = parseUsd(text);
    if (parsed === undefined) throw new Error(`not decimal dollars: ${text}`);
    return parsed;
  };
  const allLines = (offer: Offer): readonly UsdPerMillion[] =>
    [offer.usd, offer.longContext?.usd].filter((lines) => lines !== undefined);
  const amounts = (usdLines: UsdPerMillion): bigint[] =>
    usdLines.flatMap((text) => (text === undefined ? [] : [amount(text)]));
  const rows = CATALOGUE_ROWS.map((row) => [row.baseModelId, row] as const);
  const served = rows.filter(([, row]) => row.family !== undefined);

  test('is the only one of its model', () => {
    expect(new Set(CATALOGUE_ROWS.map((row) => row.baseModelId)).size).toBe(CATALOGUE_ROWS.length);
  });

  test.each(rows)('%s has prices above zero, but for an output that it has not', (_id, row) => {
    for (const offer of row.offers) {
      for (const [input, output, ...cached] of allLines(offer)) {
        expect(amounts([input, '1', ...cached]).every((price) => price > 0n)).toBe(true);
        expect(amount(output) > 0n).toBe(row.maxOutputTokens > 0);
      }
      expect(Object.values(offer.unitUsd ?? {}).every((price) => amount(price) > 0n)).toBe(true);
    }
  });

  test.each(rows)('%s is served or says why not, and is sold as something if it is', (_id, row) => {
    expect(row.family === undefined).toBe(row.unserved !== undefined);
    if (row.family !== undefined) expect(row.offers.length).toBeGreaterThan(0);
  });

  test.each(rows)('%s says which lists it is from, by letters that are known', (_id, row) => {
    for (const part of row.sources.split('; ')) {
      const [, letters = ''] = /^(?:[a-z -]+: )?(\S+) (?:high|med|low)$/.exec(part) ?? [];
      const unknown = letters.split('+').filter((letter) => !Object.hasOwn(PRICE_SOURCES, letter));
      expect(letters === 'none' || unknown.length === 0).toBe(true);
    }
    if (row.sources.includes('none')) expect(row.note).toBeDefined();
  });

  test.each(rows)('%s orders its offers: dearer in input is no cheaper in output', (_id, row) => {
    const lines = row.offers.flatMap((offer) => (offer.usd === undefined ? [] : [offer.usd]));
    for (const [input, output] of lines) {
      for (const [otherInput, otherOutput] of lines) {
        if (amount(input) > amount(otherInput)) {
          expect(amount(output)).toBeGreaterThanOrEqual(amount(otherOutput));
        }
      }
    }
  });

  test.each(rows)('%s has bounds that fit each other', (_id, row) => {
    expect(row.contextWindowTokens).toBeGreaterThan(0);
    expect(row.maxOutputTokens).toBeLessThanOrEqual(row.contextWindowTokens);
    for (const { longContext } of row.offers) {
      expect(longContext?.thresholdTokens ?? 0).toBeLessThan(row.contextWindowTokens);
    }
  });

  test.each(served)('%s sells each profile once for a region, and finds it', (id, row) => {
    const sold = row.offers.flatMap(({ soldAs, regions }) =>
      soldAs.map((prefix) => `${prefix}@${regions ?? 'anywhere'}`),
    );
    expect(new Set(sold).size).toBe(sold.length);

    for (const prefix of ['bare', ...PROFILE_PREFIXES] as const) {
      const modelId = prefix === 'bare' ? id : `${prefix}.${id}`;
      const isSold = row.offers.some(({ soldAs }) => soldAs.includes(prefix));
      if (isSold) expect(findModel(modelId, NONE).baseModelId).toBe(id);
      else expect(unpriced(modelId)).toContain('no price');
    }
  });

  test.each(served)('%s is never cheaper where the region is not known', (id, row) => {
    for (const { soldAs, regions = [] } of row.offers) {
      for (const [prefix, region] of soldAs.flatMap((p) => regions.map((r) => [p, r] as const))) {
        const modelId = prefix === 'bare' ? id : `${prefix}.${id}`;
        const here = findModel(modelId, NONE, region).price.tokens;
        const anywhere = findModel(modelId, NONE).price.tokens;
        expect(anywhere.inputNanoUsdPerMillion).toBeGreaterThanOrEqual(here.inputNanoUsdPerMillion);
        expect(anywhere.outputNanoUsdPerMillion).toBeGreaterThanOrEqual(
          here.outputNanoUsdPerMillion,
        );
      }
    }
  });

  test.each(rows.filter(([, row]) => row.unserved !== undefined))(
    'T24: %s is refused with the reason that it is not served',
    (id, row) => {
      expect(unpriced(id)).toContain(row.unserved);
    },
  );

  const claude = rows.filter(([, row]) => row.family === 'anthropic');
  const sinceClaude45 = claude.filter(
    ([id, row]) =>
      !id.startsWith('anthropic.claude-sonnet-4-2025') &&
      row.offers.some(({ soldAs }) => soldAs.includes('global')),
  );

  test.each(claude)('%s has cache writes 1 h >= 5 m >= input >= cache reads', (_id, row) => {
    for (const lines of row.offers.flatMap(allLines)) {
      const [input = 0n, , cacheRead = 0n, write5m = 0n, write1h = 0n] = amounts(lines);
      expect(write1h).toBeGreaterThanOrEqual(write5m);
      expect(write5m).toBeGreaterThanOrEqual(input);
      expect(input).toBeGreaterThanOrEqual(cacheRead);
    }
  });

  test.each(sinceClaude45)(
    'threat 12: %s costs 1.1 times the global price in region, 1.2 in GovCloud',
    (_id, row) => {
      const global = row.offers.find(({ soldAs }) => soldAs.includes('global'));
      if (global === undefined) throw new Error('no global price');
      const others = row.offers.filter((offer) => offer !== global);
      expect(others.length).toBeGreaterThan(0);

      for (const offer of others) {
        const tenths = offer.soldAs.includes('us-gov') ? 12n : 11n;
        const expected = allLines(global).map((lines) => amounts(lines).map((x) => x * tenths));
        expect(allLines(offer).map((lines) => amounts(lines).map((x) => x * 10n))).toEqual(
          expected,
        );
      }
    },
  );
});
