/**
 * The models that hardcap can price: which family reads their requests, their bounds and price.
 *
 * Invariant: a model is found by its exact id, or refused; a sibling's price is never used.
 * Not here:  the figures (catalogue/).
 */
import type { CatalogueRow, FamilyName } from './catalogue/catalogue-row.ts';
import { type PricedOffer, type PricedRow, priceRow } from './catalogue/priced-row.ts';
import { CATALOGUE_ROWS, CATALOGUE_VERSION } from './catalogue/rows.ts';
import { HardcapError } from './errors.ts';
import {
  hidesItsModel,
  notPriced,
  type ParsedModelId,
  parseModelId,
  partsOf,
  profileIdOf,
  regionOfArn,
} from './model-id.ts';
import { dearerPrice, type MalformedPrice, type ModelBounds, type Price } from './price.ts';
import type { ProfileModel } from './profile-model.ts';

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

const MAX_SUGGESTIONS = 3;

/** An id is near another when they begin alike for this share of the asked id's length. */
const NEAR_SHARE = 0.75;

const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(
  CATALOGUE_ROWS.map((row) => [row.baseModelId, row]),
);

/** The rows that were asked for: making the prices of all takes longer than reading them. */
const priced = new Map<string, PricedRow>();

function pricedRow(baseModelId: string): PricedRow | undefined {
  const known = priced.get(baseModelId);
  const row = ROWS.get(baseModelId);
  if (known !== undefined || row === undefined) return known;
  const made = priceRow(row, CATALOGUE_VERSION);
  priced.set(baseModelId, made);
  return made;
}

/**
 * The model of this id, at the operator's price where there is one (set for the id as asked for,
 * else for the profile in an ARN, else for the base model), else at the catalogue's. An operator's
 * price that tells the model's family and bounds serves exactly the id or ARN that it is set for.
 *
 * @param region the region that is called. Where it is not given, a price that depends on the
 *        region is the dearest one.
 * @param profile the model behind an application inference profile, where `modelId` is the ARN of
 *        one: of what it may be billed as, the dearest holds.
 * @throws HardcapError `model_not_priced` (the id is not one that can be priced),
 *         `settings_malformed` (the operator's price item that would hold cannot be read)
 */
export function findModel(
  modelId: string,
  operatorPrices: OperatorPrices,
  region?: string,
  profile?: ProfileModel,
): Model {
  refuseOtherRegion(modelId, region);
  const own = operatorsModel(modelId, operatorPrices);
  if (own !== undefined) return own;
  const ids: SomeIds =
    profile === undefined ? [parseModelId(modelId)] : idsOfProfile(modelId, profile);
  const known = pricedRow(ids[0].baseModelId);
  if (known === undefined) throw unknownModel(ids[0], operatorPrices);
  const { id, price } = dearestOf(known, ids, region, operatorPrices);
  const { baseModelId, vendor, family, contextWindowTokens, maxOutputTokens } = known.row;
  if (family === undefined) throw notPriced(modelId, known.row.unserved ?? 'it is not served');
  if (price === undefined) throw notSold(id, known.row);
  const bounds = { family, contextWindowTokens, maxOutputTokens };
  refuseWithoutPrice(modelId, price, bounds);
  return {
    modelId,
    baseModelId,
    profileId: profileIdOf(id),
    vendor,
    price: { modelId, ...price },
    ...bounds,
  };
}

/** Whether an id, or an ARN of one, is of a model in the catalogue. */
export function isKnownModelId(modelId: string): boolean {
  try {
    return ROWS.has(parseModelId(modelId).baseModelId);
  } catch {
    return false;
  }
}

/** The price is that of the called region, and Bedrock serves an ARN in its own region alone. */
function refuseOtherRegion(modelId: string, region: string | undefined): void {
  const named = regionOfArn(modelId);
  if (region === undefined || named === undefined || named === region) return;
  throw notPriced(modelId, `this ARN is of the region ${named}, but ${region} is called`);
}

/** The model that an operator's price describes; it may be one that nobody else knows. */
function operatorsModel(modelId: string, prices: OperatorPrices): Model | undefined {
  const item = prices.get(modelId);
  // Nobody can bound what a stored prompt sends, so that no price of one holds.
  if (item === undefined || hidesItsModel(modelId)) return undefined;
  const price = readable(modelId, item);
  if (price.model === undefined) return undefined;
  refuseWithoutPrice(modelId, price, price.model);
  return { modelId, ...namesOf(modelId), price, ...price.model };
}

/** By what selectors know an id: one that is in no list, by itself and by its kind of ARN. */
export function namesOf(modelId: string): Pick<Model, 'baseModelId' | 'profileId' | 'vendor'> {
  try {
    const id = parseModelId(modelId);
    const vendor = id.baseModelId.slice(0, id.baseModelId.indexOf('.'));
    return { baseModelId: id.baseModelId, profileId: profileIdOf(id), vendor };
  } catch {
    const kind = /^arn:(?:[^:]*:){4}([^/:]+)/.exec(modelId)?.[1] ?? 'custom';
    return { baseModelId: modelId, profileId: modelId, vendor: kind };
  }
}

