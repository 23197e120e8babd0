/**
 * Claude from 4.5 on: ids of which the price depends on how they are sold.
 *
 * In-region and geo prices are 1.1 times the global price, and GovCloud's are 1.2 times: lists that
 * give the bare id the global price are wrong, by the AWS Price List's own rows. A cache read is a
 * tenth of input unless a row says otherwise, a write 1.25 (5 minutes) or 2 times it (1 hour).
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const ANTHROPIC_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'anthropic.claude-fable-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['10', '50', '1', '12.5', '20'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['11', '55', '1.1', '13.75', '22'] },
    ],
    sources: 'global: A+G+P+L+M high; bare: A+G high; us: A+L high; eu: A+L+M high',
  },
  {
    baseModelId: 'anthropic.claude-fable-5-1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['10', '50', '0.25', '12.5', '20'] },
      { soldAs: ['us'], usd: ['11', '55', '0.275', '13.75', '22'] },
    ],
    sources: 'global: G+X high; us: X low',
    note:
      'No source gives the output maximum: requests that name none get 128,000. The 1 h ' +
      'write of us is derived.',
  },
  {
    baseModelId: 'anthropic.claude-fable-5-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['10', '50', '1', '12.5', '20'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['11', '55', '1.1', '13.75', '22'] },
    ],
    sources: 'global: G+P high; bare us eu: G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-haiku-4-5-20251001-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['1', '5', '0.1', '1.25', '2'] },
      {
        soldAs: ['bare', 'us', 'eu', 'apac', 'jp', 'au'],
        usd: ['1.1', '5.5', '0.11', '1.375', '2.2'],
      },
    ],
    sources: 'global eu: A+G+L+M high; bare: A+G high; us apac jp au: A+G+L high',
    note: 'The 1 h write is derived for apac.',
  },
  {
    baseModelId: 'anthropic.claude-mythos-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 2_000_000,
    maxOutputTokens: 128_000,
    offers: [{ soldAs: ['bare'], usd: ['11', '55', '11', '13.75', '22'] }],
    sources: 'A med',
    note:
      'No source gives its cache prices, window or output maximum. Reads count as input, ' +
      "writes by the vendor's rule (1.25 and 2 times input); the window's bound is twice " +
      'that of its kin.',
  },
  {
    baseModelId: 'anthropic.claude-mythos-preview',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [{ soldAs: ['bare'], usd: ['27.5', '137.5', '27.5', '34.375', '55'] }],
    sources: 'A med',
    note:
      "No source gives its cache prices: reads count as input, writes by the vendor's rule " +
      '(1.25 and 2 times input).',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-5-20251101-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 200_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: A+G+L+M high; bare: A+G high; us: A+G+L high; eu: A+G+M high',
    note: 'The 1 h write is derived for eu.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-6-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: A+G+P+L+M high; bare: A+G high; us au: A+G+L high; eu: A+G+L+M high',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-6-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] }],
    sources: 'G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-7',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: A+G+P+L+M high; bare: A+G high; us jp au: A+G+L high; eu: A+G+L+M high',
    note: 'The 1 h write is derived for jp.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-7-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: G+P high; bare us eu: G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-8',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
      { soldAs: ['us-gov'], usd: ['6', '30', '0.6', '7.5', '12'] },
    ],
    sources:
      'global: A+G+P+L+M high; bare: A+G high; us jp au: A+G+L high; eu: A+G+L+M high; ' +
      'us-gov: P low',
    note: 'us-gov is of P alone.',
  },
  {
    baseModelId: 'anthropic.claude-opus-4-8-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: G+P high; bare us eu: G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-opus-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: A+G+P+L high; bare: A+G high; us eu jp au: A+G+L high',
  },
  {
    baseModelId: 'anthropic.claude-opus-5-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['4', '20', '0.2', '5', '8'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['4.4', '22', '0.22', '5.5', '8.8'] },
    ],
    sources: 'global us eu: G+X high; bare: G med',
    note: 'No source gives the output maximum: requests that name none get 128,000.',
  },
  {
    baseModelId: 'anthropic.claude-opus-5-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['5', '25', '0.5', '6.25', '10'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['5.5', '27.5', '0.55', '6.875', '11'] },
    ],
    sources: 'global: G+P high; bare us eu: G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      {
        soldAs: ['global'],
        usd: ['3', '15', '0.3', '3.75', '6'],
        longContext: { thresholdTokens: 200_000, usd: ['6', '22.5', '0.6', '7.5', '12'] },
      },
      {
        soldAs: ['bare', 'us', 'eu', 'jp', 'au'],
        usd: ['3.3', '16.5', '0.33', '4.125', '6.6'],
        longContext: { thresholdTokens: 200_000, usd: ['6.6', '24.75', '0.66', '8.25', '13.2'] },
      },
      {
        soldAs: ['us-gov'],
        usd: ['3.6', '18', '0.36', '4.5', '7.2'],
        longContext: { thresholdTokens: 200_000, usd: ['7.2', '27', '0.72', '9', '14.4'] },
      },
    ],
    sources: 'global eu: A+G+L+M high; bare: A+G high; us jp au: A+G+L high; us-gov: P+L med',
    note:
      'The window is the 1M beta. Its cache prices are twice the others, as its input is. ' +
      'For us-gov, G has 1.1 times the global price, P and L have 1.2: the higher.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-6',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [
      { soldAs: ['global'], usd: ['3', '15', '0.3', '3.75', '6'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['3.3', '16.5', '0.33', '4.125', '6.6'] },
    ],
    sources: 'global: A+G+P+L+M high; bare: A+G high; us jp: A+G+L high; eu au: A+G+L+M high',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-6-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['3.3', '16.5', '0.33', '4.125', '6.6'] }],
    sources: 'G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-4-6-v1:0',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 64_000,
    offers: [{ soldAs: ['bare', 'us', 'eu'], usd: ['3.3', '16.5', '0.33', '4.125', '6.6'] }],
    sources: 'G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['2', '10', '0.2', '2.5', '4'] },
      { soldAs: ['bare', 'us', 'eu', 'jp', 'au'], usd: ['2.2', '11', '0.22', '2.75', '4.4'] },
      { soldAs: ['us-gov'], usd: ['2.4', '12', '0.24', '3', '4.8'] },
    ],
    sources:
      'global: A+G+P+L+M high; bare: A+G high; us jp au: A+G+L high; eu: A+G+L+M high; ' +
      'us-gov: P low',
    note:
      'A rise to 3/15 (global) was announced and not seen by 2026-09-26: check it first. ' +
      'us-gov is of P alone.',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-5-5',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 2_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['2', '10', '0.2', '2.5', '4'] },
      { soldAs: ['us', 'eu'], usd: ['2.2', '11', '0.22', '2.75', '4.4'] },
    ],
    sources: 'X low',
    note:
      'No source gives the window (the bound is twice that of its kin), the output maximum, ' +
      'or the cache prices of us and eu (1.1 times the global ones, which are first-party ' +
      'ones).',
  },
  {
    baseModelId: 'anthropic.claude-sonnet-5-v1',
    vendor: 'anthropic',
    family: 'anthropic',
    contextWindowTokens: 1_000_000,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['global'], usd: ['2', '10', '0.2', '2.5', '4'] },
      { soldAs: ['bare', 'us', 'eu'], usd: ['2.2', '11', '0.22', '2.75', '4.4'] },
    ],
    sources: 'global: G+P high; bare us eu: G med',
    note:
      'Only P spells it so; the id likely has no such suffix. No source gives the output ' +
      'maximum.',
  },
];
