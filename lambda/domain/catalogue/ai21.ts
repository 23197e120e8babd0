/**
 * AI21: Jamba and Jurassic.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const AI21_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'ai21.j2-mid-v1',
    vendor: 'ai21',
    family: 'ai21',
    contextWindowTokens: 8_192,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['12.5', '12.5'] }],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'ai21.j2-ultra-v1',
    vendor: 'ai21',
    family: 'ai21',
    contextWindowTokens: 8_192,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['18.8', '18.8'] }],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'ai21.jamba-1-5-large-v1:0',
    vendor: 'ai21',
    family: 'ai21',
    contextWindowTokens: 262_144,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['2', '8'] }],
    sources: 'A+L high',
    note:
      "Requests that name no maximum get the 4,096 of its documentation; L's 256,000 is its " +
      'window.',
  },
  {
    baseModelId: 'ai21.jamba-1-5-mini-v1:0',
    vendor: 'ai21',
    family: 'ai21',
    contextWindowTokens: 262_144,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['0.2', '0.4'] }],
    sources: 'A+L high',
    note:
      "Requests that name no maximum get the 4,096 of its documentation; L's 256,000 is its " +
      'window.',
  },
  {
    baseModelId: 'ai21.jamba-instruct-v1:0',
    vendor: 'ai21',
    family: 'ai21',
    contextWindowTokens: 262_144,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare'], usd: ['0.5', '0.7'] }],
    sources: 'A+L high',
    note: 'L has a window of 70,000; AI21 published 256 K, the larger.',
  },
];
