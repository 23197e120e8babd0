/**
 * DeepSeek: V3 and R1.
 *
 * Both are read by the rules of the OpenAI shape, which Converse and V3 have; of R1's own text body
 * they take what they know and refuse the rest. The figure of the bare id is that of us-east-1;
 * other regions and continents have the dearest of the list.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const DEEPSEEK_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'deepseek.r1-v1:0',
    vendor: 'deepseek',
    family: 'openai-max-tokens',
    contextWindowTokens: 131_072,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['bare', 'us'], usd: ['1.35', '5.4'] }],
    sources: 'bare: A+G+P+M high; us: A+G+L+M high',
    note: 'Sources differ on the output maximum by profile: the larger.',
  },
  {
    baseModelId: 'deepseek.v3-v1:0',
    vendor: 'deepseek',
    family: 'openai-max-tokens',
    contextWindowTokens: 163_840,
    maxOutputTokens: 81_920,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.58', '1.68'] },
      { soldAs: ['bare'], usd: ['0.899985', '2.60685'] },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'deepseek.v3.1',
    vendor: 'deepseek',
    family: 'openai-max-tokens',
    contextWindowTokens: 163_840,
    maxOutputTokens: 81_920,
    offers: [{ soldAs: ['bare'], usd: ['0.5974', '1.7304'] }],
    sources: 'P low',
    note:
      'P alone. No source gives window and output maximum: the vendor published 160 K ' +
      '(163,840).',
  },
  {
    baseModelId: 'deepseek.v3.2',
    vendor: 'deepseek',
    family: 'openai-max-tokens',
    contextWindowTokens: 163_840,
    maxOutputTokens: 163_840,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.62', '1.85'] },
      { soldAs: ['bare', 'eu'], usd: ['0.961', '2.8675'] },
      { soldAs: ['us'], usd: ['0.62', '1.85'] },
    ],
    sources: 'bare: A+P+L+M high; us eu: A+L high',
  },
];
