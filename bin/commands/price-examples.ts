/**
 * Thirty worked examples: what was asked and used, and each line of what it costs, by hand.
 *
 * The figures stand here as a person writes them, so that `prices check` compares two independent
 * sums. docs/prices.md shows the same data.
 */
import type { SettingItem } from '../../lambda/adapters/settings/setting-items.ts';
import type { Serving, TokenUsage } from '../../lambda/domain/price.ts';
import type { TokenLine } from '../../lambda/domain/price-listing.ts';
import type { Unit, UnitCounts } from '../../lambda/domain/unit.ts';

/** How many, US dollars for a million tokens or for one unit, and US dollars in all. */
export type ExampleLine = readonly [
  line: TokenLine | Unit,
  count: number,
  rateUsd: string,
  costUsd: string,
];

export interface WorkedExample {
  readonly title: string;
  readonly modelId: string;
  /** The region that is called. */
  readonly region: string;
  readonly serving?: Partial<Serving>;
  /** An operator's price item that holds for the model. */
  readonly item?: SettingItem;
  readonly usage: Partial<TokenUsage>;
  readonly lines: readonly ExampleLine[];
  readonly costUsd: string;
  /** What to learn from it. */
  readonly why: string;
  /** Where the output is clamped: what the cap has left, and what that then buys. */
  readonly clamp?: { readonly remainingUsd: string; readonly maxTokens: number };
}

const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const SONNET_45 = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
const SONNET_46 = 'anthropic.claude-sonnet-4-6';
const US = 'us-east-1';

const units = (counts: UnitCounts): Partial<TokenUsage> => ({ units: counts });

