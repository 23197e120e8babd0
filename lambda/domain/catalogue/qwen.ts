/**
 * Qwen, of the OpenAI shape.
 *
 * The figure of the bare id is that of us-east-1; other regions have the dearest of the list. Ids
 * that P alone spells are of the mantle endpoint, where it has 3 % more. The ratio of the priority
 * tier is that of P.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const QWEN_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'qwen.qwen3-235b-a22b-2507',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare'], usd: ['0.2266', '0.9064'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window (256 K by the vendor) and output ' +
      'maximum.',
  },
  {
    baseModelId: 'qwen.qwen3-235b-a22b-2507-v1:0',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 131_072,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.22', '0.88'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.34', '1.37'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'qwen.qwen3-32b',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 16_384,
    offers: [{ soldAs: ['bare'], usd: ['0.1545', '0.618'] }],
    sources: 'P low',
    note:
      "An id of the mantle endpoint; P has 3 % more there: the higher. P's window of 32,000 " +
      'is its native one; the larger stands. No source gives the output maximum.',
  },
  {
    baseModelId: 'qwen.qwen3-32b-v1:0',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 16_384,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.6'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.23', '0.93'], priority: '1.75' },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'qwen.qwen3-coder-30b-a3b-instruct',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare'], usd: ['0.1545', '0.618'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window (the 1 M to which the vendor ' +
      'extends it) and output maximum.',
  },
  {
    baseModelId: 'qwen.qwen3-coder-30b-a3b-v1:0',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 131_072,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.1545', '0.618'], priority: '1.7502' },
      { soldAs: ['bare'], usd: ['0.23', '0.93'], priority: '1.7502' },
    ],
    sources: 'none low',
    note:
      'The price page was read with 0.1545/0.618 on 2026-09-11, and 0.2704/1.0815 for the ' +
      'priority tier; A, G and L have 0.15/0.6: the higher.',
  },
  {
    baseModelId: 'qwen.qwen3-coder-480b-a35b-instruct',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare'], usd: ['0.5', '1.2'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window (the 1 M to which the vendor ' +
      'extends it) and output maximum.',
  },
  {
    baseModelId: 'qwen.qwen3-coder-480b-a35b-v1:0',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 65_536,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.45', '1.8'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.7', '2.79'], priority: '1.75' },
    ],
    sources: 'A+G+P high',
  },
  {
    baseModelId: 'qwen.qwen3-coder-next',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.5', '1.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.78', '1.86'], priority: '1.75' },
    ],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'qwen.qwen3-next-80b-a3b',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '1.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.217', '1.86'], priority: '1.75' },
    ],
    sources: 'P+L med',
    note: 'A has 0.14 for input, P and L 0.15: the higher.',
  },
  {
    baseModelId: 'qwen.qwen3-next-80b-a3b-instruct',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare'], usd: ['0.15', '1.2'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window (the 1 M to which the vendor ' +
      'extends it) and output maximum.',
  },
  {
    baseModelId: 'qwen.qwen3-vl-235b-a22b',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.53', '2.66'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.82', '4.12'], priority: '1.75' },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'qwen.qwen3-vl-235b-a22b-instruct',
    vendor: 'qwen',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare'], usd: ['0.53', '2.66'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window (the 1 M to which the vendor ' +
      'extends it) and output maximum.',
  },
];
