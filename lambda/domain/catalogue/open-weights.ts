/**
 * Gemma, MiniMax, Kimi, Nemotron and GLM, all of the OpenAI shape.
 *
 * The figure of the bare id is that of us-east-1; other regions have the dearest of the list. The
 * ratio of the priority tier is that of P.
 */
import type { CatalogueRow } from './catalogue-row.ts';

export const OPEN_WEIGHTS_ROWS: readonly CatalogueRow[] = [
  {
    baseModelId: 'google.gemma-3-12b-it',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.09', '0.29'] },
      { soldAs: ['bare'], usd: ['0.14', '0.45'] },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'google.gemma-3-27b-it',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 202_752,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.23', '0.38'] },
      { soldAs: ['bare'], usd: ['0.36', '0.59'] },
    ],
    sources: 'A+G+P+L high',
  },
  {
    baseModelId: 'google.gemma-3-4b-it',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.04', '0.08'] },
      { soldAs: ['bare'], usd: ['0.06', '0.12'] },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'google.gemma-4-26b-a4b',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 256_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.13', '0.4'] },
      { soldAs: ['bare'], usd: ['0.156', '0.48'] },
    ],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'google.gemma-4-31b',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 256_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.14', '0.4'] },
      { soldAs: ['bare'], usd: ['0.168', '0.48'] },
    ],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'google.gemma-4-e2b',
    vendor: 'google',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.04', '0.08'] },
      { soldAs: ['bare'], usd: ['0.048', '0.096'] },
    ],
    sources: 'A+P+L high',
  },
  {
    baseModelId: 'minimax.minimax-m2',
    vendor: 'minimax',
    family: 'openai',
    contextWindowTokens: 204_800,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.3', '1.2'] },
      { soldAs: ['bare'], usd: ['0.47', '1.86'] },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'minimax.minimax-m2.1',
    vendor: 'minimax',
    family: 'openai',
    contextWindowTokens: 204_800,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.3', '1.2'] },
      { soldAs: ['bare'], usd: ['0.47', '1.86'] },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'minimax.minimax-m2.5',
    vendor: 'minimax',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.3', '1.2'] },
      { soldAs: ['bare'], usd: ['0.47', '1.86'] },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'moonshot.kimi-k2-thinking',
    vendor: 'moonshot',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.6', '2.5'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.93', '3.875'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
    note: 'Bedrock spells the vendor so for this model.',
  },
  {
    baseModelId: 'moonshotai.kimi-k2-thinking',
    vendor: 'moonshotai',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [{ soldAs: ['bare'], usd: ['0.6', '2.5'] }],
    sources: 'P low',
    note:
      'P alone has this spelling. No source gives window and output maximum: the vendor ' +
      'published 256 K (262,144).',
  },
  {
    baseModelId: 'moonshotai.kimi-k2.5',
    vendor: 'moonshotai',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 262_144,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.6', '3'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.93', '4.65'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'moonshotai.kimi-k3',
    vendor: 'moonshotai',
    family: 'openai',
    contextWindowTokens: 1_048_576,
    maxOutputTokens: 32_768,
    offers: [{ soldAs: ['global'], usd: ['3', '15', '0.3', '3.75'] }],
    sources: 'X low',
    note: 'X alone. No source gives the output maximum: requests that name none get 32,768.',
  },
  {
    baseModelId: 'nvidia.nemotron-nano-12b-v2',
    vendor: 'nvidia',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.2', '0.6'] },
      { soldAs: ['bare'], usd: ['0.31', '0.93'] },
    ],
    sources: 'A+L+M high',
  },
  {
    baseModelId: 'nvidia.nemotron-nano-3-30b',
    vendor: 'nvidia',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.06', '0.24'] },
      { soldAs: ['bare'], usd: ['0.09', '0.37'] },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'nvidia.nemotron-nano-9b-v2',
    vendor: 'nvidia',
    family: 'openai',
    contextWindowTokens: 131_072,
    maxOutputTokens: 8_192,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.06', '0.23'] },
      { soldAs: ['bare'], usd: ['0.09', '0.36'] },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'nvidia.nemotron-super-3-120b',
    vendor: 'nvidia',
    family: 'openai',
    contextWindowTokens: 262_144,
    maxOutputTokens: 32_768,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.15', '0.65'] },
      { soldAs: ['bare'], usd: ['0.23', '1.01'] },
    ],
    sources: 'A+G+P+L+M high',
  },
  {
    baseModelId: 'zai.glm-4.6',
    vendor: 'zai',
    family: 'openai',
    contextWindowTokens: 204_800,
    maxOutputTokens: 128_000,
    offers: [{ soldAs: ['bare'], usd: ['0.6', '2.2'] }],
    sources: 'P low',
    note:
      'P alone. No source gives window and output maximum: the vendor published 200 K and ' +
      '128 K.',
  },
  {
    baseModelId: 'zai.glm-4.7',
    vendor: 'zai',
    family: 'openai',
    contextWindowTokens: 204_800,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.6', '2.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.93', '3.41'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'zai.glm-4.7-flash',
    vendor: 'zai',
    family: 'openai',
    contextWindowTokens: 204_800,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['0.07', '0.4'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['0.11', '0.62'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
  },
  {
    baseModelId: 'zai.glm-5',
    vendor: 'zai',
    family: 'openai',
    contextWindowTokens: 202_752,
    maxOutputTokens: 128_000,
    offers: [
      { soldAs: ['bare'], regions: ['us-east-1'], usd: ['1', '3.2'], priority: '1.75' },
      { soldAs: ['bare'], usd: ['1.55', '4.96'], priority: '1.75' },
    ],
    sources: 'A+P+L+M high',
  },
];