const TEXT: readonly WorkedExample[] = [
  {
    title: 'Claude by its geographic profile',
    modelId: `us.${HAIKU}`,
    region: US,
    usage: { inputTokens: 10_000, outputTokens: 500 },
    lines: [
      ['input', 10_000, '1.10', '0.011'],
      ['output', 500, '5.50', '0.00275'],
    ],
    costUsd: '0.01375',
    why: 'The us, eu, jp and au profiles of Claude 4.5 and later cost 1.1 times the global one.',
  },
  {
    title: 'The same by the global profile',
    modelId: `global.${HAIKU}`,
    region: US,
    usage: { inputTokens: 10_000, outputTokens: 500 },
    lines: [
      ['input', 10_000, '1.00', '0.01'],
      ['output', 500, '5.00', '0.0025'],
    ],
    costUsd: '0.0125',
    why: 'One model, two prices: the profile in the id decides.',
  },
  {
    title: 'Claude with a cache write of one hour',
    modelId: `global.${SONNET_46}`,
    region: US,
    usage: { inputTokens: 1_000, outputTokens: 200, cacheWrite1hTokens: 40_000 },
    lines: [
      ['input', 1_000, '3.00', '0.003'],
      ['output', 200, '15.00', '0.003'],
      ['cache-write-1h', 40_000, '6.00', '0.24'],
    ],
    costUsd: '0.246',
    why: 'A write that lives an hour costs twice the input price.',
  },
  {
    title: 'Claude with a cache write of five minutes',
    modelId: `global.${SONNET_46}`,
    region: US,
    usage: { inputTokens: 1_000, outputTokens: 200, cacheWrite5mTokens: 40_000 },
    lines: [
      ['input', 1_000, '3.00', '0.003'],
      ['output', 200, '15.00', '0.003'],
      ['cache-write-5m', 40_000, '3.75', '0.15'],
    ],
    costUsd: '0.156',
    why: 'A write that lives five minutes costs 1.25 times the input price.',
  },
  {
    title: 'Claude that reads the cache',
    modelId: `global.${SONNET_46}`,
    region: US,
    usage: { inputTokens: 1_000, outputTokens: 200, cacheReadTokens: 40_000 },
    lines: [
      ['input', 1_000, '3.00', '0.003'],
      ['output', 200, '15.00', '0.003'],
      ['cache-read', 40_000, '0.30', '0.012'],
    ],
    costUsd: '0.018',
    why: 'A read costs a tenth of the input price, and is never free.',
  },
  {
    title: '300,000 input tokens on a tiered model',
    modelId: `global.${SONNET_45}`,
    region: US,
    usage: { inputTokens: 300_000, outputTokens: 1_000 },
    lines: [
      ['input', 300_000, '6.00', '1.80'],
      ['output', 1_000, '22.50', '0.0225'],
    ],
    costUsd: '1.8225',
    why: 'Above 200,000 input tokens the whole request has the long-context prices.',
  },
  {
    title: 'Exactly at the threshold of a tiered model',
    modelId: `global.${SONNET_45}`,
    region: US,
    usage: { inputTokens: 200_000, outputTokens: 1_000 },
    lines: [
      ['input', 200_000, '3.00', '0.60'],
      ['output', 1_000, '15.00', '0.015'],
    ],
    costUsd: '0.615',
    why: '200,000 input tokens are not more than 200,000.',
  },
  {
    title: 'Cached tokens that pass the threshold',
    modelId: `global.${SONNET_45}`,
    region: US,
    usage: { inputTokens: 150_000, outputTokens: 1_000, cacheReadTokens: 50_001 },
    lines: [
      ['input', 150_000, '6.00', '0.90'],
      ['output', 1_000, '22.50', '0.0225'],
      ['cache-read', 50_001, '0.60', '0.0300006'],
    ],
    costUsd: '0.9525006',
    why: 'Cached tokens count for the threshold, and have a long-context price too.',
  },
  {
    title: 'Claude in GovCloud',
    modelId: `us-gov.${SONNET_45}`,
    region: 'us-gov-west-1',
    usage: { inputTokens: 10_000, outputTokens: 1_000 },
    lines: [
      ['input', 10_000, '3.60', '0.036'],
      ['output', 1_000, '18.00', '0.018'],
    ],
    costUsd: '0.054',
    why: 'GovCloud costs 1.2 times the global price.',
  },
  {
    title: 'Thinking',
    modelId: 'global.anthropic.claude-opus-4-6-v1',
    region: US,
    usage: { inputTokens: 2_000, outputTokens: 9_000 },
    lines: [
      ['input', 2_000, '5.00', '0.01'],
      ['output', 9_000, '25.00', '0.225'],
    ],
    costUsd: '0.235',
    why: 'Of the 9,000 output tokens 8,000 were thinking: they are billed like what is shown.',
  },
  {
    title: 'Nova in us-east-1',
    modelId: 'amazon.nova-lite-v1:0',
    region: US,
    usage: { inputTokens: 100_000, outputTokens: 10_000 },
    lines: [
      ['input', 100_000, '0.06', '0.006'],
      ['output', 10_000, '0.24', '0.0024'],
    ],
    costUsd: '0.0084',
    why: 'The price in the web page is that of us-east-1.',
  },
  {
    title: 'Nova from a European source region',
    modelId: 'eu.amazon.nova-pro-v1:0',
    region: 'eu-west-1',
    usage: { inputTokens: 100_000, outputTokens: 10_000 },
    lines: [
      ['input', 100_000, '1.28', '0.128'],
      ['output', 10_000, '5.21', '0.0521'],
    ],
    costUsd: '0.1801',
    why:
      'A Nova price goes by the region that is called. Lists give only the dearest of the others ' +
      'than us-east-1: it stands for all of them, 1.6 times the price of us-east-1 (0.80).',
  },
  {
    title: 'Nova 2 by its us profile',
    modelId: 'us.amazon.nova-2-lite-v1:0',
    region: US,
    usage: { inputTokens: 50_000, outputTokens: 2_000 },
    lines: [
      ['input', 50_000, '0.33', '0.0165'],
      ['output', 2_000, '2.75', '0.0055'],
    ],
    costUsd: '0.022',
    why: 'Lists disagree, 0.30 or 0.33: the dearer holds.',
  },
  {
    title: 'Nova Pro, optimised for latency',
    modelId: 'us.amazon.nova-pro-v1:0',
    region: US,
    serving: { latency: 'optimized' },
    usage: { inputTokens: 100_000, outputTokens: 10_000 },
    lines: [
      ['input', 100_000, '1.00', '0.10'],
      ['output', 10_000, '4.00', '0.04'],
    ],
    costUsd: '0.14',
    why: 'Optimised latency costs 1.25 times the standard price (0.80 and 3.20).',
  },
  {
    title: 'An open model, standard tier',
    modelId: 'openai.gpt-oss-120b-1:0',
    region: US,
    usage: { inputTokens: 20_000, outputTokens: 4_000 },
    lines: [
      ['input', 20_000, '0.15', '0.003'],
      ['output', 4_000, '0.60', '0.0024'],
    ],
    costUsd: '0.0054',
    why: 'The flex tier counts the same: it never costs more.',
  },
  {
    title: 'The same on the priority tier',
    modelId: 'openai.gpt-oss-120b-1:0',
    region: US,
    serving: { tier: 'priority' },
    usage: { inputTokens: 20_000, outputTokens: 4_000 },
    lines: [
      ['input', 20_000, '0.2625', '0.00525'],
      ['output', 4_000, '1.05', '0.0042'],
    ],
    costUsd: '0.00945',
    why: 'The priority tier multiplies every token line by 1.75.',
  },
  {
    title: 'The same in Europe',
    modelId: 'openai.gpt-oss-120b-1:0',
    region: 'eu-central-1',
    usage: { inputTokens: 20_000, outputTokens: 4_000 },
    lines: [
      ['input', 20_000, '0.23', '0.0046'],
      ['output', 4_000, '0.93', '0.00372'],
    ],
    costUsd: '0.00832',
    why: 'Outside us-east-1 the dearest region stands for all.',
  },
  {
    title: 'GPT with a long context',
    modelId: 'us.openai.gpt-5.6-terra',
    region: US,
    usage: { inputTokens: 300_000, outputTokens: 2_000 },
    lines: [
      ['input', 300_000, '4.40', '1.32'],
      ['output', 2_000, '19.80', '0.0396'],
    ],
    costUsd: '1.3596',
    why: 'Above 272,000 input tokens: twice the input price and 1.5 times the output price.',
  },
  {
    title: 'Llama',
    modelId: 'us.meta.llama3-3-70b-instruct-v1:0',
    region: US,
    usage: { inputTokens: 8_000, outputTokens: 2_000 },
    lines: [
      ['input', 8_000, '0.72', '0.00576'],
      ['output', 2_000, '0.72', '0.00144'],
    ],
    costUsd: '0.0072',
    why: 'Input and output at one price.',
  },
  {
    title: 'Rounding',
    modelId: 'us.amazon.nova-micro-v1:0',
    region: US,
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1 },
    lines: [
      ['input', 1, '0.035', '0.000000035'],
      ['output', 1, '0.14', '0.00000014'],
      ['cache-read', 1, '0.00875', '0.000000009'],
    ],
    costUsd: '0.000000184',
    why: 'Each line is rounded up to a nano-dollar: 8.75 of them are 9.',
  },
];

