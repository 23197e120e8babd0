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

/** The window that `atMs` (epoch milliseconds) falls into. Not cached; see `WindowClock`. */
export function windowAt(rule: WindowRule, atMs: number): Window {
  if (rule.kind === 'lifetime') return LIFETIME;
  const local = DateTime.fromMillis(atMs, { zone: rule.timeZone });
  if (!local.isValid) throw new RangeError(`no such time zone: ${rule.timeZone}`);
  const start = startOfWindow(rule, local);
  return {
    id: `${rule.kind}:${start.toFormat("yyyy-MM-dd'T'HHZZ")}@${rule.timeZone}`,
    startsAtMs: start.toMillis(),
    endsAtMs: startOfNextWindow(rule, start).toMillis(),
  };
}

function startOfWindow(rule: WindowRule, local: DateTime): DateTime {
  switch (rule.kind) {
    case 'hourly':
      return local.startOf('hour');
    case 'daily':
      return local.startOf('day');
    case 'monthly':
      return local.startOf('month');
    default:
      return startOfWeek(local, rule.weekStart);
  }
}

function startOfWeek(local: DateTime, weekStart: Weekday): DateTime {
  const isoWeekday = WEEKDAYS.indexOf(weekStart) + 1;
  const daysBack = (local.weekday - isoWeekday + DAYS_PER_WEEK) % DAYS_PER_WEEK;
  return local.startOf('day').minus({ days: daysBack }).startOf('day');
}

function startOfNextWindow(rule: WindowRule, start: DateTime): DateTime {
  switch (rule.kind) {
    case 'hourly':
      return start.plus({ hours: 1 }).startOf('hour');
    case 'daily':
      return start.plus({ days: 1 }).startOf('day');
    case 'monthly':
      return start.plus({ months: 1 }).startOf('month');
    default:
      return start.plus({ days: DAYS_PER_WEEK }).startOf('day');
  }
}

/** Remembers the last window of each rule: the time zone arithmetic runs once a window. */
export class WindowClock {
  readonly #current = new Map<string, Window>();

  at(rule: WindowRule, atMs: number): Window {
    const key = `${rule.kind}@${rule.timeZone}@${rule.weekStart}`;
    const known = this.#current.get(key);
    if (known !== undefined && atMs >= known.startsAtMs && atMs < (known.endsAtMs ?? Infinity)) {
      return known;
    }
    const window = windowAt(rule, atMs);
    this.#current.set(key, window);
    return window;
  }
}
