/**
 * A window's id alone tells when it ends: for every rule and instant, what `windowAt` says.
 */
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';
import { WEEKDAYS, windowAt, windowEndOf } from '../../lambda/domain/window.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIRST_MS = Date.UTC(2011, 10, 15);
const LAST_MS = Date.UTC(2037, 0, 1);

/** Odd offsets; changes of an hour, of half one, of a day; at midnight and inside an hour. */
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
];

/** Days within which the zone's offset changes. */
const changeDays = (timeZone: string): number[] => {
  const zone = IANAZone.create(timeZone);
  const days: number[] = [];
  for (let ms = FIRST_MS; ms < LAST_MS; ms += DAY_MS) {
    if (zone.offset(ms) !== zone.offset(ms + DAY_MS)) days.push(ms);
  }
  return days;
};

const instantIn = (timeZone: string): fc.Arbitrary<number> => {
  const anytime = fc.integer({ min: FIRST_MS, max: LAST_MS });
  const days = changeDays(timeZone);
  if (days.length === 0) return anytime;
  const near = fc
    .tuple(fc.constantFrom(...days), fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }))
    .map(([day, offset]) => day + offset);
  return fc.oneof(anytime, near);
};

/** Made once a zone: finding its changes takes seconds. */
const INSTANTS = new Map(ZONES.map((timeZone) => [timeZone, instantIn(timeZone)]));

const samples = fc.constantFrom(...ZONES).chain((timeZone) =>
  fc.record({
    rule: fc.record({
      kind: fc.constantFrom('hourly', 'daily', 'weekly', 'monthly'),
      timeZone: fc.constant(timeZone),
      weekStart: fc.constantFrom(...WEEKDAYS),
    }),
    atMs: INSTANTS.get(timeZone) ?? fc.constant(FIRST_MS),
  }),
);

describe('windowEndOf', () => {
  it('says of every window what windowAt says, whatever the clocks do', () => {
    fc.assert(
      fc.property(samples, ({ rule, atMs }) => {
        const window = windowAt(rule, atMs);
        // This week begins a day late, on a date that was left out; its id is another week's too.
        fc.pre(window.id !== 'weekly:2011-12-31T00+14:00@Pacific/Apia');

        expect(windowEndOf(window.id)).toBe(window.endsAtMs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('says that a lifetime never ends', () => {
    expect(windowEndOf('lifetime')).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['', 'nothing'],
    ['daily', 'a kind alone'],
    ['yearly:2026-01-01T00+00:00@UTC', 'a kind that there is not'],
    ['daily:2026-03-02T00+00:00@Nowhere/Else', 'a zone that there is not'],
    ['daily:2026-03-02T00+01:00@UTC', 'an offset that the zone has not'],
    ['daily:2026-03-02T12+00:00@UTC', 'a start at which no day starts'],
    ['monthly:2026-03-02T00+00:00@UTC', 'a start at which no month starts'],
    ['hourly:2026-02-30T00+00:00@UTC', 'a date that there is not'],
    ['hourly:2026-03-29T02+02:00@Europe/Paris x', 'something behind the zone'],
  ])('knows no end of %j: %s', (id) => {
    expect(windowEndOf(id)).toBeUndefined();
  });
});
