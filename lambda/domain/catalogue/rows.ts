/**
 * The models and their prices, as data to be read in a diff: US dollars per million tokens.
 *
 * Source:    the AWS Price List and rate cards as stored copies gave them up to 2026-09-26,
 *            compared on 2026-11-23; where copies differ, the higher figure stands.
 * Invariant: one row a base model, and only ids that a source prices. Nothing is carried over from
 *            one model or profile to another but what a `note` says.
 */
import type { CatalogueRow } from './catalogue-row.ts';

/** The version of every price that is made from these rows. */
export const CATALOGUE_VERSION = 'catalogue-2026-11-23';

// In-region and geo prices of these are 1.1 times the global price, and GovCloud's are 1.2 times.
const ANTHROPIC: readonly CatalogueRow[] = [
  {
    baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['1', '5', '0.1', '1.25', '2'] },
      {
        soldAs: ['bare', 'us', 'eu', 'apac', 'jp', 'au'],
        usd: ['1.1', '5.5', '0.11', '1.375', '2.2'],
      },
    ],
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      {
        soldAs: ['global'],
        usd: ['3', '15', '0.3', '3.75', '6'],
        longContext: { thresholdTokens: 200_000, usd: ['6', '22.5', '0.6', '7.5', '12'] },
      },
      {
        soldAs: ['bare', 'us', 'eu', 'jp', 'au'],
        usd: ['3.3', '16.5', '0.33', '4.125', '6.6'],
        longContext: { thresholdTokens: 200_000, usd: ['6.6', '24.75', '0.66', '8.25', '13.2'] },
      },
      {
        soldAs: ['us-gov'],
        usd: ['3.6', '18', '0.36', '4.5', '7.2'],
        longContext: { thresholdTokens: 200_000, usd: ['7.2', '27', '0.72', '9', '14.4'] },
      },
    ],
    note: 'The window is the 1M beta. Its cache prices are twice the others, as its input is.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-6',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['3', '15', '0.3', '3.75', '6'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['3.3', '16.5', '0.33', '4.125', '6.6'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-opus-4-5-20251101-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-opus-4-6-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-opus-4-7',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-opus-4-8',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-sonnet-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['2', '10', '0.2', '2.5', '4'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['2.2', '11', '0.22', '2.75', '4.4'] },
      { soldAs: ['us-gov'], usd: ['2.4', '12', '0.24', '3', '4.8'] },
    ],
    note: 'A rise to 3/15 (global) was announced and not seen by 2026-09-26: check it first.',
  },
  {
    baseModelId: 'anthropic.claude-opus-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
  },
  {
    baseModelId: 'anthropic.claude-sonnet-5-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['2', '10', '0.2', '2.5', '4'] },
      { soldAs: ['us', 'eu'], usd: ['2.2', '11', '0.22', '2.75', '4.4'] },
    ],
    note:
      'No source gives the window, the output maximum (both as Sonnet 5) or the cache prices of ' +
      'us and eu (1.1 times the global ones).',
  },
  {
    baseModelId: 'anthropic.claude-opus-5-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['4', '20', '0.2', '5', '8'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['4.4', '22', '0.22', '5.5', '8.8'] },
    ],
    note: 'No source gives the output maximum: it is the one of Opus 5.',
  },
  {
    baseModelId: 'anthropic.claude-fable-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['10', '50', '1', '12.5', '20'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['11', '55', '1.1', '13.75', '22'] },
    ],
  },
];

const UNCONFIRMED_CACHE_WRITES =
  'One source lists cache writes at twice the input price; no other confirms it.';

// A Nova price depends on the region that is called. The sources name it for us-east-1 and for the
// us profile, and else give only the dearest of all regions: it stands for every other region.
// A cache read costs a quarter of the input price, a cache write as much as input.
const AMAZON: readonly CatalogueRow[] = [
  {
    baseModelId: 'amazon.nova-micro-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 128_000,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['us'], usd: ['0.035', '0.14', '0.00875', '0.035'] },
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.035', '0.14', '0.00875', '0.035'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.056', '0.224', '0.014', '0.056'] },
    ],
    note: UNCONFIRMED_CACHE_WRITES,
  },
  {
    baseModelId: 'amazon.nova-lite-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 300_000,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['us'], usd: ['0.06', '0.24', '0.015', '0.06'] },
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.06', '0.24', '0.015', '0.06'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.096', '0.384', '0.024', '0.096'] },
    ],
    note: UNCONFIRMED_CACHE_WRITES,
  },
  {
    baseModelId: 'amazon.nova-pro-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 300_000,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['us'], usd: ['0.8', '3.2', '0.2', '0.8'] },
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.8', '3.2', '0.2', '0.8'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['1.28', '5.21', '0.32', '1.28'] },
    ],
    note: UNCONFIRMED_CACHE_WRITES,
  },
  {
    baseModelId: 'amazon.nova-2-lite-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['us'], usd: ['0.33', '2.75', '0.0825', '0.33'] },
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.3', '2.5', '0.075', '0.3'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.528', '4.411', '0.132', '0.528'] },
      { soldAs: ['global'], regions: ['us-east-1'], usd: ['0.3', '2.5', '0.075', '0.3'] },
      { soldAs: ['global'], usd: ['0.481', '4.1', '0.12025', '0.481'] },
    ],
  },
];

/** Every model that hardcap can price by itself. */
export const CATALOGUE_ROWS: readonly CatalogueRow[] = [...ANTHROPIC, ...AMAZON];