const BY_UNITS: readonly WorkedExample[] = [
  {
    title: 'An image model',
    modelId: 'amazon.nova-canvas-v1:0',
    region: US,
    usage: units({ 'made-image': 3 }),
    lines: [['made-image', 3, '0.08', '0.24']],
    costUsd: '0.24',
    why: 'Images are billed each, at the dearest size and quality; the prompt is not.',
  },
  {
    title: 'A dearer image model',
    modelId: 'stability.stable-image-ultra-v1:1',
    region: 'us-west-2',
    usage: units({ 'made-image': 1 }),
    lines: [['made-image', 1, '0.14', '0.14']],
    costUsd: '0.14',
    why: 'One image costs as much as 25,000 output tokens of Claude Haiku 4.5 (5.50).',
  },
  {
    title: 'A rerank',
    modelId: 'cohere.rerank-v3-5:0',
    region: US,
    usage: units({ 'search-unit': 3 }),
    lines: [['search-unit', 3, '0.002', '0.006']],
    costUsd: '0.006',
    why: '250 documents are three search units of up to 100.',
  },
  {
    title: 'An embedding',
    modelId: 'amazon.titan-embed-text-v2:0',
    region: US,
    usage: { inputTokens: 8_000 },
    lines: [['input', 8_000, '0.02', '0.00016']],
    costUsd: '0.00016',
    why: 'Only the input is billed.',
  },
  {
    title: 'An embedding that is billed by the request',
    modelId: 'us.twelvelabs.marengo-embed-2-7-v1:0',
    region: US,
    usage: units({ 'text-request': 2 }),
    lines: [['text-request', 2, '0.00007', '0.00014']],
    costUsd: '0.00014',
    why: 'However long the text: a request has one price.',
  },
  {
    title: 'A guardrail that blocks',
    modelId: `us.${HAIKU}`,
    region: US,
    usage: units({ 'guardrail-content': 4, 'guardrail-topic': 4 }),
    lines: [
      ['guardrail-content', 4, '0.00015', '0.0006'],
      ['guardrail-topic', 4, '0.00015', '0.0006'],
    ],
    costUsd: '0.0012',
    why: 'The model never ran. The guardrail looked at 4,000 characters by two policies.',
  },
  {
    title: 'A guardrail that lets pass',
    modelId: `us.${HAIKU}`,
    region: US,
    usage: {
      inputTokens: 1_000,
      outputTokens: 500,
      ...units({ 'guardrail-content': 6, 'guardrail-sensitive-information': 6 }),
    },
    lines: [
      ['input', 1_000, '1.10', '0.0011'],
      ['output', 500, '5.50', '0.00275'],
      ['guardrail-content', 6, '0.00015', '0.0009'],
      ['guardrail-sensitive-information', 6, '0.0001', '0.0006'],
    ],
    costUsd: '0.00535',
    why: 'Input and output are both looked at, each by every policy.',
  },
];

