/**
 * The tables of docs/cost.md, and how dollars are shown in them.
 */
import { CATALOGUE_ROWS } from '../lambda/domain/catalogue/rows.ts';
import {
  divCeil,
  NANO_USD_PER_USD,
  type NanoUsd,
  nanoUsd,
  parseUsd,
  sumUsd,
} from '../lambda/domain/money.ts';
import { COST_FIGURES, type DynamodbUse } from './cost-figures.ts';
import { floodLines } from './cost-flood.ts';
import { idleLines, OPTIONS } from './cost-idle.ts';
import { costsBeyondFree, count, lineCost, MILLION, totalCost } from './cost-lines.ts';
import { type AwsPrice, PRICES } from './cost-prices.ts';
import { millionLines, refusalLines, SHAPES, type Shape } from './cost-requests.ts';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)].join('\n');

const NANO_USD_A_CENT = NANO_USD_PER_USD / 100n;
const WHOLE_DOLLARS_FROM = 100n * NANO_USD_PER_USD;

/** Dollars for people, rounded up: to a cent, and from a hundred on to a dollar. */
export function shownUsd(amount: NanoUsd): string {
  if (amount === 0n) return '0';
  if (amount >= WHOLE_DOLLARS_FROM) return `$${count(divCeil(amount, NANO_USD_PER_USD))}`;
  if (amount < NANO_USD_A_CENT) return 'under $0.01';
  const cents = divCeil(amount, NANO_USD_A_CENT);
  return `$${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
}

/** What the catalogue says that so many tokens of a model cost. @throws Error for no such offer */
export function modelCost(
  baseModelId: string,
  soldAs: string,
  input: bigint,
  output: bigint,
): NanoUsd {
  const offers = CATALOGUE_ROWS.find((each) => each.baseModelId === baseModelId)?.offers ?? [];
  const usd = offers.find((offer) => offer.soldAs.some((prefix) => prefix === soldAs))?.usd;
  const [inputUsd, outputUsd] = (usd ?? []).map((price) => parseUsd(price ?? ''));
  if (inputUsd === undefined || outputUsd === undefined) {
    throw new Error(`the catalogue has no token prices of ${soldAs}.${baseModelId}`);
  }
  return sumUsd([
    nanoUsd(divCeil(inputUsd * input, MILLION)),
    nanoUsd(divCeil(outputUsd * output, MILLION)),
  ]);
}

/** Every price, with its source. */
export function pricesTable(): string {
  const rows = Object.values(PRICES).map(({ usd, unit, source, sure, ...rest }) => {
    const free = (rest as Partial<AwsPrice>).free;
    return [`$${usd}`, unit, free === undefined ? '' : 'yes', source, sure];
  });
  return table(['Price', 'Of', 'Some is free each month', 'From', 'Sure'], rows);
}

/** Every line of an idle month, and their sum. */
export function idleTable(): string {
  const lines = idleLines();
  const beyond = costsBeyondFree(lines);
  const rows = lines.map((line, index) => [
    line.what,
    line.how,
    shownUsd(lineCost(line)),
    shownUsd(beyond[index] ?? lineCost(line)),
  ]);
  const total = ['**all**', '', bold(totalCost(lines)), bold(sumUsd(beyond))];
  return table(['Line', 'Units', 'A month, nothing free', 'with what is free'], [...rows, total]);
}

const bold = (amount: NanoUsd): string => `**${shownUsd(amount)}**`;

/** What only some deployments have. */
export const optionsTable = (): string =>
  table(
    ['What', 'For', 'A month'],
    OPTIONS.map((line) => [line.what, line.how, shownUsd(lineCost(line))]),
  );

/** What each counted request makes of DynamoDB. */
export function usesTable(): string {
  const rows = Object.entries(COST_FIGURES.requests).map(([name, use]) => [
    name,
    operationsText(use),
    String(use.writeUnits),
    String(use.readUnits),
  ]);
  return table(['Request', 'Operations', 'Write units', 'Read units'], rows);
}

const operationsText = ({ operations }: DynamodbUse): string =>
  Object.entries(operations)
    .map(([name, times]) => `${times} ${name}`)
    .join(', ') || 'none';

/** The caps of the two columns. */
export const FEW_CAPS = 1n;
const MORE_CAPS = 3n;

/** A million requests of a kind, under few caps and more. */
export function millionTable(shape: Shape): string {
  const [few, more] = [millionLines(shape, FEW_CAPS), millionLines(shape, MORE_CAPS)];
  const rows = few.map((line, index) => {
    const other = more[index] ?? line;
    const how = line.how === other.how ? line.how : `${line.how}; ${other.how}`;
    return [line.what, how, shownUsd(lineCost(line)), shownUsd(lineCost(other))];
  });
  const total = ['**all**', '', bold(totalCost(few)), bold(totalCost(more))];
  return table(['Line', 'Units', '1 cap', '3 caps'], [...rows, total]);
}

const COMPARED = { baseModelId: 'anthropic.claude-sonnet-4-6', soldAs: 'us' } as const;

/** What hardcap adds to what Bedrock bills. */
export function comparisonTable(): string {
  const rows = SHAPES.map((shape) => {
    const { baseModelId, soldAs } = COMPARED;
    const { inputTokens, outputTokens } = shape;
    const one = modelCost(baseModelId, soldAs, inputTokens, outputTokens);
    const million = nanoUsd(one * MILLION);
    const added = totalCost(millionLines(shape, FEW_CAPS));
    return [
      shape.name,
      `${count(inputTokens)} + ${count(outputTokens)}`,
      shownUsd(million),
      shownUsd(added),
      percentOf(added, million),
    ];
  });
  const head = ['Kind', 'Tokens, input + output', 'A million at Bedrock', 'by hardcap', 'Share'];
  return table(head, rows);
}

/** Tenths of a percent, rounded up. */
function percentOf(part: NanoUsd, whole: NanoUsd): string {
  const perMille = divCeil(part * 1_000n, whole);
  return `${perMille / 10n}.${perMille % 10n} %`;
}

/** A million refusals of each kind. */
export function refusalTable(): string {
  const kinds = [
    ['by the only cap', COST_FIGURES.requests['refused, 1 cap']],
    [
      'by one of four caps, each for the first time',
      COST_FIGURES.requests['refused by 1 of 4 caps'],
    ],
    ['again and again', COST_FIGURES.requests['refused by 1 of 4 caps, again']],
    ['larger than its only cap', COST_FIGURES.requests['larger than its cap']],
  ] as const;
  const all = kinds.map(([, use]) => refusalLines(use));
  const [first = []] = all;
  const rows = first.map(({ what }, index) => [
    what,
    ...all.map((lines) =>
      shownUsd(lines[index] === undefined ? nanoUsd(0n) : lineCost(lines[index])),
    ),
  ]);
  const totals = ['**all**', ...all.map((lines) => bold(totalCost(lines)))];
  return table(['Line', ...kinds.map(([kind]) => kind)], [...rows, totals]);
}

/** An hour of a flood. */
export function floodTable(): string {
  const lines = floodLines();
  const rows = lines.map((line) => [line.what, line.how, shownUsd(lineCost(line))]);
  return table(['Line', 'Units', 'An hour'], [...rows, ['**all**', '', bold(totalCost(lines))]]);
}
