/**
 * The models that hardcap can price: which family reads their requests, their bounds and price.
 *
 * Invariant: a model is found by its exact id, or refused; a sibling's price is never used.
 * Not here:  the figures (catalogue/).
 */
import type { CatalogueRow, Offer, UsdPerMillion } from './catalogue/catalogue-row.ts';
import { CATALOGUE_ROWS, CATALOGUE_VERSION } from './catalogue/rows.ts';
import { HardcapError } from './errors.ts';
import { GUARDRAIL_PRICES } from './guardrail.ts';
import { notPriced, type ParsedModelId, parseModelId, profileIdOf } from './model-id.ts';
import { NANO_USD_PER_USD, nanoUsd, parseUsd } from './money.ts';
import type { MalformedPrice, ModelBounds, Price, Ratio, TokenPrices } from './price.ts';
import type { Unit, UnitPrices } from './unit.ts';

/** A model as one request asks for it. */
export interface Model extends ModelBounds {
  /** The id as asked for: bare, with a profile prefix, or an ARN. */
  readonly modelId: string;
  /** The id without profile prefix or ARN. */
  readonly baseModelId: string;
  /** The id without ARN, its profile prefix kept: one spelling for selectors to go by. */
  readonly profileId: string;
  readonly vendor: string;
  readonly price: Price;
}

type OperatorPrices = ReadonlyMap<string, Price | MalformedPrice>;

/** A price before it is known by which of its ids it is asked for. */
interface PricedOffer {
  readonly offer: Offer;
  readonly price: Omit<Price, 'modelId'>;
}

interface PricedRow {
  readonly row: CatalogueRow;
  readonly offers: readonly PricedOffer[];
}

const MAX_SUGGESTIONS = 3;

/** An id is near another when they begin alike for this share of the asked id's length. */
const NEAR_SHARE = 0.75;

const MODELS: ReadonlyMap<string, PricedRow> = new Map(
  CATALOGUE_ROWS.map((row) => [row.baseModelId, { row, offers: row.offers.map(priceOffer) }]),
);

/**
 * The model of this id, at the operator's price where there is one (set for the id as asked for,
 * else for the profile in an ARN, else for the base model), else at the catalogue's.
 *
 * @param region the region that is called. Where it is not given, a price that depends on the
 *        region is the dearest one.
 * @throws HardcapError `model_not_priced` (the id is not one that the catalogue prices),
 *         `settings_malformed` (the operator's price item that would hold cannot be read)
 */
export function findModel(modelId: string, operatorPrices: OperatorPrices, region?: string): Model {
  const id = parseModelId(modelId);
  const known = MODELS.get(id.baseModelId);
  if (known === undefined) throw unknownModel(id, operatorPrices);
  const offer = offerFor(known, id, region);
  const price = operatorPrice(id, operatorPrices, offer !== undefined) ?? offer?.price;
  const { baseModelId, vendor, family, contextWindowTokens, maxOutputTokens } = known.row;
  if (family === undefined) throw notPriced(modelId, known.row.unserved ?? 'it is not served');
  if (price === undefined) throw notSold(id, known.row);
  return {
    modelId,
    baseModelId,
    profileId: profileIdOf(id),
    vendor,
    family,
    price: { modelId, ...price },
    contextWindowTokens,
    maxOutputTokens,
  };
}

/**
 * The operator's price that holds for this id. A price of the base model holds only for profiles
 * that the catalogue sells it as: for any other, nobody has said what it costs.
 */
function operatorPrice(
  id: ParsedModelId,
  prices: OperatorPrices,
  isSold: boolean,
): Price | undefined {
  const names = [id.modelId, profileIdOf(id), ...(isSold ? [id.baseModelId] : [])];
  for (const name of names) {
    const price = prices.get(name);
    if (price !== undefined) return readable(name, price);
  }
  return undefined;
}

function readable(name: string, price: Price | MalformedPrice): Price {
  if (!('problem' in price)) return price;
  throw new HardcapError(
    'settings_malformed',
    `settings_malformed: the price item "${name}" cannot be read: ${price.field}: ` +
      `${price.problem}; correct or remove it`,
    { details: { item: `PRICE/${name}`, field: price.field } },
  );
}

