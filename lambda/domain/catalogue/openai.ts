/**
 * OpenAI: GPT and gpt-oss.
 *
 * In-region and geo prices of GPT are 1.1 times the global price. From 272,000 tokens of input on
 * the whole request costs 2 times the input and cache prices, and 1.5 times the output price. A
 * gpt-oss figure is that of us-east-1; other regions have the dearest of the list.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const OPENAI_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'openai.gpt-5.4',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 272_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], usd: ['2.75', '16.5', '0.275'], unitUsd: { 'web-search': '0.01' } },
    ],
    sources: 'G+L+M med',
    note: 'File search (0.0025 a call) has no unit here, so it is not priced.',
  },
  {
    baseModelId: 'openai.gpt-5.5',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 272_000,
    maxOutputTokens: 128_000,
    offers: [{ soldAs: ['bare'], usd: ['5.5', '33', '0.55'], unitUsd: { 'web-search': '0.01' } }],
    sources: 'G+L+M med',
    note: 'File search (0.0025 a call) has no unit here, so it is not priced.',
  },
  {
    baseModelId: 'openai.gpt-5.6-luna',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 1_050_000,
    maxOutputTokens: 128_000,
    offers: [
      {
        soldAs: ['global'],
        usd: ['0.2', '1.2', '0.02', '0.25'],
        longContext: { thresholdTokens: 272_000, usd: ['0.4', '1.8', '0.04', '0.5'] },
      },
      {
        soldAs: ['bare', 'us', 'in'],
        usd: ['0.22', '1.32', '0.022', '0.275'],
        longContext: { thresholdTokens: 272_000, usd: ['0.44', '1.98', '0.044', '0.55'] },
      },
    ],
    sources: 'global us in: G+P high; bare: G+P+L high',
    note: 'The window is the 1,050,000 of the vendor.',
  },
  {
    baseModelId: 'openai.gpt-5.6-sol',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 1_050_000,
    maxOutputTokens: 128_000,
    offers: [
      {
        soldAs: ['global'],
        usd: ['5', '30', '0.5', '6.25'],
        longContext: { thresholdTokens: 272_000, usd: ['10', '45', '1', '12.5'] },
      },
      {
        soldAs: ['bare', 'us'],
        usd: ['5.5', '33', '0.55', '6.875'],
        longContext: { thresholdTokens: 272_000, usd: ['11', '49.5', '1.1', '13.75'] },
      },
    ],
    sources: 'global us: P low; bare: P+L med',
    note:
      'A price of 4/20 (global) was given until 2026-11-21 at least; the list price stands ' +
      'until it is checked. The window is the 1,050,000 of the vendor.',
  },
  {
    baseModelId: 'openai.gpt-5.6-terra',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 1_050_000,
    maxOutputTokens: 128_000,
    offers: [
      {
        soldAs: ['global'],
        usd: ['2', '12', '0.2', '2.5'],
        longContext: { thresholdTokens: 272_000, usd: ['4', '18', '0.4', '5'] },
      },
      {
        soldAs: ['bare', 'us', 'in'],
        usd: ['2.2', '13.2', '0.22', '2.75'],
        longContext: { thresholdTokens: 272_000, usd: ['4.4', '19.8', '0.44', '5.5'] },
      },
    ],
    sources: 'global us in: G+P high; bare: G+P+L high',
    note: 'The window is the 1,050,000 of the vendor.',
  },
  {
    baseModelId: 'openai.gpt-6-astra',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 2_097_152,
    maxOutputTokens: 32_768,
    offers: [
      {
        soldAs: ['global'],
        usd: ['10', '50', '10', '12.5'],
        longContext: { thresholdTokens: 272_000, usd: ['20', '75', '20', '25'] },
      },
      {
        soldAs: ['bare'],
        usd: ['11', '55', '11', '13.75'],
        longContext: { thresholdTokens: 272_000, usd: ['22', '82.5', '22', '27.5'] },
      },
    ],
    sources: 'X low',
    note:
      "X alone. The long-context price is the vendor's own (2 times input, 1.5 times " +
      'output), unconfirmed on Bedrock. No source gives its cache prices (reads count as ' +
      'input, writes as 1.25 times it), its window (a large bound) or its output maximum ' +
      '(requests that name none get 32,768).',
  },
  {
    baseModelId: 'openai.gpt-oss-120b',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare'], usd: ['0.1545', '0.618'] }],
    sources: 'P low',
    note: 'An id of the mantle endpoint; P has 3 % more there: the higher.',
  },
  {
    baseModelId: 'openai.gpt-oss-120b-1:0',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.6'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.23', '0.93'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'openai.gpt-oss-20b',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare'], usd: ['0.0721', '0.309'] }],
    sources: 'P low',
    note: 'An id of the mantle endpoint; P has 3 % more there: the higher.',
  },
  {
    baseModelId: 'openai.gpt-oss-20b-1:0',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.07', '0.3'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.11', '0.47'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'openai.gpt-oss-safeguard-120b',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.6'] },
      { soldAs: ['bare'], usd: ['0.23', '0.93'] },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'openai.gpt-oss-safeguard-20b',
    vendor: 'openai',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.07', '0.2'] },
      { soldAs: ['bare'], usd: ['0.11', '0.31'] },
    ],
    sources: 'A+P+L+M high',
  },
];
