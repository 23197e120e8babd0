/**
 * Since when and until when: dates, instants and durations as options, always in UTC.
 */
import { InvalidArgumentError } from 'commander';
import { readInstantMs } from '../../lambda/adapters/settings/setting-fields.ts';

/** A point in time as it was written: `7d` and a date mean another one as begin than as end. */
export interface Moment {
  /** As the first instant of a period, by the time now, in epoch milliseconds. */
  readonly beginMs: (nowMs: number) => number;
  /** As the first instant after a period. */
  readonly endMs: (nowMs: number) => number;
}

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
};
const DURATION = /^(\d{1,5})([mhdw])$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A date (UTC), an instant with its offset, or how long ago: `90m`, `24h`, `7d`, `4w`. */
export function momentValue(text: string): Moment {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? [];
  const length = UNIT_MS[unit];
  if (length !== undefined) {
    const ago = (nowMs: number) => nowMs - Number(count) * length;
    return { beginMs: ago, endMs: ago };
  }
  const dateMs = DATE.test(text) ? dateStart(text) : undefined;
  if (dateMs !== undefined) return { beginMs: () => dateMs, endMs: () => dateMs + DAY_MS };
  const instantMs = text.includes('T') ? readInstantMs(text) : undefined;
  if (instantMs !== undefined) return { beginMs: () => instantMs, endMs: () => instantMs };
  throw new InvalidArgumentError(
    'A date in UTC such as 2026-11-01, an instant such as 2026-11-01T09:00:00+01:00, or how long ' +
      'ago, such as 90m, 24h, 7d or 4w.',
  );
}

/** 31 February is no date, though a parser may take it for one of March. */
function dateStart(text: string): number | undefined {
  const atMs = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(atMs) && dateText(atMs) === text ? atMs : undefined;
}

/** The first instant of the UTC date. */
export const startOfDay = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

const DATE_CHARACTERS = 10;

const dateText = (atMs: number): string => new Date(atMs).toISOString().slice(0, DATE_CHARACTERS);

/** `2026-11-01 09:00`, in UTC; to the second where it is not a whole minute. */
export function timeText(atMs: number): string {
  const text = new Date(atMs).toISOString().replace('T', ' ');
  return text.replace(/\.\d{3}Z$/, '').replace(/:00$/, '');
}
