/**
 * Cohere: Command, Embed and Rerank.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const COHERE_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'cohere.command-light-text-v14',
    vendor: 'cohere',
    family: 'cohere-command',
    contextWindowTokens: 4_096,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['0.3', '0.6'] }],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'cohere.command-r-plus-v1:0',
    vendor: 'cohere',
    family: 'cohere-command',
    contextWindowTokens: 131_072,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['3', '15'] }],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'cohere.command-r-v1:0',
    vendor: 'cohere',
    family: 'cohere-command',
    contextWindowTokens: 131_072,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['0.5', '1.5'] }],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'cohere.command-text-v14',
    vendor: 'cohere',
    family: 'cohere-command',
    contextWindowTokens: 4_096,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['1', '2'] }],
    sources: 'A med',
  },
  {
    baseModelId: 'cohere.embed-english-v3',
    vendor: 'cohere',
    family: 'cohere-embed',
    contextWindowTokens: 12_288_000,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.1', '0'] }],
    sources: 'A+P+L high',
    note:
      '512 tokens a text, and up to 96 texts: the window bounds no request, so that its ' +
      'bytes do.',
  },
  {
    baseModelId: 'cohere.embed-multilingual-v3',
    vendor: 'cohere',
    family: 'cohere-embed',
    contextWindowTokens: 12_288_000,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.1', '0'] }],
    sources: 'A+P+L high',
    note:
      '512 tokens a text, and up to 96 texts: the window bounds no request, so that its ' +
      'bytes do.',
  },
  {
    baseModelId: 'cohere.embed-v4:0',
    vendor: 'cohere',
    family: 'cohere-embed',
    contextWindowTokens: 12_288_000,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], usd: ['0.12', '0'] }],
    sources: 'A+P+L high',
    note:
      '128 K tokens a text, and up to 96 texts: the window is their product. What images ' +
      'cost is in no source, so they are not priced.',
  },
  {
    baseModelId: 'cohere.rerank-v3-5:0',
    vendor: 'cohere',
    family: 'rerank',
    contextWindowTokens: 32_768,
    maxOutputTokens: 0,
    offers: [{ soldAs: ['bare'], unitUsd: { 'search-unit': '0.002' } }],
    sources: 'L med',
    note: 'One search unit is a query with up to 100 documents.',
  },
];
