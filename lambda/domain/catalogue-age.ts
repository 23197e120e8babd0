/**
 * How old the prices are: since the catalogue was made, or since a refresh looked at all of them.
 */
import { DateTime } from 'luxon';

const DATED = /\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/**
 * Epoch milliseconds of the date at the end of a version such as `catalogue-2026-11-23`.
 *
 * @throws RangeError where it has none: a catalogue without a date cannot get old
 */
export function versionDateMs(version: string): number {
  const [date] = DATED.exec(version) ?? [];
  const atMs = date === undefined ? Number.NaN : DateTime.fromISO(date, { zone: 'utc' }).toMillis();
  if (!Number.isInteger(atMs)) throw new RangeError(`no date in the version "${version}"`);
  return atMs;
}

export interface CatalogueAge {
  /** Whole days since the later of the catalogue's date and the last whole refresh; at least 0. */
  readonly ageDays: number;
  readonly isOld: boolean;
  /** Epoch milliseconds from which the age counts, and what then happened. */
  readonly sinceMs: number;
  readonly since: 'catalogue' | 'refresh';
}

/** The age of the prices now. */
export function catalogueAge(options: {
  readonly version: string;
  /** When a refresh last ended with every source read; absent: never. */
  readonly refreshedAtMs?: number;
  readonly nowMs: number;
  readonly maxAgeDays: number;
}): CatalogueAge {
  const { version, refreshedAtMs, nowMs, maxAgeDays } = options;
  const madeAtMs = versionDateMs(version);
  const isRefreshed = refreshedAtMs !== undefined && refreshedAtMs > madeAtMs;
  const sinceMs = isRefreshed ? refreshedAtMs : madeAtMs;
  const ageDays = Math.max(0, Math.floor((nowMs - sinceMs) / DAY_MS));
  return {
    ageDays,
    isOld: ageDays > maxAgeDays,
    sinceMs,
    since: isRefreshed ? 'refresh' : 'catalogue',
  };
}