const BY_OPERATOR: readonly WorkedExample[] = [
  {
    title: "An operator's price",
    modelId: `us.${SONNET_46}`,
    region: US,
    item: { inputUsdPerMillion: '2.50', outputUsdPerMillion: '12' },
    usage: { inputTokens: 10_000, outputTokens: 1_000, cacheReadTokens: 10_000 },
    lines: [
      ['input', 10_000, '2.50', '0.025'],
      ['output', 1_000, '12.00', '0.012'],
      ['cache-read', 10_000, '2.50', '0.025'],
    ],
    costUsd: '0.062',
    why: 'It replaces the whole price: a cached token without a price of its own costs as input.',
  },
  {
    title: 'A free model',
    modelId: `us.${HAIKU}`,
    region: US,
    item: { free: true },
    usage: { inputTokens: 10_000, outputTokens: 1_000 },
    lines: [],
    costUsd: '0.00',
    why:
      'Only what is marked free is free. It reserves a nano-dollar and settles at nothing, but ' +
      'for a guardrail.',
  },
  {
    title: 'A clamp',
    modelId: `us.${HAIKU}`,
    region: US,
    usage: { cacheWrite5mTokens: 10_000, outputTokens: 6_590 },
    lines: [
      ['output', 6_590, '5.50', '0.036245'],
      ['cache-write-5m', 10_000, '1.375', '0.01375'],
    ],
    costUsd: '0.049995',
    clamp: { remainingUsd: '0.05', maxTokens: 6_590 },
    why:
      'The cap has $0.05 left. 10,000 input tokens cost at most 0.01375, all of them written to ' +
      'the cache; the rest buys 6,590 output tokens, and a 6,591st would not fit.',
  },
];

/** In the order of docs/prices.md. */
export const WORKED_EXAMPLES: readonly WorkedExample[] = [...TEXT, ...BY_UNITS, ...BY_OPERATOR];
