/**
 * The catalogue against the figures of the price lists, id by id: never below one, and above one
 * only where this file says why. `catalogue-figures.csv` holds the figures and nothing else.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GUARDRAIL_ROWS } from '../../lambda/domain/catalogue/guardrails.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import { parseModelId } from '../../lambda/domain/model-id.ts';
import { parseUsd } from '../../lambda/domain/money.ts';
import type { TokenPrices } from '../../lambda/domain/price.ts';
import type { Unit } from '../../lambda/domain/unit.ts';

type Figures = Readonly<Record<string, string>>;

function readFigures(): readonly Figures[] {
  const text = readFileSync(new URL('catalogue-figures.csv', import.meta.url), 'utf8');
  const [head = '', ...lines] = text.trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

const FIGURES = readFigures();
const byId = FIGURES.map((figures) => [figures.id ?? '', figures] as const);

/** Where the list's figure of an id holds. */
const HOME: Readonly<Record<string, string>> = {
  eu: 'eu-west-1',
  apac: 'ap-southeast-1',
  jp: 'ap-northeast-1',
  au: 'ap-southeast-2',
  in: 'ap-south-1',
  'us-gov': 'us-gov-west-1',
};
const homeOf = (id: string): string => HOME[parseModelId(id).prefix ?? ''] ?? 'us-east-1';

/** A price there depends on the region that is called: the list's dearest stands for all. */
const DEAREST_OF_ITS_CONTINENT = [
  'apac.amazon.nova-2-lite-v1:0',
  'apac.amazon.nova-lite-v1:0',
  'apac.amazon.nova-micro-v1:0',
  'apac.amazon.nova-pro-v1:0',
  'eu.amazon.nova-2-lite-v1:0',
  'eu.amazon.nova-lite-v1:0',
  'eu.amazon.nova-micro-v1:0',
  'eu.amazon.nova-pro-v1:0',
  'eu.deepseek.v3.2',
  'eu.meta.llama3-2-1b-instruct-v1:0',
  'eu.meta.llama3-2-3b-instruct-v1:0',
];

/** The list has one of several prices, or one that is wrong: the row's note says which. */
const DEARER_BY_NOTE = [
  'amazon.nova-2-multimodal-embeddings-v1:0',
  'amazon.nova-canvas-v1:0',
  'amazon.titan-image-generator-v1',
  'amazon.titan-image-generator-v2',
  'amazon.titan-image-generator-v2:0',
  'stability.stable-diffusion-xl-v0',
  'stability.stable-diffusion-xl-v1',
  'us.amazon.nova-canvas-v1:0',
  'xai.grok-4.6',
];

/** The list's names of units. `undefined`: hardcap has no such unit, so that it refuses it. */
const UNIT_OF: Readonly<Record<string, Unit | undefined>> = {
  output_cost_per_image: 'made-image',
  'image:default/default': 'made-image',
  input_cost_per_image: 'read-image',
  'per_query(<=100 docs)': 'search-unit',
  text_request: 'text-request',
  web_search: 'web-search',
};

const nano = (text: string | undefined): bigint =>
  parseUsd(text === '' ? '0' : (text ?? '')) ?? -1n;

/** Pairs of what the catalogue has and what the list has, in nano-dollars. */
function pairsOf(model: Model, figures: Figures): readonly (readonly [bigint, bigint])[] {
  const { tokens, longContext } = model.price;
  const threshold = BigInt(longContext?.thresholdTokens ?? 0);
  return [
    ...linePairs(tokens, figures),
    ...(figures.long_threshold
      ? ([
          [longContext?.tokens.inputNanoUsdPerMillion ?? 0n, nano(figures.long_input)],
          [longContext?.tokens.outputNanoUsdPerMillion ?? 0n, nano(figures.long_output)],
          [threshold, BigInt(figures.long_threshold)],
        ] as const)
      : []),
    ...unitPairs(model, figures),
  ];
}

