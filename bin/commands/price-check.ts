/**
 * Recomputes the worked examples by the catalogue and the gateway's own arithmetic.
 */
import { parsePrice } from '../../lambda/adapters/settings/price-item.ts';
import {
  isMalformed,
  PARTITION,
  settingItem,
} from '../../lambda/adapters/settings/setting-items.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import { costLines } from '../../lambda/domain/cost-lines.ts';
import { formatUsd, type NanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import {
  costOf,
  dearestInputRate,
  lineCost,
  type Price,
  priceServedAs,
  STANDARD_SERVING,
  type TokenUsage,
} from '../../lambda/domain/price.ts';
import type { WorkedExample } from './price-examples.ts';

/** No token of any kind. */
export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
};

export interface ExampleResult {
  readonly example: WorkedExample;
  /** What comes out differently; empty where the example is right. */
  readonly problems: readonly string[];
}

/** Compares each line, the sum and, where there is one, the clamp. Never throws. */
export function checkExample(example: WorkedExample): ExampleResult {
  try {
    const price = priceOfExample(example);
    const usage: TokenUsage = { ...NO_USAGE, ...example.usage };
    return {
      example,
      problems: [
        ...lineProblems(example, price, usage),
        ...difference('the cost', example.costUsd, costOf(price, usage)),
        ...clampProblems(example, price, usage),
      ],
    };
  } catch (error) {
    return { example, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function priceOfExample({ modelId, region, item, serving }: WorkedExample): Price {
  const operator =
    item === undefined ? undefined : parsePrice(settingItem(PARTITION.price, modelId, item));
  if (operator !== undefined && isMalformed(operator)) {
    throw new Error(`its price item is malformed: ${operator.field} ${operator.problem}`);
  }
  const prices = new Map(operator === undefined ? [] : [[modelId, operator]]);
  const { price } = findModel(modelId, prices, region);
  const served = priceServedAs(price, { ...STANDARD_SERVING, ...serving });
  if (served === undefined) throw new Error('it has no price for how it is served');
  return served;
}

function lineProblems(example: WorkedExample, price: Price, usage: TokenUsage): string[] {
  const found = costLines(price, usage);
  const counted = found.map(({ line, count }) => `${count} ${line}`).join(', ');
  const told = example.lines.map(([line, count]) => `${count} ${line}`).join(', ');
  if (counted !== told) return [`the lines are ${counted || 'none'}, and should be ${told}`];
  return example.lines.flatMap(([line, , rateUsd, costUsd], index) => {
    const computed = found[index];
    if (computed === undefined) return [];
    return [
      ...difference(`the price of ${line}`, rateUsd, computed.rateNanoUsd),
      ...difference(`the cost of ${line}`, costUsd, computed.costNanoUsd),
    ];
  });
}

function difference(what: string, expectedUsd: string, found: NanoUsd): string[] {
  if (parseUsd(expectedUsd) === found) return [];
  return [`${what} is ${formatUsd(found)}, and should be ${expectedUsd}`];
}

/** Bound and rounding as in the estimate: input at its dearest, three nano-dollars to spare. */
const ROUNDING_NANO_USD = 3n;

function clampProblems(example: WorkedExample, price: Price, usage: TokenUsage): string[] {
  if (example.clamp === undefined) return [];
  const { maxTokens, remainingUsd } = example.clamp;
  const remaining = parseUsd(remainingUsd) ?? 0n;
  const inputTokens = usage.inputTokens + usage.cacheWrite5mTokens;
  const boundOf = (outputTokens: number): bigint =>
    lineCost(inputTokens, dearestInputRate(price.tokens, false)) +
    lineCost(outputTokens, price.tokens.outputNanoUsdPerMillion) +
    ROUNDING_NANO_USD;
  return [
    ...(boundOf(maxTokens) > remaining ? [`${maxTokens} output tokens do not fit`] : []),
    ...(boundOf(maxTokens + 1) <= remaining ? [`${maxTokens + 1} output tokens would fit`] : []),
  ];
}

/** The examples as they stand in docs/prices.md. */
export const examplesMarkdown = (examples: readonly WorkedExample[]): string =>
  examples.map((example, index) => exampleMarkdown(example, index + 1)).join('\n\n');

function exampleMarkdown(example: WorkedExample, number: number): string {
  const { title, modelId, region, serving = {}, item, lines, costUsd, why } = example;
  const how = Object.values(serving)
    .map((word) => `, ${word}`)
    .join('');
  const set = item === undefined ? '' : `, priced by hand: \`${JSON.stringify(item)}\``;
  const rows = lines.map(
    ([line, count, rate, cost]) =>
      `| ${line} | ${count.toLocaleString('en-US')} | ${rate} | ${cost} |`,
  );
  return [
    `**${number}. ${title}.** \`${modelId}\` in ${region}${how}${set}`,
    '',
    '| Line | Count | US dollars a million tokens, or one unit | US dollars |',
    '|---|---|---|---|',
    ...rows,
    `| **cost** | | | **${costUsd}** |`,
    '',
    why,
  ].join('\n');
}
