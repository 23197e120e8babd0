/**
 * Writer and xAI, both of the OpenAI shape.
 *
 * The figure of the bare id is that of us-east-1; other regions have the dearest of the list, and
 * cached prices there are in proportion to input, rounded up.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const WRITER_XAI_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'writer.palmyra-vision-7b',
    vendor: 'writer',
    family: 'openai-max-tokens',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare'], usd: ['0.15', '0.6'] }],
    sources: 'P low',
    note: 'P alone has this spelling. No source gives window (a large bound) and output maximum.',
  },
  {
    baseModelId: 'writer.palmyra-vision-7b-v1:0',
    vendor: 'writer',
    family: 'openai-max-tokens',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.6'] },
      { soldAs: ['bare'], usd: ['0.23', '0.93'] },
    ],
    sources: 'A+P high',
    note: 'No source gives window (a large bound) and output maximum.',
  },
  {
    baseModelId: 'writer.palmyra-x4-v1:0',
    vendor: 'writer',
    family: 'openai-max-tokens',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare', 'us'], usd: ['2.5', '10'] }],
    sources: 'bare: A+G+P+L+M high; us: A+G+P+L high',
  },
  {
    baseModelId: 'writer.palmyra-x5-v1:0',
    vendor: 'writer',
    family: 'openai-max-tokens',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare', 'us'], usd: ['0.6', '6'] }],
    sources: 'bare: A+G+P+L+M high; us: A+G+P+L high',
  },
  {
    baseModelId: 'xai.grok-4.3',
    vendor: 'xai',
    family: 'grok',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 16_384,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['1.25', '2.5', '0.2'] },
      { soldAs: ['bare'], usd: ['1.5', '3', '0.24'] },
    ],
    sources: 'A+L+M high',
  },
  {
    baseModelId: 'xai.grok-4.6',
    vendor: 'xai',
    family: 'grok',
    contextWindowTokens: 2_097_152,
    maxOutputTokens: 16_384,
    offers: [
      { soldAs: ['global'], usd: ['2', '6', '0.5'] },
      { soldAs: ['bare', 'us'], usd: ['2.2', '6.6', '0.55'] },
    ],
    sources: 'P low',
    note:
      'P alone, which has the global price for bare ids of other vendors by mistake: the ' +
      'bare id has that of us. No source gives window (a large bound) and output maximum.',
  },
  {
    baseModelId: 'xai.grok-4.7',
    vendor: 'xai',
    family: 'grok',
    contextWindowTokens: 2_097_152,
    maxOutputTokens: 16_384,
    offers: [{ soldAs: ['us'], usd: ['2.2', '6.6'] }],
    sources: 'X low',
    note: 'X alone. Its reasoning is reported to pass max_tokens: the window bounds the output.',
  },
];
