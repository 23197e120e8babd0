/**
 * Claude up to 4.1: one price, however they are sold.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const OLDER_ANTHROPIC_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'anthropic.claude-3-5-haiku-20241022-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['1', '5', '0.1', '1.25', '2'] }],
    sources: 'A med',
    note: 'A has 1/5; G, P and L have 0.8/4: the higher. The 1 h write is derived for us, eu.',
  },
  {
    baseModelId: 'anthropic.claude-3-5-sonnet-20240620-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 4_096,
    offers: [
      {
        soldAs: ['bare'],
        usd: ['3', '15', '0.3', '3.75', '6'],
        longContext: { thresholdTokens: 200_000, usd: ['6', '30', '0.6', '7.5', '12'] },
      },
      { soldAs: ['us', 'eu', 'apac'], usd: ['3', '15', '0.3', '3.75', '6'] },
    ],
    sources: 'bare: A+G+P+L high; us eu apac: A+G+L high',
    note:
      'L has the long-context price and a window of 1M for the bare id alone; others give ' +
      '200,000 tokens and no such price. The 1 h write is derived for us, eu, apac.',
  },
  {
    baseModelId: 'anthropic.claude-3-5-sonnet-20241022-v2:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 8_192,
    offers: [
      {
        soldAs: ['bare'],
        usd: ['3', '15', '0.3', '3.75', '6'],
        longContext: { thresholdTokens: 200_000, usd: ['6', '30', '0.6', '7.5', '12'] },
      },
      { soldAs: ['us', 'eu', 'apac'], usd: ['3', '15', '0.3', '3.75', '6'] },
    ],
    sources: 'bare: A+G+P+L high; us eu apac: A+G+L high',
    note:
      'L has the long-context price and a window of 1M for the bare id alone; others give ' +
      '200,000 tokens and no such price. The 1 h write is derived for us, eu, apac.',
  },
  {
    baseModelId: 'anthropic.claude-3-7-sonnet-20240620-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare'], usd: ['3.6', '18', '0.36', '4.5', '7.2'] }],
    sources: 'L low',
    note:
      'L alone has this id (of the date of 3.5), at 1.2 times the price of 3.7. The 1 h ' +
      'write is derived for bare.',
  },
  {
    baseModelId: 'anthropic.claude-3-7-sonnet-20250219-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['3', '15', '0.3', '3.75', '6'] }],
    sources: 'bare: A+G+P+L high; us eu: A+G+L high',
    note: 'The 1 h write is derived for us, eu.',
  },
  {
    baseModelId: 'anthropic.claude-3-haiku-20240307-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 4_096,
    offers: [
      { soldAs: ['bare', 'us', 'eu', 'apac'], usd: ['0.25', '1.25', '0.025', '0.3125', '0.5'] },
    ],
    sources: 'bare: A+G+P+L high; us eu apac: A+G+L high',
    note: 'The 1 h write is derived for bare, us, eu, apac.',
  },
  {
    baseModelId: 'anthropic.claude-3-opus-20240229-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['15', '75', '1.5', '18.75', '30'] }],
    sources: 'bare: A+G+P+L high; us eu: A+G+L high',
    note: 'The 1 h write is derived for bare, us, eu.',
  },
  {
    baseModelId: 'anthropic.claude-3-sonnet-20240229-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 4_096,
    offers: [{ soldAs: ['bare', 'us', 'eu', 'apac'], usd: ['3', '15', '0.3', '3.75', '6'] }],
    sources: 'bare: A+G+P+L high; us eu apac: A+G+L high',
    note: 'The 1 h write is derived for bare, us, eu, apac.',
  },
  {
    baseModelId: 'anthropic.claude-instant-v1',
    vendor: 'anthropic',
    family: 'anthropic-text',
    contextWindowTokens: 100_000,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['0.8', '2.4'] }],
    sources: 'P+L high',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-1-20250805-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 32_000,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['15', '75', '1.5', '18.75', '30'] }],
    sources: 'bare: A+G+P+L+M high; us: A+G+L+M high; eu: A+G+L high',
    note: 'The 1 h write is derived for us, eu.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-20250514-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 32_000,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['15', '75', '1.5', '18.75', '30'] }],
    sources: 'bare: A+G+P+L high; us eu: A+G+L high',
    note: 'The 1 h write is derived for us, eu.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-20250514-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      {
        soldAs: ['global', 'bare', 'us', 'eu', 'apac'],
        usd: ['3', '15', '0.3', '3.75', '6'],
        longContext: { thresholdTokens: 200_000, usd: ['6', '22.5', '0.6', '7.5', '12'] },
      },
    ],
    sources: 'global us eu apac: A+G+L high; bare: A+G+P+L high',
    note:
      'The window is the 1M beta. Its cache prices are twice the others, as its input is. ' +
      'The 1 h write is derived for global, us, eu, apac.',
  },
  {
    baseModelId: 'anthropic.claude-v1',
    vendor: 'anthropic',
    family: 'anthropic-text',
    contextWindowTokens: 100_000,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['8', '24'] }],
    sources: 'P+L high',
  },
  {
    baseModelId: 'anthropic.claude-v2',
    vendor: 'anthropic',
    family: 'anthropic-text',
    contextWindowTokens: 200_000,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['8', '24'] }],
    sources: 'P low',
    note: 'No source gives the window or the output maximum: the bounds are those of v2:1.',
  },
  {
    baseModelId: 'anthropic.claude-v2:1',
    vendor: 'anthropic',
    family: 'anthropic-text',
    contextWindowTokens: 200_000,
    maxOutputTokens: 8_191,
    offers: [{ soldAs: ['bare'], usd: ['8', '24'] }],
    sources: 'P+L high',
    note: 'P and L have a window of 100,000; the vendor published 200,000, the larger.',
  },
];
