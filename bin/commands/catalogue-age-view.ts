/**
 * How old the prices are, for `prices list` and `status`.
 */
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoPriceBook } from '../../lambda/adapters/settings/dynamo-price-book.ts';
import { DEFAULTS, ENV } from '../../lambda/contract.ts';
import { CATALOGUE_VERSION } from '../../lambda/domain/catalogue/rows.ts';
import { type CatalogueAge, catalogueAge } from '../../lambda/domain/catalogue-age.ts';
import type { Connection } from './connection.ts';
import { wrongUse } from './failure.ts';

const TIMEOUT_MS = 20_000;
const WHOLE_NUMBER = /^[1-9]\d{0,3}$/;
const MAX_DAYS = 3_650;

export interface ShownAge extends CatalogueAge {
  readonly maxAgeDays: number;
}

/** The age now; the most that is allowed is the environment's, as the functions have it. */
export async function readAge(connection: Connection, nowMs: number): Promise<ShownAge> {
  const book = createDynamoPriceBook({
    dynamo: documentCalls(connection.client),
    tableName: connection.settingsTable,
    timeoutMs: TIMEOUT_MS,
  });
  const { finishedAtMs } = await book.readState();
  const maxAgeDays = maxAge();
  const age = catalogueAge({
    version: CATALOGUE_VERSION,
    ...(finishedAtMs !== undefined && { refreshedAtMs: finishedAtMs }),
    nowMs,
    maxAgeDays,
  });
  return { ...age, maxAgeDays };
}

function maxAge(): number {
  const text = process.env[ENV.catalogueMaxAgeDays]?.trim() || String(DEFAULTS.catalogueMaxAgeDays);
  if (WHOLE_NUMBER.test(text) && Number(text) <= MAX_DAYS) return Number(text);
  throw wrongUse(
    `${ENV.catalogueMaxAgeDays}: "${text}" is not a whole number from 1 to ${MAX_DAYS}`,
  );
}

export const ageJson = ({ ageDays, isOld, maxAgeDays, since, sinceMs }: ShownAge) => ({
  version: CATALOGUE_VERSION,
  ageDays,
  maxAgeDays,
  isOld,
  since,
  sinceDate: dateOf(sinceMs),
});

/** One sentence, and what to do where they are old. */
export function ageText({ ageDays, isOld, maxAgeDays, since, sinceMs }: ShownAge): string {
  const text =
    since === 'refresh'
      ? `Prices were last refreshed on ${dateOf(sinceMs)}, ${ageDays} days ago`
      : `Prices are of the release of ${dateOf(sinceMs)}, ${ageDays} days old`;
  if (!isOld) return `${text}.`;
  return `${text}: older than ${maxAgeDays} days. Run hardcap prices refresh, or update hardcap.`;
}

const dateOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 'yyyy-mm-dd'.length);
