/**
 * Calendar windows: which hour, day, week or month of a time zone an instant falls into.
 *
 * Invariant: for one kind, zone and week start, every instant has exactly one window id, and the
 * id names the window's local start with its UTC offset, so a repeated hour has two ids.
 */
import { isTimeZone, offsetMsAt } from './time-zone.ts';

export const WINDOW_KINDS = ['hourly', 'daily', 'weekly', 'monthly', 'lifetime'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export interface WindowRule {
  readonly kind: WindowKind;
  /** IANA name. */
  readonly timeZone: string;
  /** Read for weekly windows only. */
  readonly weekStart: Weekday;
}

export interface Window {
  /** Sort key of the window's counters, such as `daily:2026-10-25T00+02:00@Europe/Paris`. */
  readonly id: string;
  readonly startsAtMs: number;
  /** When the next window starts; undefined for a lifetime window. */
  readonly endsAtMs: number | undefined;
}

const LIFETIME: Window = { id: 'lifetime', startsAtMs: 0, endsAtMs: undefined };
const DAYS_PER_WEEK = 7;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The window that `atMs` (epoch milliseconds) falls into. Not cached; see `WindowClock`.
 *
 * @throws RangeError where there is no such time zone
 */
export function windowAt(rule: WindowRule, atMs: number): Window {
  if (rule.kind === 'lifetime') return LIFETIME;
  const offsetMs: Offset = (ms) => offsetMsAt(rule.timeZone, ms);
  const { startsAtMs, endsAtMs } =
    rule.kind === 'hourly' ? hourOf(offsetMs, atMs) : daysOf(rule, offsetMs, atMs);
  const start = localText(startsAtMs, offsetMs(startsAtMs));
  return { id: `${rule.kind}:${start}@${rule.timeZone}`, startsAtMs, endsAtMs };
}

/** How far a zone's local time is ahead of UTC at an instant, in milliseconds. */
type Offset = (atMs: number) => number;

interface Span {
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** Local date, hour and offset: `2026-10-25T02+02:00`. */
function localText(atMs: number, offsetMs: number): string {
  const hour = new Date(atMs + offsetMs).toISOString().slice(0, 'yyyy-mm-ddThh'.length);
  const away = new Date(Math.abs(offsetMs)).toISOString().slice(11, 16);
  return `${hour}${offsetMs < 0 ? '-' : '+'}${away}`;
}

/**
 * The instants that share local hour and UTC offset. A change of offset inside an hour ends it
 * (Lord Howe turns its clocks by half an hour), so that no instant is in two hours or in none.
 */
function hourOf(offsetMs: Offset, atMs: number): Span {
  const awayMs = offsetMs(atMs);
  const firstMs = Math.floor((atMs + awayMs) / HOUR_MS) * HOUR_MS - awayMs;
  const lastMs = firstMs + HOUR_MS - 1;
  const hasOffset = (ms: number): boolean => offsetMs(ms) === awayMs;
  return {
    startsAtMs: hasOffset(firstMs) ? firstMs : firstWhere(hasOffset, firstMs, atMs),
    endsAtMs: hasOffset(lastMs) ? lastMs + 1 : firstWhere((ms) => !hasOffset(ms), atMs, lastMs),
  };
}

/** The first millisecond after `lowMs` for which `holds`, which is false there and true at `highMs`. */
function firstWhere(holds: (ms: number) => boolean, lowMs: number, highMs: number): number {
  let low = lowMs;
  let high = highMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function daysOf({ kind, weekStart }: WindowRule, offsetMs: Offset, atMs: number): Span {
  // Dates are counted by their midnights in UTC, where each has 24 hours.
  const date = Math.floor((atMs + offsetMs(atMs)) / DAY_MS) * DAY_MS;
  const [first, next] = datesOf(kind, weekStart, date);
  return { startsAtMs: startOfDay(first, offsetMs), endsAtMs: startOfDay(next, offsetMs) };
}

/** The first date of the window that holds a date, and the first date of the next window. */
function datesOf(kind: WindowKind, weekStart: Weekday, date: number): readonly [number, number] {
  if (kind === 'daily') return [date, date + DAY_MS];
  const utc = new Date(date);
  if (kind === 'monthly') {
    const first = utc.setUTCDate(1);
    return [first, utc.setUTCMonth(utc.getUTCMonth() + 1)];
  }
  const daysBack =
    (weekdayIndex(utc) - WEEKDAYS.indexOf(weekStart) + DAYS_PER_WEEK) % DAYS_PER_WEEK;
  const first = date - daysBack * DAY_MS;
  return [first, first + DAYS_PER_WEEK * DAY_MS];
}

/** The place in WEEKDAYS; `Date` counts from Sunday. */
const weekdayIndex = (date: Date): number => (date.getUTCDay() + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK;

/**
 * The first instant of a local date. Where clocks go back over midnight (Havana, the Azores) it is
 * the first of two midnights: else the day would have two ids, which is two budgets. Where they go
 * forward over it, or the whole date is left out, it is the instant at which they do.
 */
function startOfDay(date: number, offsetMs: Offset): number {
  const [before, after] = [offsetMs(date - DAY_MS), offsetMs(date + DAY_MS)];
  const isMidnight = (awayMs: number): boolean => offsetMs(date - awayMs) === awayMs;
  // The greater offset makes the earlier instant.
  const [ahead, behind] = before > after ? [before, after] : [after, before];
  if (isMidnight(ahead)) return date - ahead;
  if (isMidnight(behind)) return date - behind;
  return firstWhere((ms) => offsetMs(ms) === after, date - DAY_MS, date + DAY_MS);
}

const WINDOW_ID =
  /^(hourly|daily|weekly|monthly):(\d{4}-\d{2}-\d{2})T(\d{2})([+-]\d{2}:\d{2})@(.+)$/;
const MINUTES_PER_HOUR = 60;

/**
 * When the window of this id ends, in epoch milliseconds.
 *
 * @returns Infinity for a lifetime window; undefined where no window has this id.
 */
export const windowEndOf = (id: string): number | undefined => endOf(windowOf(id));

const endOf = (window: Window | undefined): number | undefined =>
  window === undefined ? undefined : (window.endsAtMs ?? Number.POSITIVE_INFINITY);

/**
 * The window of this id: the inverse of `windowAt`; undefined where no window has it.
 * A week that begins a day late, as its zone left a date out, is given a day more: none is closed
 * too early.
 */
export function windowOf(id: string): Window | undefined {
  if (id === LIFETIME.id) return LIFETIME;
  const [, kind, date = '', hour, offset, timeZone = ''] = WINDOW_ID.exec(id) ?? [];
  const namedMs = Date.parse(`${date}T${hour}:00${offset}`);
  if (kind === undefined || Number.isNaN(namedMs) || !isTimeZone(timeZone)) return undefined;
  // A week's id does not name the day that weeks start on: it starts on it.
  const weekStart = WEEKDAYS[weekdayIndex(new Date(date))] ?? 'monday';
  const rule: WindowRule = { kind: kind as WindowKind, timeZone, weekStart };
  // The id leaves out the minutes of its start, which are not zero where clocks changed there.
  for (let minute = 0; minute < MINUTES_PER_HOUR; minute += 1) {
    const window = windowAt(rule, namedMs + minute * MINUTE_MS);
    if (window.id === id) return window;
  }
  return undefined;
}

/** More rules than all caps together may have; past it the oldest is forgotten. */
const MAX_REMEMBERED = 2_000;

/** Remembers the last window of each rule: the time zone arithmetic runs once a window. */
export class WindowClock {
  readonly #current = new Map<string, Window>();
  readonly #named = new Map<string, Window | undefined>();

  /** The same as `windowAt`. */
  at(rule: WindowRule, atMs: number): Window {
    const key = `${rule.kind}@${rule.timeZone}@${rule.weekStart}`;
    const known = this.#current.get(key);
    if (known !== undefined && atMs >= known.startsAtMs && atMs < (known.endsAtMs ?? Infinity)) {
      return known;
    }
    const window = windowAt(rule, atMs);
    this.#current.delete(key);
    this.#current.set(key, window);
    if (this.#current.size > MAX_REMEMBERED) this.#forgetOldest();
    return window;
  }

  /** The same as `windowEndOf`. */
  endOf(id: string): number | undefined {
    return endOf(this.named(id));
  }

  /** The same as `windowOf`. */
  named(id: string): Window | undefined {
    if (this.#named.has(id)) return this.#named.get(id);
    const window = windowOf(id);
    if (this.#named.size < MAX_REMEMBERED) this.#named.set(id, window);
    return window;
  }

  /** How many rules are remembered. */
  get size(): number {
    return this.#current.size;
  }

  #forgetOldest(): void {
    const [oldest] = this.#current.keys();
    if (oldest !== undefined) this.#current.delete(oldest);
  }
}
