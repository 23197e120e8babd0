/**
 * Amazon's own models: Nova, Titan and rerank.
 *
 * A price depends on the region that is called. The lists name it for us-east-1 and for the us
 * profile, and else give only the dearest of all regions: it stands for every other region and for
 * the profiles of other continents. Cached prices there are in proportion to input, rounded up. A
 * Nova cache read costs a quarter of the input price, and a write no less than input.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const AMAZON_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'amazon.nova-2-lite-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global', 'bare'], regions: ['us-east-1'], usd: ['0.3', '2.5', '0.075', '0.3'] },
      { soldAs: ['global'], usd: ['0.481', '4.1', '0.12025', '0.481'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.528', '4.411', '0.132', '0.528'] },
      { soldAs: ['us'], usd: ['0.33', '2.75', '0.0825', '0.33'] },
    ],
    sources: 'global: A+G+L high; bare: A+L high; us: G+L med; eu apac: A med',
    note:
      "A's us-east-1 row has 0.30/2.50 for the us profile too; G and L have 0.33/2.75, the " +
      'higher.',
  },
  {
    baseModelId: 'amazon.nova-2-multimodal-embeddings-v1:0',
    vendor: 'amazon',
    family: 'nova-embed',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.135', '0'], unitUsd: { 'read-image': '0.0006' } }],
    sources: 'A+L high',
    note:
      'L has 0.00006 an image; one read as a document costs 0.0006, from memory. Video ' +
      '(0.0007 a second) and audio (0.00014) have no unit here, so they are not priced.',
  },
  {
    baseModelId: 'amazon.nova-2-omni-v1:0',
    vendor: 'amazon',
    unserved:
      'it answers with images and hears speech too, which no source prices, so that its ' +
      'requests cannot be bounded',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.3', '2.8'] },
      { soldAs: ['bare'], usd: ['0.4', '3.5'] },
    ],
    sources: 'A med',
    note: 'Its text costs 0.3/2.8 in us-east-1, up to 0.4/3.5 elsewhere (A).',
  },
  {
    baseModelId: 'amazon.nova-2-pro-preview-20251202-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['bare', 'us', 'eu', 'apac'], usd: ['2.1875', '17.5', '0.546875', '2.1875'] },
    ],
    sources: 'L low',
    note: 'A has 1.375/11 for us-east-1 and up to 1.771/14.124; L has 2.1875/17.5, the highest.',
  },
  {
    baseModelId: 'amazon.nova-2-sonic-v1:0',
    vendor: 'amazon',
    unserved: 'it is served by the bidirectional operation alone, which hardcap does not pass on',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.33', '2.75'] },
      { soldAs: ['bare'], usd: ['0.396', '3.311'] },
    ],
    sources: 'A+G high',
    note: 'The prices are those of text; speech costs 3 a million tokens heard and 12 spoken.',
  },
  {
    baseModelId: 'amazon.nova-canvas-v1:0',
    vendor: 'amazon',
    family: 'titan-image',
    contextWindowTokens: 2_600,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare', 'us'], unitUsd: { 'made-image': '0.08' } }],
    sources: 'L med',
    note:
      'L has 0.06; large images of premium quality cost 0.08 by the price page as others ' +
      'quote it, the highest of its four prices.',
  },
  {
    baseModelId: 'amazon.nova-lite-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 307_200,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.06', '0.24', '0.015', '0.06'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.096', '0.384', '0.024', '0.096'] },
      { soldAs: ['us'], usd: ['0.06', '0.24', '0.015', '0.06'] },
    ],
    sources: 'bare: A+G+P+L+M high; us: A+G+L high; eu: L low; apac: A med',
    note: 'P has cache writes at twice the input price; no other list confirms it.',
  },
  {
    baseModelId: 'amazon.nova-micro-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 131_072,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.035', '0.14', '0.00875', '0.035'] },
      { soldAs: ['bare', 'eu', 'apac'], usd: ['0.056', '0.224', '0.014', '0.056'] },
      { soldAs: ['us'], usd: ['0.035', '0.14', '0.00875', '0.035'] },
    ],
    sources: 'bare: A+G+P+L+M high; us: A+G+L high; eu: L low; apac: A med',
    note: 'P has cache writes at twice the input price; no other list confirms it.',
  },
  {
    baseModelId: 'amazon.nova-premier-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['bare'], usd: ['2.5', '12.5'] },
      { soldAs: ['us'], usd: ['2.5', '12.5', '0.625', '2.5'] },
    ],
    sources: 'bare: A med; us: A+G+L high',
    note: 'The bare id is of A alone, which has no cache prices: all its input is billed as input.',
  },
  {
    baseModelId: 'amazon.nova-pro-v1',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 307_200,
    maxOutputTokens: 10_000,
    offers: [{ soldAs: ['us'], usd: ['0.8', '3.2', '0.2', '0.8'] }],
    sources: 'G+P high',
    note:
      'G and P spell the us profile of amazon.nova-pro-v1:0 so. No source gives the output ' +
      'maximum: a request that names none gets the 10,000 of that model.',
  },
  {
    baseModelId: 'amazon.nova-pro-v1:0',
    vendor: 'amazon',
    family: 'nova',
    contextWindowTokens: 307_200,
    maxOutputTokens: 10_000,
    offers: [
      {
        soldAs: ['bare'],
        regions: ['us-east-1'],
        usd: ['0.8', '3.2', '0.2', '0.8'],
        optimizedUsd: ['1', '4', '0.25', '1'],
      },
      {
        soldAs: ['bare', 'eu', 'apac'],
        usd: ['1.28', '5.21', '0.32', '1.28'],
        optimizedUsd: ['1.6', '6.5125', '0.4', '1.6'],
      },
      { soldAs: ['us'], usd: ['0.8', '3.2', '0.2', '0.8'], optimizedUsd: ['1', '4', '0.25', '1'] },
    ],
    sources: 'bare: A+G+P+L+M high; us: A+G+L high; eu: L low; apac: A med',
    note: 'P has cache writes at twice the input price; no other list confirms it.',
  },
  {
    baseModelId: 'amazon.nova-reel-v1:0',
    vendor: 'amazon',
    unserved: 'it is served by asynchronous calls alone, which hardcap does not pass on',
    contextWindowTokens: 1_024,
    maxOutputTokens: 0,
    offers: [],
    sources: 'none low',
    note: '0.08 a second of video, from memory.',
  },
  {
    baseModelId: 'amazon.nova-reel-v1:1',
    vendor: 'amazon',
    unserved: 'it is served by asynchronous calls alone, which hardcap does not pass on',
    contextWindowTokens: 1_024,
    maxOutputTokens: 0,
    offers: [],
    sources: 'none low',
    note: '0.08 a second of video, from memory.',
  },
  {
    baseModelId: 'amazon.nova-sonic-v1:0',
    vendor: 'amazon',
    unserved: 'it is served by the bidirectional operation alone, which hardcap does not pass on',
    contextWindowTokens: 307_200,
    maxOutputTokens: 10_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.06', '0.24'] },
      { soldAs: ['bare'], usd: ['0.072', '0.288'] },
    ],
    sources: 'A+G high',
    note: 'The prices are those of text; speech costs 3.4 a million tokens heard and 13.6 spoken.',
  },
  {
    baseModelId: 'amazon.rerank-v1:0',
    vendor: 'amazon',
    family: 'rerank',
    contextWindowTokens: 32_768,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: { 'search-unit': '0.001' } }],
    sources: 'L med',
    note: 'One search unit is a query with up to 100 documents.',
  },
  {
    baseModelId: 'amazon.titan-embed-g1-text-02',
    vendor: 'amazon',
    family: 'titan-embed',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.1', '0'] }],
    sources: 'L low',
    note: 'P has 0.02, L 0.1: the higher.',
  },
  {
    baseModelId: 'amazon.titan-embed-image-v1',
    vendor: 'amazon',
    family: 'titan-embed',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.8', '0'], unitUsd: { 'read-image': '0.00006' } }],
    sources: 'L low',
    note:
      "P's 5/25 look like a slip of units. Of its text, L's window is 128 tokens; the bound " +
      'is a larger one.',
  },
  {
    baseModelId: 'amazon.titan-embed-text-v1',
    vendor: 'amazon',
    family: 'titan-embed',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.1', '0'] },
      { soldAs: ['bare'], usd: ['0.2', '0'] },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'amazon.titan-embed-text-v2:0',
    vendor: 'amazon',
    family: 'titan-embed',
    contextWindowTokens: 8_192,
    maxOutputTokens: 0,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.02', '0'] },
      { soldAs: ['bare'], usd: ['0.2', '0'] },
    ],
    sources: 'A+P+L high',
    note: "A's 0.2 in other regions is ten times the price of us-east-1: real, or a slip of units.",
  },
  {
    baseModelId: 'amazon.titan-image-generator-v1',
    vendor: 'amazon',
    family: 'titan-image',
    contextWindowTokens: 1_024,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: { 'made-image': '0.012' } }],
    sources: 'L med',
    note:
      'L has 0.008, the lowest of four prices; larger images of premium quality cost 0.012 ' +
      'by a copy of the price page.',
  },
  {
    baseModelId: 'amazon.titan-image-generator-v2',
    vendor: 'amazon',
    family: 'titan-image',
    contextWindowTokens: 1_024,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: { 'made-image': '0.012' } }],
    sources: 'L med',
    note: 'As v2:0; L alone has this spelling.',
  },
  {
    baseModelId: 'amazon.titan-image-generator-v2:0',
    vendor: 'amazon',
    family: 'titan-image',
    contextWindowTokens: 1_024,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: { 'made-image': '0.012' } }],
    sources: 'L med',
    note:
      'L has 0.008, the lowest of four prices; larger images of premium quality cost 0.012 ' +
      'by a copy of the price page.',
  },
  {
    baseModelId: 'amazon.titan-text-express-v1',
    vendor: 'amazon',
    family: 'titan-text',
    contextWindowTokens: 43_008,
    maxOutputTokens: 8_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.2', '0.6'] },
      { soldAs: ['bare'], usd: ['1', '1.9'] },
    ],
    sources: 'A+G+P high',
  },
  {
    baseModelId: 'amazon.titan-text-lite-v1',
    vendor: 'amazon',
    family: 'titan-text',
    contextWindowTokens: 43_008,
    maxOutputTokens: 4_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.2'] },
      { soldAs: ['bare'], usd: ['0.4', '0.5'] },
    ],
    sources: 'A+G+P high',
  },
  {
    baseModelId: 'amazon.titan-text-premier-v1:0',
    vendor: 'amazon',
    family: 'titan-text',
    contextWindowTokens: 43_008,
    maxOutputTokens: 3_072,
    offers: [{ soldAs: ['bare'], usd: ['0.5', '1.5'] }],
    sources: 'A+L high',
    note:
      "Requests that name no maximum get the 3,072 of its documentation; L's 32,000 is its " +
      'window.',
  },
];
