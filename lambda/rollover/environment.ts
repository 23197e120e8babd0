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
}

const WHOLE_NUMBER = /^\d{1,15}$/;
/** Less than the longest window would make room for doubt in the month's bill. */
const LEAST_DAYS = 35;
const MOST_DAYS = 36_500;

/** @throws Error that names the variable, its value and what it may be */
export function readRolloverEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): RolloverEnvironment {
  const { settingsTable, ledgerTable, journalDays } = readEnvironment(env);
  return { settingsTable, ledgerTable, journalDays, counterDays: counterDaysOf(env) };
}

function counterDaysOf(env: Readonly<Record<string, string | undefined>>): number {
  const text = env[ENV.counterDays]?.trim();
  if (text === undefined || text === '') return DEFAULTS.counterDays;
  const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
  if (value >= LEAST_DAYS && value <= MOST_DAYS) return value;
  throw new Error(
    `${ENV.counterDays}: "${text}" is not a whole number from ${LEAST_DAYS} to ${MOST_DAYS}`,
  );
}
