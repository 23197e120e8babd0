/**
 * The AWS Price List as a source: one part for each of Bedrock's services in each region.
 *
 * Not here: what names mean (price-list-names.ts), and what is done with a price.
 */
import { GetProductsCommand, type PricingClient } from '@aws-sdk/client-pricing';
import * as z from 'zod/mini';
import { GUARDRAIL_CHECK_PRICES, GUARDRAIL_PRICES } from '../../domain/guardrail.ts';
import {
  type ListedLine,
  nanoUsdTimes,
  type PriceListing,
  perMillionTokens,
  type UnmappedRow,
} from '../../domain/price-listing.ts';
import type { Unit } from '../../domain/unit.ts';
import type { PriceSource } from '../../ports/price-source.ts';
import { nameOfRow } from './price-list-names.ts';
import { sourceFailure } from './source-failure.ts';

/** Guardrails were seen under the first, and are documented under the last: all are read. */
export const SERVICE_CODES = [
  'AmazonBedrock',
  'AmazonBedrockFoundationModels',
  'AmazonBedrockService',
] as const;

const PAGE_ROWS = 100;
/** Far more than a region has; a list without end must not hold a run. */
const MAX_PAGES = 100;
const MAX_NAME_CHARACTERS = 128;

const ROW = z.object({
  product: z.object({
    attributes: z.object({
      usagetype: z.string(),
      regionCode: z.optional(z.string()),
      servicename: z.optional(z.string()),
    }),
  }),
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.object({
        priceDimensions: z.record(
          z.string(),
          z.object({
            unit: z.string(),
            description: z.optional(z.string()),
            pricePerUnit: z.object({ USD: z.string() }),
          }),
        ),
      }),
    ),
  }),
});

/** Reads it with this client, which must be of a region that has the Price List (us-east-1). */
export const createPriceList = (client: Pick<PricingClient, 'send'>): PriceSource => ({
  parts: (_models, regions) =>
    regions.flatMap((region) =>
      SERVICE_CODES.map((serviceCode) => ({
        id: `price-list/${serviceCode}/${region}`,
        read: (signal) => readService(client, serviceCode, region, signal),
      })),
    ),
});

async function readService(
  client: Pick<PricingClient, 'send'>,
  serviceCode: string,
  region: string,
  signal: AbortSignal,
): Promise<PriceListing> {
  const lines: ListedLine[] = [];
  const unmapped: UnmappedRow[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client
      .send(
        new GetProductsCommand({
          ServiceCode: serviceCode,
          FormatVersion: 'aws_v1',
          MaxResults: PAGE_ROWS,
          Filters: [{ Type: 'TERM_MATCH', Field: 'regionCode', Value: region }],
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        }),
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        throw sourceFailure(`pricing:GetProducts of ${serviceCode} in ${region}`, error);
      });
    for (const text of answer.PriceList ?? []) {
      const read = readRow(String(text), region);
      if (read === undefined) continue;
      if ('why' in read) unmapped.push(read);
      else lines.push(read);
    }
    nextToken = answer.NextToken;
    if (nextToken === undefined || nextToken === '') return { lines, unmapped };
  }
  throw new Error(`${serviceCode} in ${region} has more than ${MAX_PAGES} pages`);
}

/** A line, why it is none, or undefined where the row is of no interest. */
export function readRow(text: string, region: string): ListedLine | UnmappedRow | undefined {
  const parsed = ROW.safeParse(parseJson(text));
  if (!parsed.success) return { name: '(a row)', why: 'is not of the form of a price list' };
  const { usagetype, servicename, regionCode } = parsed.data.product.attributes;
  const name = rowName(usagetype, servicename);
  if (regionCode !== undefined && regionCode !== region) {
    return { name, why: `is of another region than ${region}` };
  }
  const named = nameOfRow(usagetype, servicename);
  if (named === undefined) return { name, why: 'is in no table' };
  if (named.kind === 'other-tier') return undefined;
  const dimensions = Object.values(parsed.data.terms.OnDemand).flatMap(({ priceDimensions }) =>
    Object.values(priceDimensions),
  );
  const [dimension, ...more] = dimensions;
  if (dimension === undefined || more.length > 0) {
    return { name, why: `has ${dimensions.length} prices in place of one` };
  }
  const { unit, description = '', pricePerUnit } = dimension;
  if (named.kind === 'guardrail') return guardrailRow(name, named.unit, pricePerUnit.USD, unit);
  const nanoUsd = perMillionTokens(pricePerUnit.USD, unit, description);
  if (nanoUsd === undefined) {
    return { name, why: `has a unit that is not known: "${unit.slice(0, MAX_NAME_CHARACTERS)}"` };
  }
  const { baseModelId, listedAs, line } = named;
  return { baseModelId, listedAs, region, line, nanoUsd };
}

/**
 * Guardrail prices come with the release, as they go by no model: a dearer one is told, and until
 * then price items can hold it.
 */
function guardrailRow(
  name: string,
  unit: Unit,
  price: string,
  textUnit: string,
): UnmappedRow | undefined {
  const isEach = /^text ?units?$/i.test(textUnit);
  const listed = isEach ? nanoUsdTimes(price, 1n) : undefined;
  if (listed === undefined) return { name, why: 'has a unit that is not known' };
  const ours = GUARDRAIL_PRICES[unit] ?? GUARDRAIL_CHECK_PRICES[unit] ?? 0n;
  if (listed <= ours) return undefined;
  return { name, why: `is dearer than "${unit}" in this release: raise it in price items` };
}

const rowName = (usageType: string, serviceName: string | undefined): string =>
  (serviceName === undefined ? usageType : `${serviceName}: ${usageType}`).slice(
    0,
    MAX_NAME_CHARACTERS,
  );

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