/** @throws HardcapError where a line that the model is billed by is zero, unless marked free */
function refuseWithoutPrice(
  modelId: string,
  price: Omit<Price, 'modelId'>,
  { maxOutputTokens }: ModelBounds,
): void {
  if (price.free === true) return;
  const { inputNanoUsdPerMillion: input, outputNanoUsdPerMillion: output } = price.tokens;
  const writes = maxOutputTokens > 0;
  const isByUnitsAlone = input === 0n && output === 0n && !writes && price.units !== undefined;
  if (isByUnitsAlone || (input > 0n && (output > 0n || !writes))) return;
  throw notPriced(modelId, 'its price is zero; set what it costs, or mark it free');
}

type SomeIds = readonly [ParsedModelId, ...ParsedModelId[]];

function idsOfProfile(arn: string, { baseModelId, soldAs }: ProfileModel): SomeIds {
  const [first = 'bare', ...rest] = soldAs;
  const idOf = (prefix: (typeof soldAs)[number]) =>
    partsOf(arn, prefix === 'bare' ? undefined : prefix, baseModelId);
  return [idOf(first), ...rest.map(idOf)];
}

/** An id and the price that holds for it; absent where it is not sold and nobody set one. */
interface PricedId {
  readonly id: ParsedModelId;
  readonly price?: PricedOffer['price'];
}

/** The id that is the dearest in the called region, by the prices that hold. */
function dearestOf(
  known: PricedRow,
  [first, ...others]: SomeIds,
  region: string | undefined,
  prices: OperatorPrices,
): PricedId {
  const priced = (id: ParsedModelId): PricedId => {
    const offer = offerFor(known, id, region);
    const price = priceThatHolds(operatorPrice(id, prices, offer !== undefined), offer);
    return { id, ...(price !== undefined && { price }) };
  };
  // A free one has the rank of zero: it holds only where every id is free.
  const rank = ({ price }: PricedId): bigint =>
    price === undefined
      ? -1n
      : price.tokens.inputNanoUsdPerMillion + price.tokens.outputNanoUsdPerMillion;
  return others
    .map(priced)
    .reduce((best, next) => (rank(next) > rank(best) ? next : best), priced(first));
}

/** A refreshed price that nobody approved makes the catalogue's dearer and never cheaper. */
function priceThatHolds(
  set: Price | undefined,
  offer: PricedOffer | undefined,
): PricedOffer['price'] | undefined {
  const isTaken = set?.refreshed === 'taken' && offer !== undefined;
  return isTaken ? dearerPrice(offer.price, set) : (set ?? offer?.price);
}

/**
 * The family of a model by its id alone; undefined where the catalogue does not tell it. Never
 * throws.
 */
export function familyNameOf(modelId: string): FamilyName | undefined {
  try {
    return ROWS.get(parseModelId(modelId).baseModelId)?.family;
  } catch {
    return undefined;
  }
}

/**
 * The operator's price that holds for this id, else the refreshed one of exactly it. A price of
 * the base model holds only for profiles that the catalogue sells it as: for any other, nobody has
 * said what it costs.
 */
function operatorPrice(
  id: ParsedModelId,
  prices: OperatorPrices,
  isSold: boolean,
): Price | undefined {
  const names = [id.modelId, profileIdOf(id), ...(isSold ? [id.baseModelId] : [])];
  const isOfOperator = (name: string): boolean => {
    const price = prices.get(name);
    return price !== undefined && ('problem' in price || price.refreshed === undefined);
  };
  const name = names.find(isOfOperator) ?? profileIdOf(id);
  const price = prices.get(name);
  return price === undefined ? undefined : readable(name, price);
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

function unknownModel(id: ParsedModelId, operatorPrices: OperatorPrices): HardcapError {
  const near = nearIds(id.baseModelId);
  const hint = near.length === 0 ? '' : `; near it are ${near.join(', ')}`;
  const isPricedByOperator = [id.modelId, profileIdOf(id), id.baseModelId].some((name) =>
    operatorPrices.has(name),
  );
  const problem = isPricedByOperator
    ? 'a price is set for it, but hardcap does not know which family of models reads its ' +
      'requests: set it for exactly this id, with its family, context window and output maximum'
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
  return [...ROWS.keys()]
    .map((known) => ({ known, alike: commonPrefixLength(hyphened(asked), hyphened(known)) }))
    .filter(({ alike }) => alike >= asked.length * NEAR_SHARE)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ known }) => known);
}

/** `claude-opus-4.1` is the commonest slip for `claude-opus-4-1`. */
const hyphened = (id: string): string => id.replaceAll(/[._]/g, '-');

function commonPrefixLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
