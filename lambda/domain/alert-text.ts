/**
 * How an alert writes dollars, instants and names: for a person who reads it at night on a phone.
 */
import { DateTime } from 'luxon';
import { formatUsd, NANO_USD_PER_USD, type NanoUsd, nanoUsd } from './money.ts';

/** What a person reads of an event. */
export interface Words {
  /** One line of printable ASCII, at most 100 characters: what SNS takes as a subject. */
  readonly subject: string;
  /** Several lines; the first says the same as the subject. */
  readonly message: string;
}

const MAX_SUBJECT = 100;
const MAX_MESSAGE = 4_000;
const MAX_NAME = 80;

/** Both within their bounds: what is longer is cut, and an odd character becomes `?`. */
export function wordsOf(subject: string, lines: readonly (string | undefined)[]): Words {
  const ascii = oneLine(subject).replace(/[^ -~]/gu, '?');
  const message = lines.filter((line) => line !== undefined).join('\n');
  return { subject: clipped(ascii, MAX_SUBJECT), message: clipped(message, MAX_MESSAGE) };
}

const clipped = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 3).toWellFormed()}...`;

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

/** A name that somebody else chose, on one line and not too long. */
export const shownName = (name: string): string => clipped(oneLine(name), MAX_NAME);

/** The split value of a counter's key, as people write it. */
export const shownSplit = (split: string): string =>
  shownName(split.replace(/^#/, '').replaceAll('%23', '#').replaceAll('%25', '%'));

const CENT = NANO_USD_PER_USD / 100n;

/**
 * Dollars to look at, with thousands set apart: whole cents from a dollar on, else all digits.
 * Spent money is rounded up, what is left of it down.
 */
export function dollars(amount: NanoUsd, rounding: 'up' | 'down' = 'up'): string {
  if (amount < 0n) return `-${dollars(nanoUsd(-amount), rounding === 'up' ? 'down' : 'up')}`;
  const isSmall = amount < NANO_USD_PER_USD;
  const cents = rounding === 'up' ? (amount + CENT - 1n) / CENT : amount / CENT;
  const [whole = '', fraction] = formatUsd(isSmall ? amount : nanoUsd(cents * CENT)).split('.');
  return `$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`;
}

/** Whole percent of the limit, rounded down: 100 only where all is spent. */
export const percentOf = (amount: NanoUsd, limit: NanoUsd): bigint | undefined =>
  limit > 0n ? (amount * 100n) / limit : undefined;

const LOCALE = { locale: 'en-US', numberingSystem: 'latn' } as const;

/** An instant on the clocks of a zone: `Wed 1 Apr 2026, 00:00 Europe/Paris (UTC+02:00)`. */
export function instantText(atMs: number, timeZone: string): string {
  const local = DateTime.fromMillis(atMs, { zone: timeZone, ...LOCALE });
  const isUtc = timeZone === 'UTC';
  return local.toFormat(`ccc d LLL yyyy, HH:mm '${timeZone}'${isUtc ? '' : " '(UTC'ZZ')'"}`);
}

/** An instant as commands take it: `2026-04-01T00:00:00+02:00`. */
export const instantArgument = (atMs: number, timeZone: string): string =>
  DateTime.fromMillis(atMs, { zone: timeZone, ...LOCALE }).toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");

const MINUTE_MS = 60_000;

/** How long, in its two largest units: `29 d 12 h`, `3 h 5 min`, `40 min`. */
export function durationText(durationMs: number): string {
  const minutes = Math.max(0, Math.ceil(durationMs / MINUTE_MS));
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
