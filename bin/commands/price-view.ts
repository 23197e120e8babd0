/**
 * Prices in words and as JSON, for people and programs; the JSON has money as decimal dollars.
 */
import { factorText } from '../../lambda/adapters/settings/price-item.ts';
import { type CostLine, costLines } from '../../lambda/domain/cost-lines.ts';
import { formatUsd, nanoUsd } from '../../lambda/domain/money.ts';
import {
  costOf,
  type MalformedPrice,
  type Price,
  type TokenUsage,
} from '../../lambda/domain/price.ts';
import { linesOf, type PriceLines } from '../../lambda/domain/price-lines.ts';
import { changesText } from '../../lambda/domain/price-policy.ts';
import type { KeptProposal } from '../../lambda/ports/price-book.ts';
import { type Row, table } from './output.ts';

const usd = (amount: bigint): string => formatUsd(nanoUsd(amount));

/** Every line in decimal dollars. */
export const linesJson = (lines: PriceLines): Record<string, string> =>
  Object.fromEntries(Object.entries(lines).map(([line, amount]) => [line, usd(amount)]));

/** Who made the price: `operator`, `refresh` (`, approved`) or `catalogue`. */
export function originOf({ refreshed, version }: Pick<Price, 'refreshed' | 'version'>): string {
  if (refreshed !== undefined) return refreshed === 'approved' ? 'refresh, approved' : 'refresh';
  return version.startsWith('operator-') ? 'operator' : 'catalogue';
}

export const priceJson = (price: Price) => ({
  model: price.modelId,
  from: originOf(price),
  version: price.version,
  free: price.free === true,
  usd: price.free === true ? {} : linesJson(linesOf(price)),
  ...(price.longContext && { longThresholdTokens: price.longContext.thresholdTokens }),
  ...(price.priority && { priorityFactor: factorText(price.priority) }),
  ...(price.optimized && {
    optimizedUsd: linesJson(linesOf({ version: '', tokens: price.optimized })),
  }),
  ...(price.model && { ...price.model }),
});

export const malformedJson = ({ modelId, field, problem }: MalformedPrice) => ({
  model: modelId,
  malformed: { field, problem },
});

export const proposalJson = (proposal: KeptProposal) => ({
  model: proposal.modelId,
  status: proposal.status,
  reasons: proposal.reasons,
  listedAt: proposal.listedAt,
  changes: proposal.changes.map(({ line, fromNanoUsd, toNanoUsd }) => ({
    line,
    fromUsd: fromNanoUsd === undefined ? null : usd(fromNanoUsd),
    toUsd: usd(toNanoUsd),
  })),
});

const COLUMNS = [
  { title: 'MODEL', width: 44 },
  { title: 'INPUT', width: 9, align: 'right' },
  { title: 'OUTPUT', width: 9, align: 'right' },
  { title: 'FROM', width: 18 },
] as const;

/** Input and output of each price, in US dollars a million tokens; or the unit it is billed by. */
export const priceTable = (prices: readonly Price[]): string =>
  table(COLUMNS, prices.map(priceRow));

function priceRow(price: Price): Row {
  const { input, output } = linesOf(price);
  if (price.free === true) return [price.modelId, 'free', 'free', originOf(price)];
  const units = Object.entries(price.units ?? {});
  // Every model has those of guardrails; where they are all, they are what it is billed by.
  const [first = units[0]] = units.filter(([unit]) => !unit.startsWith('guardrail-'));
  const byUnit = first === undefined ? '' : ` (${usd(first[1])} a ${first[0]})`;
  return [
    price.modelId,
    input === undefined ? '' : usd(input),
    output === undefined ? '' : usd(output),
    originOf(price) + (input === undefined ? byUnit : ''),
  ];
}

/** One paragraph for each proposal. */
export const proposalLines = (proposals: readonly KeptProposal[]): string[] =>
  proposals.map(
    ({ modelId, status, reasons, changes }) =>
      `${modelId}: ${status} (${reasons.join(', ')}): ${changesText(changes)}`,
  );

/** Each line of a price under its name. */
export const linesTable = (price: Price): string =>
  table(
    [
      { title: 'LINE', width: 36 },
      { title: 'US DOLLARS', width: 14, align: 'right' },
      { title: 'FOR', width: 26 },
    ],
    Object.entries(linesOf(price)).map(([line, amount]) => [line, usd(amount), perOf(line)]),
  );

const PER_MILLION = /^(long-|priority-)?(input|output|cache-read|cache-write-5m|cache-write-1h)$/;
const perOf = (line: string): string => (PER_MILLION.test(line) ? 'a million tokens' : 'one');

export const costJson = (price: Price, usage: TokenUsage) => ({
  lines: costLines(price, usage).map(({ line, count, rateNanoUsd, costNanoUsd }) => ({
    line,
    count,
    rateUsd: usd(rateNanoUsd),
    costUsd: usd(costNanoUsd),
  })),
  costUsd: usd(costOf(price, usage)),
});

/** A usage's cost, line by line, with its sum. */
export const costTable = (price: Price, usage: TokenUsage): string =>
  table(
    [
      { title: 'USED', width: 36 },
      { title: 'COUNT', width: 12, align: 'right' },
      { title: 'RATE', width: 13, align: 'right' },
      { title: 'US DOLLARS', width: 16, align: 'right' },
    ],
    [...costLines(price, usage).map(costRow), ['cost', '', '', usd(costOf(price, usage))]],
  );

const costRow = ({ line, count, rateNanoUsd, costNanoUsd }: CostLine): Row => [
  line,
  String(count),
  usd(rateNanoUsd),
  usd(costNanoUsd),
];
