/**
 * The promise of the estimate, for every model that the catalogue prices under each of its ids:
 * no usage that a request allows costs more than its bound.
 */
import { describe, expect, it } from 'vitest';
import type { CatalogueRow } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { CATALOGUE_ROWS } from '../../lambda/domain/catalogue/rows.ts';
import { findModel, type Model } from '../../lambda/domain/catalogue.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';
import {
  type Prepared,
  prepareRequest,
  type RequestToPrepare,
} from '../../lambda/domain/estimate.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { costOf, priceServedAs, type Serving, type TokenUsage } from '../../lambda/domain/price.ts';
import type { JsonObject, JsonValue } from '../../lambda/domain/request-body.ts';
import { UNITS, type Unit } from '../../lambda/domain/unit.ts';
import { CONVERSE_BODIES, NATIVE_BODIES, TEXT } from '../fuzz/family-bodies.ts';
import { createRandom, type Random } from '../simulation/seeded-random.ts';

interface Sold {
  readonly id: string;
  readonly region: string | undefined;
}

/** Every id under which a row is sold, in one region of each of its prices. */
const idsOf = ({ baseModelId, offers }: CatalogueRow): readonly Sold[] =>
  offers.flatMap(({ soldAs, regions }) =>
    soldAs.map((prefix) => ({
      id: prefix === 'bare' ? baseModelId : `${prefix}.${baseModelId}`,
      region: regions?.[0],
    })),
  );

const SERVED = CATALOGUE_ROWS.filter(
  ({ family }) => family !== undefined && FAMILIES[family] !== undefined,
);
const SOLD = SERVED.flatMap(idsOf);

/** A body with this text wherever it had its own. */
function withText(value: JsonValue, text: string): JsonValue {
  if (typeof value === 'string') return value.includes(TEXT) ? value.replace(TEXT, text) : value;
  if (Array.isArray(value)) return value.map((item) => withText(item, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withText(member, text)]),
  );
}

/** The longest of them is past the threshold of every long-context price. */
const TEXT_LENGTHS = [0, 1, 100, 5_000, 199_900, 280_000];
const DEARER_HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  { 'x-amzn-bedrock-service-tier': 'priority' },
  { 'x-amzn-bedrock-performanceconfig-latency': 'optimized' },
  { 'x-amzn-bedrock-service-tier': 'flex' },
];

/** A random request for a model, of one of its shapes; dearer ways to be served where it has any. */
function randomRequest(model: Model, random: Random): RequestToPrepare {
  const isConverse = FAMILIES[model.family]?.converse !== undefined && random.chance(0.5);
  const bodies = isConverse ? CONVERSE_BODIES : NATIVE_BODIES[model.family];
  const body = withText(random.pick(bodies), 'x'.repeat(random.pick(TEXT_LENGTHS))) as JsonObject;
  return {
    operation: isConverse ? 'converse' : 'invoke',
    model,
    body,
    headers: random.pick(DEARER_HEADERS),
    allowFields: new Set(),
    ...(random.chance(0.3) && { defaultMaxTokens: 1 + random.int(100_000) }),
    ...(random.chance(0.2) && { mostOutputTokens: 2_000 + random.int(100_000) }),
  };
}

/** The request prepared, as it asks or, where it asks for what has no price, without asking. */
function prepare(request: RequestToPrepare): Prepared {
  try {
    return prepareRequest(request);
  } catch (error) {
    if (!(error instanceof HardcapError) || error.code !== 'unpriced_field') throw error;
    return prepareRequest({ ...request, headers: {} });
  }
}

/** A part of a count; none and all of it are as likely as anything between. */
const partOf = (count: number, random: Random): number =>
  random.pick([0, count, random.int(count + 1)]);

/** A usage within the bounds: input over its four lines, output, and units. */
function randomUsage(prepared: Prepared, random: Random): TokenUsage {
  let left = partOf(prepared.inputTokens, random);
  const take = (): number => {
    const part = partOf(left, random);
    left -= part;
    return part;
  };
  const units = UNITS.map((unit) => [unit, partOf(prepared.units[unit] ?? 0, random)] as const);
  return {
    cacheReadTokens: take(),
    cacheWrite5mTokens: take(),
    cacheWrite1hTokens: prepared.oneHourCacheWrites ? take() : 0,
    inputTokens: left,
    outputTokens: partOf(prepared.outputTokens, random),
    units: Object.fromEntries(units) as Partial<Record<Unit, number>>,
  };
}

