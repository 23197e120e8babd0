/**
 * The AWS price interfaces as sources: pages, absent offers, failures, and what never gets out.
 */
import {
  AccessDeniedException,
  BedrockClient,
  ListFoundationModelAgreementOffersCommand,
  ValidationException,
} from '@aws-sdk/client-bedrock';
import { GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { createAgreementOffers } from '../../lambda/adapters/prices/agreement-offers.ts';
import { createPriceList, SERVICE_CODES } from '../../lambda/adapters/prices/price-list.ts';
import {
  marketplaceRow,
  OFFER_TOKEN,
  offersAnswer,
  priceListRow,
  rate,
  TERMS_URL,
} from '../fixtures/prices/listed-rows.ts';

const config = { region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'y' } };
const bedrock = new BedrockClient(config);
const pricing = new PricingClient(config);
const bedrockMock = mockClient(bedrock);
const pricingMock = mockClient(pricing);
const SIGNAL = new AbortController().signal;
const SONNET = 'anthropic.claude-sonnet-4-6';

beforeEach(() => {
  bedrockMock.reset();
  pricingMock.reset();
});

const model = (baseModelId: string) => ({
  baseModelId,
  vendor: baseModelId.slice(0, baseModelId.indexOf('.')),
});

describe('the price list', () => {
  const parts = createPriceList(pricing).parts([], ['us-east-1', 'eu-west-1']);

  test('has a part for each of the three services in each region', () => {
    expect(parts.map(({ id }) => id)).toEqual(
      ['us-east-1', 'eu-west-1'].flatMap((region) =>
        SERVICE_CODES.map((code) => `price-list/${code}/${region}`),
      ),
    );
  });

  test('is read page by page, of one region, into lines and what is unmapped', async () => {
    pricingMock
      .on(GetProductsCommand)
      .resolvesOnce({
        PriceList: [priceListRow({ usagetype: 'USE1-NovaLite-input-tokens', usd: '0.00006' })],
        NextToken: 'next',
      })
      .resolvesOnce({
        PriceList: [
          marketplaceRow('USE1_OutputTokenCount', '16.5', 'Million Output Tokens'),
          priceListRow({ usagetype: 'USE1-Unheard-of', usd: '1' }),
          priceListRow({ usagetype: 'USE1-NovaLite-input-tokens-batch', usd: '0.00003' }),
        ],
      });

    const listing = await parts[0]?.read(SIGNAL);

    expect(listing?.lines.map(({ baseModelId, line }) => `${baseModelId} ${line}`)).toEqual([
      'amazon.nova-lite-v1:0 input',
      `${SONNET} output`,
    ]);
    expect(listing?.unmapped).toEqual([{ name: 'USE1-Unheard-of', why: 'is in no table' }]);
    const [, second] = pricingMock.commandCalls(GetProductsCommand);
    expect(second?.args[0].input).toMatchObject({
      ServiceCode: 'AmazonBedrock',
      NextToken: 'next',
      Filters: [{ Type: 'TERM_MATCH', Field: 'regionCode', Value: 'us-east-1' }],
    });
  });

  test('that never ends is given up', async () => {
    pricingMock.on(GetProductsCommand).resolves({ PriceList: [], NextToken: 'again' });

    await expect(parts[0]?.read(SIGNAL)).rejects.toThrow('more than 100 pages');
  });

  test('that cannot be read says what was asked', async () => {
    pricingMock.on(GetProductsCommand).rejects(new Error(`no (${TERMS_URL})`));

    await expect(parts[0]?.read(SIGNAL)).rejects.toThrow(
      /^pricing:GetProducts of AmazonBedrock in us-east-1: Error: no \(\(address\)/,
    );
  });
});

describe('agreement offers', () => {
  const partsOf = (...ids: string[]) =>
    createAgreementOffers(bedrock).parts(ids.map(model), ['us-east-1']);

  test('are asked of third-party models by their base ids, ten a part', () => {
    const ids = Array.from({ length: 12 }, (_, index) => `acme.m${index}`);

    expect(partsOf(...ids, 'amazon.nova-lite-v1:0').map(({ id }) => id)).toEqual([
      'agreement-offers/0/acme.m0',
      'agreement-offers/1/acme.m10',
    ]);
  });

  test('give the rate card of the called regions, and neither token nor address', async () => {
    bedrockMock
      .on(ListFoundationModelAgreementOffersCommand, { modelId: SONNET, offerType: 'PUBLIC' })
      .resolves(
        offersAnswer(SONNET, [
          rate('USE1_InputTokenCount', '3.3'),
          rate('USE1_CacheWrite1hInputTokenCount_Global', '6', 'Million Cache Write Input Tokens'),
          rate('USW2_InputTokenCount', '3.3'),
          rate('USE1_InputTokenCount_Batch', '1.65'),
          rate('USE1_Unheard', '1'),
        ]),
      );

    const listing = await partsOf(SONNET)[0]?.read(SIGNAL);

    expect(listing?.lines).toMatchObject([
      { line: 'input', listedAs: ['bare', 'geo'], region: 'us-east-1' },
      { line: 'cache-write-1h', listedAs: ['global'], region: 'us-east-1' },
    ]);
    expect(listing?.unmapped).toEqual([{ name: `${SONNET}: USE1_Unheard`, why: 'is in no table' }]);
    const shown = JSON.stringify(listing, (_name, value) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(shown).not.toContain(OFFER_TOKEN);
    expect(shown).not.toContain('X-Amz-Signature');
  });

  test('that a model has not are told, and keep no other from being read', async () => {
    bedrockMock
      .on(ListFoundationModelAgreementOffersCommand, { modelId: 'acme.free' })
      .rejects(
        new ValidationException({
          message: 'Agreement not supported for this model',
          $metadata: {},
        }),
      )
      .on(ListFoundationModelAgreementOffersCommand, { modelId: SONNET })
      .resolves(offersAnswer(SONNET, [rate('USE1_InputTokenCount', '3.3')]));

    const listing = await partsOf('acme.free', SONNET)[0]?.read(SIGNAL);

    expect(listing?.lines).toHaveLength(1);
    expect(listing?.unmapped).toEqual([
      { name: 'acme.free', why: 'has no public agreement offer' },
    ]);
  });

  test('that may not be asked for fail, naming the action', async () => {
    bedrockMock
      .on(ListFoundationModelAgreementOffersCommand)
      .rejects(new AccessDeniedException({ message: 'not authorized', $metadata: {} }));

    await expect(partsOf(SONNET)[0]?.read(SIGNAL)).rejects.toThrow(
      `bedrock:ListFoundationModelAgreementOffers of ${SONNET}: AccessDeniedException`,
    );
  });
});
