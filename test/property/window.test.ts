/**
 * Windows for every instant: each has exactly one, and they tile time without gap or overlap.
 */
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';
import { WEEKDAYS, WindowClock, type WindowRule, windowAt } from '../../lambda/domain/window.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.UTC(2011, 10, 15);
const LAST_MS = Date.UTC(2037, 0, 1);

/** Whole and odd offsets; changes of an hour, half one and a day; at midnight, inside an hour. */
const ZONES = [
  'UTC',
  'Europe/Paris',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/Havana',
  'Asia/Beirut',
  'Atlantic/Azores',
  'America/Sao_Paulo',
  'Africa/Casablanca',
  'Asia/Pyongyang',
  'America/Caracas',
  'Africa/Cairo',
];

/** The instants at which a zone's offset changes. */
function changesOf(zoneName: string): number[] {
  const zone = IANAZone.create(zoneName);
  const changes: number[] = [];
  for (let ms = FIRST_MS; ms < LAST_MS; ms += DAY_MS) {
    if (zone.offset(ms) === zone.offset(ms + DAY_MS)) continue;
    let [low, high] = [ms, ms + DAY_MS];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (zone.offset(middle) === zone.offset(ms)) low = middle;
      else high = middle;
    }
    changes.push(high);
  }
  return changes;
}

const CHANGES = new Map(ZONES.map((zone) => [zone, changesOf(zone)]));

interface Sample {
  readonly rule: WindowRule;
  readonly atMs: number;
}

const anytime = fc.integer({ min: FIRST_MS, max: LAST_MS });

/** Leap days and the days that a careless one would fall on; ends of years, with week 53 and without. */
const EDGES_MS = [
  Date.UTC(2024, 1, 29),
  Date.UTC(2027, 2, 1),
  Date.UTC(2028, 1, 29),
  Date.UTC(2021, 0, 1),
  Date.UTC(2025, 0, 1),
  Date.UTC(2027, 0, 1),
];
const nearEdge = fc
  .tuple(fc.constantFrom(...EDGES_MS), fc.integer({ min: -4 * DAY_MS, max: 4 * DAY_MS }))
  .map(([edge, offset]) => edge + offset);

/** An instant around a change of clocks, in zones that have any. */
const nearChange = (timeZone: string): fc.Arbitrary<number> => {
  const changes = CHANGES.get(timeZone) ?? [];
  if (changes.length === 0) return anytime;
  const offsets = fc.oneof(
    fc.integer({ min: -2 * HOUR_MS, max: 2 * HOUR_MS }),
    fc.integer({ min: -35 * DAY_MS, max: 35 * DAY_MS }),
  );
  return fc.tuple(fc.constantFrom(...changes), offsets).map(([change, offset]) => change + offset);
};

const samples: fc.Arbitrary<Sample> = fc.constantFrom(...ZONES).chain((timeZone) =>
  fc.record({
    rule: fc.record({
      kind: fc.constantFrom('hourly', 'daily', 'weekly', 'monthly'),
      timeZone: fc.constant(timeZone),
      weekStart: fc.constantFrom(...WEEKDAYS),
    }),
    atMs: fc.oneof(anytime, nearChange(timeZone), nearEdge),
  }),
);

/** Local time by the platform, not by the library under test: "2026-10-25 02". */
const localHour = (timeZone: string, atMs: number): string =>
  new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    hourCycle: 'h23',
  })
    .format(atMs)
    .replace(',', '');

describe('windows', () => {
  it('hold their instant, their ends and all between, and touch their neighbours', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), ({ rule, atMs }, part) => {
        const window = windowAt(rule, atMs);
        const { startsAtMs, endsAtMs = Number.NaN } = window;
        const between = Math.floor(startsAtMs + part * (endsAtMs - 1 - startsAtMs));

        expect(startsAtMs <= atMs && atMs < endsAtMs).toBe(true);
        expect(windowAt(rule, startsAtMs)).toEqual(window);
        expect(windowAt(rule, endsAtMs - 1)).toEqual(window);
        expect(windowAt(rule, between)).toEqual(window);
        expect(windowAt(rule, startsAtMs - 1).endsAtMs).toBe(startsAtMs);
        expect(windowAt(rule, endsAtMs).startsAtMs).toBe(endsAtMs);
      }),
      { numRuns: 2_000 },
    );
  });

  it('have one id each: equal ids are the same window', () => {
    const pairs = samples.chain(({ rule, atMs }) =>
      fc.record({
        rule: fc.constant(rule),
        atMs: fc.constant(atMs),
        otherMs: fc.integer({ min: -40 * DAY_MS, max: 40 * DAY_MS }).map((ms) => atMs + ms),
      }),
    );
    fc.assert(
      fc.property(pairs, ({ rule, atMs, otherMs }) => {
        const [one, other] = [windowAt(rule, atMs), windowAt(rule, otherMs)];

        expect(one.id === other.id).toBe(one.startsAtMs === other.startsAtMs);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are named by the local hour, date or month of every instant in them', () => {
    const shared = { hourly: 13, daily: 10, monthly: 7, weekly: 0, lifetime: 0 };
    fc.assert(
      fc.property(samples, ({ rule, atMs }) => {
        const { id } = windowAt(rule, atMs);
        const named = id.slice(rule.kind.length + 1).replace('T', ' ');

        const characters = shared[rule.kind];
        const local = localHour(rule.timeZone, atMs);
        expect(named.slice(0, characters)).toBe(local.slice(0, characters));
      }),
      { numRuns: 1_000 },
    );
  });

  it('of weeks begin on their weekday, at most seven dates before', () => {
    fc.assert(
      fc.property(samples, ({ rule, atMs }) => {
        // Apia left out a Friday in 2011: a week that should begin on it begins a day later.
        fc.pre(rule.timeZone !== 'Pacific/Apia');
        const { id } = windowAt({ ...rule, kind: 'weekly' }, atMs);
        const start = new Date(id.slice('weekly:'.length, 'weekly:'.length + 10));
        const date = new Date(localHour(rule.timeZone, atMs).slice(0, 10));

        expect(WEEKDAYS[(start.getUTCDay() + 6) % 7]).toBe(rule.weekStart);
        expect(date.getTime() - start.getTime()).toBeGreaterThanOrEqual(0);
        expect(date.getTime() - start.getTime()).toBeLessThan(7 * DAY_MS);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('WindowClock', () => {
  it('says what windowAt says, in any order of instants and rules', () => {
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 30 }), (asked) => {
        const clock = new WindowClock();

        for (const { rule, atMs } of asked) {
          expect(clock.at(rule, atMs)).toEqual(windowAt(rule, atMs));
          expect(clock.at(rule, atMs + HOUR_MS)).toEqual(windowAt(rule, atMs + HOUR_MS));
        }
      }),
    );
  });
});
