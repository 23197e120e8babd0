/**
 * Bedrock's guardrails asked by themselves. They are no models; they stand here under names of
 * their own, so that caps, allow-lists and prices speak of them as of any model.
 */
import { GUARDRAIL_CHECK_PRICES, GUARDRAIL_PRICES } from '../guardrail.ts';
import { formatUsd } from '../money.ts';
import type { UnitPrices } from '../unit.ts';
import type { CatalogueRow, Offer } from './catalogue-row.ts';

/** What ApplyGuardrail is called in settings, prices and the journal. */
export const GUARDRAIL_ID = 'amazon.bedrock-guardrails';

/** What InvokeGuardrailChecks is called. */
export const GUARDRAIL_CHECKS_ID = 'amazon.bedrock-guardrail-checks';

/** A guardrail reads the whole request, and hardcap takes none of more bytes. */
const MAX_TEXT_TOKENS = 6 * 1024 * 1024;

const inUsd = (prices: UnitPrices): NonNullable<Offer['unitUsd']> =>
  Object.fromEntries(Object.entries(prices).map(([unit, price]) => [unit, formatUsd(price)]));

export const GUARDRAIL_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: GUARDRAIL_ID,
    vendor: 'amazon',
    family: 'guardrail',
    contextWindowTokens: MAX_TEXT_TOKENS,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: inUsd(GUARDRAIL_PRICES) }],
    sources: 'A med',
    note: 'As for a guardrail that a request to a model names. What an image costs is in no source.',
  },
  {
    baseModelId: GUARDRAIL_CHECKS_ID,
    vendor: 'amazon',
    family: 'guardrail-checks',
    contextWindowTokens: MAX_TEXT_TOKENS,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: inUsd(GUARDRAIL_CHECK_PRICES) }],
    sources: 'X low',
    note: 'One reading of the usage types GuardrailChecks-* of the price list, for us-east-1.',
  },
];
