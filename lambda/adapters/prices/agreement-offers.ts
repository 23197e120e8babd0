/**
 * The public agreement offers of third-party models as a source: rate cards, by base model id.
 *
 * Invariant: nothing but a rate card's dimensions, units and prices leaves this file: an offer's
 *            token and the address of its terms are secrets for a time.
 * Not here:  Amazon's own models, which have no agreement: the price list has them.
 */
import {
  type BedrockClient,
  ListFoundationModelAgreementOffersCommand,
} from '@aws-sdk/client-bedrock';
import * as z from 'zod/mini';
import {
  type ListedLine,
  type PriceListing,
  parseDimension,
  perMillionTokens,
  regionOfCode,
  type UnmappedRow,
} from '../../domain/price-listing.ts';
import type { ModelToList, PriceSource } from '../../ports/price-source.ts';
import { thirdPartyRow } from './price-list-names.ts';
import { sourceFailure } from './source-failure.ts';

/** One part: a few seconds of calls, one after another. */
const MODELS_A_PART = 10;
const MAX_NAME_CHARACTERS = 128;
/** Vendors whose models are sold by AWS itself. */
const WITHOUT_AGREEMENT = new Set(['amazon']);

const RATE = z.object({
  dimension: z.string(),
  price: z.string(),
  unit: z.optional(z.string()),
  description: z.optional(z.string()),
});
type Rate = z.output<typeof RATE>;

/** Reads them with this client: the answer is the same in every region that has the model. */
export const createAgreementOffers = (client: Pick<BedrockClient, 'send'>): PriceSource => ({
  parts: (models, regions) =>
    batches(models.filter(({ vendor }) => !WITHOUT_AGREEMENT.has(vendor))).map((batch, index) => ({
      id: `agreement-offers/${index}/${batch[0]?.baseModelId ?? ''}`.slice(0, MAX_NAME_CHARACTERS),
      read: (signal) => readOffers(client, batch, regions, signal),
    })),
});

function batches(models: readonly ModelToList[]): (readonly ModelToList[])[] {
  const found: (readonly ModelToList[])[] = [];
  for (let at = 0; at < models.length; at += MODELS_A_PART) {
    found.push(models.slice(at, at + MODELS_A_PART));
  }
  return found;
}

async function readOffers(
  client: Pick<BedrockClient, 'send'>,
  models: readonly ModelToList[],
  regions: readonly string[],
  signal: AbortSignal,
): Promise<PriceListing> {
  const lines: ListedLine[] = [];
  const unmapped: UnmappedRow[] = [];
  for (const { baseModelId } of models) {
    const rates = await ratesOf(client, baseModelId, signal);
    if (rates === undefined) {
      unmapped.push({ name: baseModelId, why: 'has no public agreement offer' });
      continue;
    }
    for (const rate of rates) {
      const read = readRate(baseModelId, rate);
      if (read === undefined) continue;
      if ('why' in read) unmapped.push(read);
      else if (read.region === undefined || regions.includes(read.region)) lines.push(read);
    }
  }
  return { lines, unmapped };
}

/** Every rate of every public offer; undefined where the model has none. */
async function ratesOf(
  client: Pick<BedrockClient, 'send'>,
  modelId: string,
  signal: AbortSignal,
): Promise<readonly unknown[] | undefined> {
  try {
    const { offers = [] } = await client.send(
      new ListFoundationModelAgreementOffersCommand({ modelId, offerType: 'PUBLIC' }),
      { abortSignal: signal },
    );
    return offers.flatMap(({ termDetails }) => termDetails?.usageBasedPricingTerm?.rateCard ?? []);
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    // "Agreement not supported for this model", or a model that this account's region has not.
    if (name === 'ValidationException' || name === 'ResourceNotFoundException') return undefined;
    throw sourceFailure(`bedrock:ListFoundationModelAgreementOffers of ${modelId}`, error);
  }
}

/** A line, why it is none, or undefined where the rate is of no interest. */
export function readRate(baseModelId: string, rate: unknown): ListedLine | UnmappedRow | undefined {
  const parsed = RATE.safeParse(rate);
  if (!parsed.success) return { name: baseModelId, why: 'has a rate of no known form' };
  const { dimension, price, unit = '', description = '' }: Rate = parsed.data;
  const name = `${baseModelId}: ${dimension}`.slice(0, MAX_NAME_CHARACTERS);
  const read = parseDimension(dimension);
  if (read === undefined) return { name, why: 'is in no table' };
  const named = thirdPartyRow(baseModelId, read);
  if (named.kind !== 'line') return undefined;
  const region = read.regionCode === undefined ? undefined : regionOfCode(read.regionCode);
  if (read.regionCode !== undefined && region === undefined) {
    return { name, why: `is of a region that is not known: ${read.regionCode}` };
  }
  const nanoUsd = perMillionTokens(price, unit, description);
  if (nanoUsd === undefined) {
    return { name, why: `has a unit that is not known: "${unit.slice(0, MAX_NAME_CHARACTERS)}"` };
  }
  const { listedAs, line } = named;
  return { baseModelId, listedAs, line, nanoUsd, ...(region !== undefined && { region }) };
}