/** The offer for this id in the called region; one that names the region goes first. */
function offerFor(
  { offers }: PricedRow,
  id: ParsedModelId,
  region: string | undefined,
): PricedOffer | undefined {
  // What is called in GovCloud has GovCloud's price, or none.
  const isGov = id.scope === 'gov' || region?.startsWith('us-gov-') === true;
  const soldAs = isGov ? 'us-gov' : (id.prefix ?? 'bare');
  const candidates = offers.filter(({ offer }) => offer.soldAs.includes(soldAs));
  return (
    candidates.find(({ offer }) => region !== undefined && offer.regions?.includes(region)) ??
    candidates.find(({ offer }) => offer.regions === undefined)
  );
}

function priceOffer(offer: Offer): PricedOffer {
  const { usd, longContext, priority, optimizedUsd, unitUsd } = offer;
  return {
    offer,
    price: {
      version: CATALOGUE_VERSION,
      tokens: usd === undefined ? NO_TOKEN_PRICES : tokenPrices(usd),
      ...(longContext && {
        longContext: {
          thresholdTokens: longContext.thresholdTokens,
          tokens: tokenPrices(longContext.usd),
        },
      }),
      ...(priority !== undefined && { priority: exactRatio(priority) }),
      ...(optimizedUsd !== undefined && { optimized: tokenPrices(optimizedUsd) }),
      units: { ...GUARDRAIL_PRICES, ...unitPrices(unitUsd ?? {}) },
    },
  };
}

/** Of a model that is billed by other units alone. */
const NO_TOKEN_PRICES: TokenPrices = { inputNanoUsdPerMillion: 0n, outputNanoUsdPerMillion: 0n };

function tokenPrices(usd: UsdPerMillion): TokenPrices {
  const [input, output, cacheRead, cacheWrite5m, cacheWrite1h] = usd;
  return {
    inputNanoUsdPerMillion: exactUsd(input),
    // An embedding has no output to be billed.
    outputNanoUsdPerMillion: output === '0' ? 0n : exactUsd(output),
    ...(cacheRead !== undefined && { cacheReadNanoUsdPerMillion: exactUsd(cacheRead) }),
    ...(cacheWrite5m !== undefined && { cacheWrite5mNanoUsdPerMillion: exactUsd(cacheWrite5m) }),
    ...(cacheWrite1h !== undefined && { cacheWrite1hNanoUsdPerMillion: exactUsd(cacheWrite1h) }),
  };
}

function unitPrices(usd: Readonly<Partial<Record<Unit, string>>>): UnitPrices {
  return Object.fromEntries(
    Object.entries(usd).map(([unit, amount]) => [unit, nanoUsd(exactUsd(amount))]),
  );
}

/** `1.75` is 175/100: nine decimals of it are whole billionths. */
const exactRatio = (text: string): Ratio => ({
  numerator: exactUsd(text),
  denominator: NANO_USD_PER_USD,
});

function exactUsd(text: string): bigint {
  const amount = parseUsd(text);
  if (amount === undefined || amount <= 0n) throw new RangeError(`not a price: "${text}"`);
  return amount;
}

function unknownModel(id: ParsedModelId, operatorPrices: OperatorPrices): HardcapError {
  const near = nearIds(id.baseModelId);
  const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`;
  const isPricedByOperator = [id.modelId, profileIdOf(id), id.baseModelId].some((name) =>
    operatorPrices.has(name),
  );
  const problem = isPricedByOperator
    ? 'a price is set for it, but hardcap does not know which family of models reads its requests'
    : 'this model is not in the catalogue';
  return notPriced(id.modelId, `${problem}, so it is refused${hint}`);
}

function notSold(id: ParsedModelId, row: CatalogueRow): HardcapError {
  const prefixes = new Set(row.offers.flatMap(({ soldAs }) => soldAs));
  const ids = [...prefixes].map((prefix) =>
    prefix === 'bare' ? row.baseModelId : `${prefix}.${row.baseModelId}`,
  );
  return notPriced(
    id.modelId,
    `this profile has no price; ask for one of ${ids.join(', ')}, or set a price item for ` +
      `"${profileIdOf(id)}"`,
  );
}

/** Base ids that begin like the asked one, the nearest first: to be shown, never to be used. */
function nearIds(asked: string): readonly string[] {
  return [...MODELS.keys()]
    .map((known) => ({ known, alike: commonPrefixLength(asked, known) }))
    .filter(({ alike }) => alike >= asked.length * NEAR_SHARE)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ known }) => known);
}

function commonPrefixLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
