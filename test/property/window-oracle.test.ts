/**
 * Windows as luxon's calendar has them: in every zone that there is, around each change of clocks.
 *
 * The ids name counters, so one that were written in another way would be a second budget.
 */
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, it } from 'vitest';
import { readIsoInstantMs } from '../../lambda/adapters/settings/iso-instant.ts';
import { isTimeZone, offsetMsAt } from '../../lambda/domain/time-zone.ts';
import { WEEKDAYS, type WindowRule, windowAt } from '../../lambda/domain/window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.UTC(2011, 10, 15);
const LAST_MS = Date.UTC(2037, 0, 1);

/** The last two are offsets by name; `utc` shows that a name's case is kept. */
const ZONES = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'utc', '-00:30', '+05:45'];

const anytime = fc.integer({ min: FIRST_MS, max: LAST_MS });

/** The instant within a year after `fromMs` at which clocks change; `fromMs` where none do. */
function changeAfter(timeZone: string, fromMs: number): number {
  const offset = (ms: number): number => offsetMsAt(timeZone, ms);
  for (let low = fromMs; low < fromMs + 365 * DAY_MS; low += 14 * DAY_MS) {
    let [before, after] = [low, low + 14 * DAY_MS];
    if (offset(before) === offset(after)) continue;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offset(middle) === offset(before)) before = middle;
      else after = middle;
    }
    return after;
  }
  return fromMs;
}

const samples = fc
  .record({
    timeZone: fc.constantFrom(...ZONES),
    weekStart: fc.constantFrom(...WEEKDAYS),
    fromMs: anytime,
    awayMs: fc.oneof(
      fc.constantFrom(-1, 0),
      fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
      fc.integer({ min: -DAY_MS, max: DAY_MS }),
      fc.integer({ min: -35 * DAY_MS, max: 35 * DAY_MS }),
    ),
  })
  .map(({ timeZone, weekStart, fromMs, awayMs }) => ({
    timeZone,
    weekStart,
    atMs: changeAfter(timeZone, fromMs) + awayMs,
  }));

/** Days, weeks and months by luxon's own arithmetic. */
function calendarWindow(rule: WindowRule, atMs: number) {
  const local = DateTime.fromMillis(atMs, { zone: rule.timeZone, locale: 'en-US' });
  const [start, end] = edgesOf(rule, local);
  return {
    id: `${rule.kind}:${start.toFormat("yyyy-MM-dd'T'HHZZ")}@${rule.timeZone}`,
    startsAtMs: start.toMillis(),
    endsAtMs: end.toMillis(),
  };
}

function edgesOf({ kind, weekStart }: WindowRule, local: DateTime): readonly [DateTime, DateTime] {
  const day = local.startOf('day');
  if (kind === 'daily') return [firstOf(day), firstOf(firstOf(day).plus({ days: 1 }))];
  if (kind === 'monthly') {
    const start = firstOf(local.startOf('month'));
    return [start, firstOf(start.plus({ months: 1 }))];
  }
  const daysBack = (local.weekday - WEEKDAYS.indexOf(weekStart) + 6) % 7;
  return [firstOf(day.minus({ days: daysBack })), firstOf(day.plus({ days: 7 - daysBack }))];
}

/** The first of two midnights, where a date has two. */
function firstOf(date: DateTime): DateTime {
  const midnight = date.startOf('day');
  const before = midnight.minus({ milliseconds: 1 });
  return before.toISODate() === midnight.toISODate() ? before.startOf('day') : midnight;
}

describe("windows and luxon's calendar", () => {
  it('have the same days, weeks and months, by the same ids', () => {
    fc.assert(
      fc.property(samples, ({ atMs, ...zone }) => {
        for (const kind of ['daily', 'weekly', 'monthly'] as const) {
          const rule = { kind, ...zone };
          expect(windowAt(rule, atMs)).toEqual(calendarWindow(rule, atMs));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('have the same offset at each instant, and hours named by it', () => {
    fc.assert(
      fc.property(samples, ({ atMs, ...zone }) => {
        const local = DateTime.fromMillis(atMs, { zone: zone.timeZone, locale: 'en-US' });
        const named = local.toFormat("yyyy-MM-dd'T'HHZZ");

        expect(offsetMsAt(zone.timeZone, atMs)).toBe(local.offset * MINUTE_MS);
        expect(windowAt({ kind: 'hourly', ...zone }, atMs).id).toBe(
          `hourly:${named}@${zone.timeZone}`,
        );
      }),
      { numRuns: 400 },
    );
  });

  it('know the same zones', () => {
    expect(ZONES.filter((name) => !isTimeZone(name))).toEqual([]);
  });
});

describe("an instant in settings and luxon's reader", () => {
  const two = (most: number) =>
    fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
  const texts = fc
    .record({
      year: fc.integer({ min: 1000, max: 2100 }),
      fields: fc.tuple(two(13), two(32), two(25), two(61), two(61)),
      fraction: fc.constantFrom('', '.1', '.123', ',999999999'),
      offset: fc.constantFrom('Z', '+00', '-0330', '+05:45', '+14:00', '-12:00', '', 'z'),
      isBasic: fc.boolean(),
    })
    .map(({ year, fields: [month, day, hour, minute, second], fraction, offset, isBasic }) => {
      const [dash, colon] = isBasic ? ['', ''] : ['-', ':'];
      const date = [year, month, day].join(dash);
      return `${date}T${[hour, minute, second].join(colon)}${fraction}${offset}`;
    });

  it('agree on what is a date and time with its offset, and when it is', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const read = DateTime.fromISO(text, { setZone: true });
        const isWhole = read.isValid && /(Z|[+-]\d\d(:?\d\d)?)$/.test(text);

        expect(readIsoInstantMs(text)).toBe(isWhole ? read.toMillis() : undefined);
      }),
      { numRuns: 1_000 },
    );
  });
});
