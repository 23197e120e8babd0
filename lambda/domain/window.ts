/**
 * Calendar windows: which hour, day, week or month of a time zone an instant falls into.
 *
 * Invariant: for one kind, zone and week start, every instant has exactly one window id, and the
 * id names the window's local start with its UTC offset, so a repeated hour has two ids.
 */
import { DateTime, IANAZone } from 'luxon';

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

export const isTimeZone = (name: string): boolean => IANAZone.isValidZone(name);

const LIFETIME: Window = { id: 'lifetime', startsAtMs: 0, endsAtMs: undefined };
const DAYS_PER_WEEK = 7;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The machine's own locale might write the digits of an id in another script. */
const ID_LOCALE = { locale: 'en-US', numberingSystem: 'latn' } as const;

/** The window that `atMs` (epoch milliseconds) falls into. Not cached; see `WindowClock`. */
export function windowAt(rule: WindowRule, atMs: number): Window {
  if (rule.kind === 'lifetime') return LIFETIME;
  const local = DateTime.fromMillis(atMs, { zone: rule.timeZone, ...ID_LOCALE });
  if (!local.isValid) throw new RangeError(`no such time zone: ${rule.timeZone}`);
  const { start, endsAtMs } = rule.kind === 'hourly' ? hourOf(local) : daysOf(rule, local);
  return {
    id: `${rule.kind}:${start.toFormat("yyyy-MM-dd'T'HHZZ")}@${rule.timeZone}`,
    startsAtMs: start.toMillis(),
    endsAtMs,
  };
}

interface Span {
  readonly start: DateTime;
  readonly endsAtMs: number;
}

/**
 * The instants that share local hour and UTC offset. A change of offset inside an hour ends it
 * (Lord Howe turns its clocks by half an hour), so that no instant is in two hours or in none.
 */
function hourOf(local: DateTime): Span {
  const { zone } = local;
  const atMs = local.toMillis();
  const offset = zone.offset(atMs);
  const localMs = atMs + offset * MINUTE_MS;
  const hourStartMs = Math.floor(localMs / HOUR_MS) * HOUR_MS - offset * MINUTE_MS;
  const lastMs = hourStartMs + HOUR_MS - 1;
  const hasOffset = (ms: number): boolean => zone.offset(ms) === offset;
  const startMs = hasOffset(hourStartMs) ? hourStartMs : firstWhere(hasOffset, hourStartMs, atMs);
  const endsAtMs = hasOffset(lastMs)
    ? lastMs + 1
    : firstWhere((ms) => !hasOffset(ms), atMs, lastMs);
  return { start: DateTime.fromMillis(startMs, { zone, ...ID_LOCALE }), endsAtMs };
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

function daysOf(rule: WindowRule, local: DateTime): Span {
  switch (rule.kind) {
    case 'monthly': {
      const start = startOfDay(local.startOf('month'));
      return { start, endsAtMs: startOfDay(start.plus({ months: 1 })).toMillis() };
    }
    case 'weekly': {
      const isoWeekday = WEEKDAYS.indexOf(rule.weekStart) + 1;
      const daysBack = (local.weekday - isoWeekday + DAYS_PER_WEEK) % DAYS_PER_WEEK;
      const day = local.startOf('day');
      // Not counted from the start: that is a day late where the zone left its date out.
      const end = startOfDay(day.plus({ days: DAYS_PER_WEEK - daysBack }));
      return { start: startOfDay(day.minus({ days: daysBack })), endsAtMs: end.toMillis() };
    }
    default: {
      const start = startOfDay(local);
      return { start, endsAtMs: startOfDay(start.plus({ days: 1 })).toMillis() };
    }
  }
}

/**
 * The first instant of a local date. Where clocks go back over midnight (Havana, the Azores)
 * midnight comes twice in one date, and the day would have two ids: two budgets.
 */
function startOfDay(local: DateTime): DateTime {
  const midnight = local.startOf('day');
  const before = midnight.minus({ milliseconds: 1 });
  return before.toISODate() === midnight.toISODate() ? before.startOf('day') : midnight;
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
  const named = DateTime.fromISO(`${date}T${hour}:00${offset}`, { zone: timeZone });
  if (kind === undefined || !named.isValid) return undefined;
  // A week's id does not name the day that weeks start on: it starts on it.
  const weekStart = WEEKDAYS[DateTime.fromISO(date, { zone: 'UTC' }).weekday - 1] ?? 'monday';
  const rule: WindowRule = { kind: kind as WindowKind, timeZone, weekStart };
  // The id leaves out the minutes of its start, which are not zero where clocks changed there.
  for (let minute = 0; minute < MINUTES_PER_HOUR; minute += 1) {
    const window = windowAt(rule, named.toMillis() + minute * MINUTE_MS);
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
