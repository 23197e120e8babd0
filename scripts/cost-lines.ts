/**
 * What docs/cost.md is added up from: lines of units at prices, the stack and the assumptions.
 *
 * Invariant: a figure is measured (docs/cost-figures.json), or it is in the stack and a test
 *            compares it, or it is named an assumption.
 * Not here:  the lines themselves (cost-idle.ts, cost-requests.ts, cost-flood.ts).
 */
import { type NanoUsd, sumUsd } from '../lambda/domain/money.ts';
import { type AwsPrice, costOf, MB_MS_A_GB_SECOND, PRICES, type PriceName } from './cost-prices.ts';

/** Units of one price, and where they come from. */
export interface CostLine {
  readonly what: string;
  readonly price: PriceName;
  readonly units: bigint;
  /** How the units come about, for the page. */
  readonly how: string;
}

/** In the stack as it is deployed by default; test/infra/cost.test.ts compares. */
export const STACK = {
  gatewayMemoryMb: 1_024n,
  reservedConcurrency: 50n,
  rolloverMemoryMb: 512n,
  syncMemoryMb: 256n,
  schedules: 1n,
  alarms: 21n,
  dashboards: 1n,
  tables: 2n,
  logRetentionDays: 90n,
  journalDays: 90n,
  settingsMaxAgeSeconds: 5n,
} as const;

/** Nobody measured these on AWS. `npm run docs:cost` after a change. */
export const ASSUMED = {
  rolloverMs: 250n,
  syncMs: 100n,
  syncReadUnits: 2n,
  syncLogBytes: 200n,
  /** START, END and REPORT, as Lambda writes them beside what a function prints. */
  platformLogBytes: 350n,
  refusalMs: 15n,
  /** An idle stack's tables, together. */
  tableBytes: 10n * 1_048_576n,
  /** DynamoDB asks KMS for a table's key once in five minutes, for each caller. */
  kmsIntervalMinutes: 5n,
  itemOverheadBytes: 100n,
} as const;

export const MINUTES_A_MONTH = 43_200n;
const DAYS_A_MONTH = 30n;
export const MILLION = 1_000_000n;
export const MS_A_SECOND = 1_000n;

/** The time of a function that runs so often and so long. */
export const lambdaTime = (what: string, runs: bigint, ms: bigint, memoryMb: bigint): CostLine => ({
  what,
  price: 'lambdaTime',
  units: runs * ms * memoryMb,
  how: `${count(runs)} × ${duration(ms)} × ${count(memoryMb)} MB`,
});

/** `1,234,567` */
export const count = (value: bigint | number): string => value.toLocaleString('en-US');

/** How many months' worth is there, of what is kept for so many days. */
export const keptMonths = (days: bigint): bigint => days / DAYS_A_MONTH;

const duration = (ms: bigint): string =>
  ms % MS_A_SECOND === 0n ? `${ms / MS_A_SECOND} s` : `${ms} ms`;

export const lineCost = ({ price, units }: CostLine): NanoUsd => costOf(price, units);

export const totalCost = (lines: readonly CostLine[]): NanoUsd => sumUsd(lines.map(lineCost));

/**
 * What each line costs where the account uses its free amounts for nothing else: lines of one
 * price share what is free of it, in their order.
 */
export function costsBeyondFree(lines: readonly CostLine[]): readonly NanoUsd[] {
  const left = new Map<PriceName, bigint>();
  return lines.map(({ price, units }) => {
    const free = left.get(price) ?? (PRICES[price] as AwsPrice).free ?? 0n;
    left.set(price, free > units ? free - units : 0n);
    return costOf(price, units > free ? units - free : 0n);
  });
}

/** GB-seconds of a line of Lambda's time. */
export const gbSeconds = ({ units }: CostLine): bigint => units / MB_MS_A_GB_SECOND;
