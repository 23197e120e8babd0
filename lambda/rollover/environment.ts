/**
 * The rollover function's settings, read from the environment and validated before it runs.
 */
import { DEFAULTS, ENV } from '../contract.ts';
import { readEnvironment } from '../gateway/environment.ts';

export interface RolloverEnvironment {
  readonly settingsTable: string;
  readonly ledgerTable: string;
  readonly journalDays: number;
  /** Days that a closed counter is kept after its window's end. */
  readonly counterDays: number;
  /** Regions whose prices count. */
  readonly regions: readonly string[];
  /** Days after which prices that nobody looked at are called old. */
  readonly catalogueMaxAgeDays: number;
  /** Whether the price lists are looked at once a day. */
  readonly refreshesPrices: boolean;
}

const WHOLE_NUMBER = /^\d{1,15}$/;
/** Less than the longest window would make room for doubt in the month's bill. */
const LEAST_DAYS = 35;
const MOST_DAYS = 36_500;
const MOST_AGE_DAYS = 3_650;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the variable, its value and what it may be */
export function readRolloverEnvironment(env: Environment): RolloverEnvironment {
  const { settingsTable, ledgerTable, journalDays, regions } = readEnvironment(env);
  return {
    settingsTable,
    ledgerTable,
    journalDays,
    regions,
    counterDays: daysOf(env, ENV.counterDays, DEFAULTS.counterDays, LEAST_DAYS, MOST_DAYS),
    catalogueMaxAgeDays: daysOf(
      env,
      ENV.catalogueMaxAgeDays,
      DEFAULTS.catalogueMaxAgeDays,
      1,
      MOST_AGE_DAYS,
    ),
    refreshesPrices: refreshOf(env) === 'daily',
  };
}

function daysOf(env: Environment, name: string, fallback: number, least: number, most: number) {
  const text = env[name]?.trim();
  if (text === undefined || text === '') return fallback;
  const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${name}: "${text}" is not a whole number from ${least} to ${most}`);
}

function refreshOf(env: Environment): string {
  const value = env[ENV.priceRefresh]?.trim() || DEFAULTS.priceRefresh;
  if (value === 'daily' || value === 'off') return value;
  throw new Error(`${ENV.priceRefresh}: "${value}" is not one of daily, off`);
}
