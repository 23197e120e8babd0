/**
 * The two AWS interfaces that list Bedrock's prices, as sources in the order to read them.
 */
import { BedrockClient } from '@aws-sdk/client-bedrock';
import { PricingClient, type PricingClientConfig } from '@aws-sdk/client-pricing';
import type { PriceSource } from '../../ports/price-source.ts';
import { createAgreementOffers } from './agreement-offers.ts';
import { createPriceList } from './price-list.ts';

/** The Price List answers in few regions; all prices are in each of them. */
const PRICE_LIST_REGION = 'us-east-1';

export interface PriceSourceOptions {
  /** The region whose Bedrock is asked for offers. */
  readonly region: string;
  readonly profile?: string;
  /** Where both are asked in place of AWS; for tests on this machine. */
  readonly endpoint?: string;
  readonly credentials?: PricingClientConfig['credentials'];
}

/** Sources on clients of their own; `close` ends these. */
export function createAwsPriceSources(options: PriceSourceOptions) {
  const { region, profile, endpoint, credentials } = options;
  const shared = {
    ...(profile === undefined ? {} : { profile }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const bedrock = new BedrockClient({ ...shared, region });
  const pricing = new PricingClient({ ...shared, region: PRICE_LIST_REGION });
  const sources: readonly PriceSource[] = [
    createPriceList(pricing),
    createAgreementOffers(bedrock),
  ];
  const close = () => {
    bedrock.destroy();
    pricing.destroy();
  };
  return { sources, close };
}
