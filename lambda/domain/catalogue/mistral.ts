/**
 * Mistral: text, chat, images and (Voxtral) speech.
 *
 * The figure of the bare id is that of us-east-1; other regions have the dearest of the list. The
 * ratio of the priority tier is that of P.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const MISTRAL_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'mistral.devstral-2-123b',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.4', '2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.62', '3.1'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.magistral-small-2509',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.5', '1.5'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.78', '2.33'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.ministral-3-14b-instruct',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.2', '0.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.31', '0.31'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.ministral-3-3b-instruct',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.1', '0.1'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.16', '0.16'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.ministral-3-8b-instruct',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.15'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.23', '0.23'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.mistral-7b-instruct-v0:2',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 32_768,
    maxOutputTokens: 8_191,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.25', '0.34'], priority: '1.75' },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'mistral.mistral-large-2402-v1:0',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 32_768,
    maxOutputTokens: 8_191,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['4', '12'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['6.7', '20.2'], priority: '1.75' },
    ],
    sources: 'A+G+P high',
  },
  {
    baseModelId: 'mistral.mistral-large-2407-v1:0',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['2', '6'], priority: '1.75' }],
    sources: 'A+P high',
  },
  {
    baseModelId: 'mistral.mistral-large-3-675b-instruct',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.5', '1.5'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.775', '2.325'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.mistral-small-2402-v1:0',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 32_768,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['1', '3'], priority: '1.75' }],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'mistral.mixtral-8x7b-instruct-v0:1',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 32_768,
    maxOutputTokens: 8_191,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.45', '0.7'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.76', '1.18'], priority: '1.75' },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'mistral.pixtral-large-2502-v1:0',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], usd: ['2', '6'], priority: '1.75' },
      { soldAs: ['us', 'eu'], usd: ['2', '6'] },
    ],
    sources: 'bare: A+G+P+M high; us eu: A+G+L high',
  },
  {
    baseModelId: 'mistral.voxtral-mini-3b-2507',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.04', '0.04'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.06', '0.06'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'mistral.voxtral-small-24b-2507',
    vendor: 'mistral',
    family: 'mistral',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.1', '0.3'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.16', '0.47'], priority: '1.75' },
    ],
    sources: 'A+G+P+L high',
  },
];