/** As it asked to be served, and every cheaper way in which it may be served instead. */
const servingsOf = ({ serving }: Prepared): readonly Serving[] => [
  serving,
  { ...serving, tier: 'default' },
  { ...serving, latency: 'standard' },
  { tier: 'default', latency: 'standard' },
];

const TOKEN_LINES = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWrite5mTokens',
  'cacheWrite1hTokens',
] as const;

const REQUESTS = 4;
const USAGES = 8;

/** Calls back with random requests of a sold model and their bounds. */
function forRequests(
  { id, region }: Sold,
  check: (request: RequestToPrepare, prepared: Prepared, random: Random) => void,
): void {
  const model = findModel(id, new Map(), region);
  const random = createRandom(4).fork(`${id} ${region}`);
  for (let n = 0; n < REQUESTS; n += 1) {
    const request = randomRequest(model, random);
    check(request, prepare(request), random);
  }
}

describe('a model of the catalogue', () => {
  it('is one of many, and each of its families has bodies here', () => {
    expect(SOLD.length).toBeGreaterThan(50);
    for (const { family } of SERVED) {
      expect(family && NATIVE_BODIES[family].length, family).toBeGreaterThan(0);
    }
  });

  it.each(SOLD)(
    '$id ($region) costs no more than its bound, however it is used and served',
    (sold) => {
      forRequests(sold, ({ model }, prepared, random) => {
        for (let n = 0; n < USAGES; n += 1) {
          const usage = randomUsage(prepared, random);
          for (const serving of servingsOf(prepared)) {
            const price = priceServedAs(model.price, serving);
            if (price === undefined) continue;
            const cost = costOf(price, usage);

            expect(cost <= prepared.boundNanoUsd, JSON.stringify({ serving, usage })).toBe(true);
          }
        }
      });
    },
  );

  it('has bounds in whole numbers, at least one nano-dollar', () => {
    for (const sold of SOLD) {
      forRequests(sold, ({ model }, prepared) => {
        const { inputTokens, outputTokens, units, boundNanoUsd } = prepared;
        const counts = [inputTokens, outputTokens, ...Object.values(units)];

        expect(counts.every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true);
        // An embedding's window holds for each of its texts, and there may be many.
        if (FAMILIES[model.family].hasNoOutputTokens !== true) {
          expect(inputTokens).toBeLessThanOrEqual(model.contextWindowTokens);
        }
        expect(typeof boundNanoUsd).toBe('bigint');
        expect(boundNanoUsd >= 1n).toBe(true);
      });
    }
  });

  it('costs no less for one more of anything that is counted', () => {
    for (const sold of SOLD) {
      forRequests(sold, ({ model }, prepared, random) => {
        const price = priceServedAs(model.price, prepared.serving) ?? model.price;
        const threshold = price.longContext?.thresholdTokens;
        for (let n = 0; n < USAGES; n += 1) {
          const usage = randomUsage(prepared, random);
          const atThreshold = { ...usage, ...(threshold && { inputTokens: threshold }) };
          for (const line of TOKEN_LINES) {
            for (const used of [usage, atThreshold]) {
              const more = { ...used, [line]: used[line] + 1 };

              expect(costOf(price, more) >= costOf(price, used), `${sold.id} ${line}`).toBe(true);
            }
          }
          for (const unit of UNITS.filter((name) => price.units?.[name] !== undefined)) {
            const more = {
              ...usage,
              units: { ...usage.units, [unit]: (usage.units?.[unit] ?? 0) + 1 },
            };

            expect(costOf(price, more) > costOf(price, usage), `${sold.id} ${unit}`).toBe(true);
          }
        }
      });
    }
  });

  it('threat 17: has a bound that does not fall where the text grows, nor the default output', () => {
    for (const { id, region } of SOLD) {
      const model = findModel(id, new Map(), region);
      const bodies = NATIVE_BODIES[model.family];
      for (const body of bodies) {
        const boundOf = (length: number, defaultMaxTokens: number): bigint =>
          prepareRequest({
            operation: 'invoke',
            model,
            body: withText(body, 'x'.repeat(length)) as JsonObject,
            headers: {},
            allowFields: new Set(),
            defaultMaxTokens,
          }).boundNanoUsd;
        const bounds = [0, 1, 1_000, 250_000].map((length) => boundOf(length, 10));

        expect(bounds, id).toEqual([...bounds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
        expect(boundOf(1_000, 11) >= boundOf(1_000, 10), id).toBe(true);
      }
    }
  });
});