const linePairs = (tokens: TokenPrices, figures: Figures): readonly (readonly [bigint, bigint])[] =>
  [
    [tokens.inputNanoUsdPerMillion, figures.input],
    [tokens.outputNanoUsdPerMillion, figures.output],
    [tokens.cacheReadNanoUsdPerMillion, figures.cache_read],
    [tokens.cacheWrite5mNanoUsdPerMillion, figures.cache_write_5m],
    [tokens.cacheWrite1hNanoUsdPerMillion, figures.cache_write_1h],
  ]
    .filter(([, listed]) => listed !== '')
    .map(([price, listed]) => [(price as bigint | undefined) ?? 0n, nano(listed as string)]);

function unitPairs(model: Model, figures: Figures): readonly (readonly [bigint, bigint])[] {
  const amounts = (figures.unit_usd ?? '').split('|');
  return (figures.unit ?? '').split('|').flatMap((name, index) => {
    const unit = UNIT_OF[name.trim()];
    if (unit === undefined) return [];
    const listed = Number(amounts[index]).toFixed(9);
    return [[model.price.units?.[unit] ?? 0n, nano(listed)] as const];
  });
}

const isServed = (id: string): boolean =>
  CATALOGUE_ROWS.some(
    ({ baseModelId, family }) =>
      baseModelId === parseModelId(id).baseModelId && family !== undefined,
  );

const served = byId.filter(([id]) => isServed(id));

describe('the catalogue and the price lists', () => {
  test('know the same 342 ids, of which 333 are served', () => {
    const bases = new Set(byId.map(([id]) => parseModelId(id).baseModelId));

    expect(new Set(byId.map(([id]) => id)).size).toBe(342);
    expect(served).toHaveLength(333);
    const guardrails = new Set(GUARDRAIL_ROWS.map(({ baseModelId }) => baseModelId));
    const models = CATALOGUE_ROWS.filter((row) => !guardrails.has(row.baseModelId));
    expect(models.map(({ baseModelId }) => baseModelId).sort()).toEqual([...bases].sort());
  });

  test.each(served)('T24: %s is found, and never below its figure in any region', (id, figures) => {
    const gov = parseModelId(id).prefix === 'us-gov';
    const regions = gov ? ['us-gov-west-1'] : [homeOf(id), 'us-west-2', 'sa-east-1', undefined];
    for (const region of regions) {
      const model = findModel(id, new Map(), region);

      expect(pairsOf(model, figures).length).toBeGreaterThan(0);
      for (const [price, listed] of pairsOf(model, figures)) {
        expect(price).toBeGreaterThanOrEqual(listed);
      }
      expect(model.contextWindowTokens).toBeGreaterThanOrEqual(Number(figures.window));
    }
  });

  test('threat 12: at home every id costs what its list has, but where the dearer is known', () => {
    const dearer = served.filter(([id, figures]) => {
      const pairs = pairsOf(findModel(id, new Map(), homeOf(id)), figures);
      return pairs.some(([price, listed]) => price !== listed);
    });

    expect(dearer.map(([id]) => id).sort()).toEqual(
      [...DEAREST_OF_ITS_CONTINENT, ...DEARER_BY_NOTE].sort(),
    );
  });

  test('a dearer price than that of the list has a note', () => {
    for (const id of DEARER_BY_NOTE) {
      const { baseModelId } = parseModelId(id);
      expect(CATALOGUE_ROWS.find((row) => row.baseModelId === baseModelId)?.note).toBeDefined();
    }
  });

  test.each(byId.filter(([id]) => !isServed(id)))('T24: %s is refused, with a reason', (id) => {
    expect(() => findModel(id, new Map(), homeOf(id))).toThrowError(HardcapError);
  });

  test.each(served)('T24: no id that is nearly %s has its price', (id) => {
    const known = new Set(byId.map(([listed]) => listed));
    const near = [
      `${id}0`,
      id.slice(0, -1),
      id.replace(/-(?=\d)/, '.'),
      `${id}:0`,
      id.toUpperCase(),
    ];
    for (const other of near.filter((text) => !known.has(text))) {
      expect(() => findModel(other, new Map(), 'us-east-1')).toThrowError(/model_not_priced/);
    }
  });
});
