/**
 * Calendar windows by example: the days and hours at which clocks change, weeks and month ends.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { isTimeZone } from '../../lambda/domain/time-zone.ts';
import { WindowClock, windowAt } from '../../lambda/domain/window.ts';
import { windowRule } from '../helpers/builders.ts';

const at = (text: string): number => Date.parse(text);
const HOUR_MS = 3_600_000;

/** A window's id and how many hours it lasts. */
function named(kind: Parameters<typeof windowRule>[0], timeZone: string, instant: string) {
  const window = windowAt(windowRule(kind, { timeZone }), at(instant));
  return [window.id, ((window.endsAtMs ?? Number.NaN) - window.startsAtMs) / HOUR_MS];
}

describe('a window', () => {
  it('is named by kind, local start with its offset, and zone', () => {
    expect(windowAt(windowRule('daily'), at('2026-03-02T12:34:56.789Z'))).toEqual({
      id: 'daily:2026-03-02T00+00:00@UTC',
      startsAtMs: at('2026-03-02T00:00Z'),
      endsAtMs: at('2026-03-03T00:00Z'),
    });
  });

  it('holds its first millisecond and not the first of the next', () => {
    const rule = windowRule('hourly');

    expect(windowAt(rule, at('2026-03-02T12:00Z')).id).toBe('hourly:2026-03-02T12+00:00@UTC');
    expect(windowAt(rule, at('2026-03-02T12:00Z') - 1).id).toBe('hourly:2026-03-02T11+00:00@UTC');
  });

  it('is one for all time where the cap is for a lifetime', () => {
    const rule = windowRule('lifetime', { timeZone: 'Europe/Paris' });

    expect(windowAt(rule, 0)).toEqual(windowAt(rule, at('2099-01-01T00:00Z')));
    expect(windowAt(rule, 0)).toEqual({ id: 'lifetime', startsAtMs: 0, endsAtMs: undefined });
  });

  it.each([
    ['2026-02-28T23:59:59.999Z', 'monthly:2026-02-01T00+00:00@UTC', 28 * 24],
    ['2028-02-29T12:00Z', 'monthly:2028-02-01T00+00:00@UTC', 29 * 24],
    ['2026-12-31T23:59Z', 'monthly:2026-12-01T00+00:00@UTC', 31 * 24],
  ])('of a month ends with the month: %s', (instant, id, hours) => {
    expect(named('monthly', 'UTC', instant)).toEqual([id, hours]);
  });

  it.each([
    ['monday', '2026-03-02'],
    ['tuesday', '2026-02-24'],
    ['wednesday', '2026-02-25'],
    ['thursday', '2026-02-26'],
    ['friday', '2026-02-27'],
    ['saturday', '2026-02-28'],
    ['sunday', '2026-03-01'],
  ] as const)('of a week begins on its %s', (weekStart, date) => {
    const monday = at('2026-03-02T12:00Z');

    const window = windowAt(windowRule('weekly', { weekStart }), monday);

    expect(window.id).toBe(`weekly:${date}T00+00:00@UTC`);
    expect((window.endsAtMs ?? 0) - window.startsAtMs).toBe(7 * 24 * HOUR_MS);
  });

  it('does not take a name that is no time zone', () => {
    const rule = windowRule('daily', { timeZone: 'Mars/Olympus' });

    expect(() => windowAt(rule, 0)).toThrow('Mars/Olympus');
    expect(['UTC', 'Europe/Paris', 'Asia/Kathmandu'].every(isTimeZone)).toBe(true);
    expect(['', 'Mars/Olympus', 'local', 'system', 'utc+3'].some(isTimeZone)).toBe(false);
  });
});

describe('where clocks change', () => {
  it('a day of 23 hours and a day of 25 hours are one window each', () => {
    expect(named('daily', 'Europe/Paris', '2026-03-29T12:00Z')).toEqual([
      'daily:2026-03-29T00+01:00@Europe/Paris',
      23,
    ]);
    expect(named('daily', 'Europe/Paris', '2026-10-25T12:00Z')).toEqual([
      'daily:2026-10-25T00+02:00@Europe/Paris',
      25,
    ]);
  });

  it('an hour that comes twice is two windows', () => {
    expect(named('hourly', 'Europe/Paris', '2026-10-25T00:30Z')).toEqual([
      'hourly:2026-10-25T02+02:00@Europe/Paris',
      1,
    ]);
    expect(named('hourly', 'Europe/Paris', '2026-10-25T01:30Z')).toEqual([
      'hourly:2026-10-25T02+01:00@Europe/Paris',
      1,
    ]);
  });

  it('half an hour that comes twice is a window of its own', () => {
    expect(named('hourly', 'Australia/Lord_Howe', '2026-04-04T14:45Z')).toEqual([
      'hourly:2026-04-05T01+11:00@Australia/Lord_Howe',
      1,
    ]);
    expect(named('hourly', 'Australia/Lord_Howe', '2026-04-04T15:15Z')).toEqual([
      'hourly:2026-04-05T01+10:30@Australia/Lord_Howe',
      0.5,
    ]);
    expect(named('hourly', 'Australia/Lord_Howe', '2026-10-03T15:45Z')).toEqual([
      'hourly:2026-10-04T02+11:00@Australia/Lord_Howe',
      0.5,
    ]);
  });

  it('an hour that is broken off ends where the clocks change', () => {
    expect(named('hourly', 'America/Caracas', '2016-05-01T06:45Z')).toEqual([
      'hourly:2016-05-01T02-04:30@America/Caracas',
      0.5,
    ]);
  });

  it.each([
    ['America/Havana', '2026-11-01T04:30Z', 'T00-04:00'],
    ['America/Havana', '2026-11-01T12:00Z', 'T00-04:00'],
    ['Atlantic/Azores', '2026-10-25T00:30Z', 'T00+00:00'],
    ['Atlantic/Azores', '2026-10-25T12:00Z', 'T00+00:00'],
  ])('a midnight that comes twice opens one day and not two: %s %s', (zone, instant, start) => {
    const date = instant.slice(0, 10);

    expect(named('daily', zone, instant)).toEqual([`daily:${date}${start}@${zone}`, 25]);
  });

  it('a month whose first midnight comes twice is one window', () => {
    const early = named('monthly', 'America/Havana', '2026-11-01T04:30Z');

    expect(early).toEqual(['monthly:2026-11-01T00-04:00@America/Havana', 30 * 24 + 1]);
    expect(named('monthly', 'America/Havana', '2026-11-15T12:00Z')).toEqual(early);
  });

  it('a day without a midnight begins at its first hour', () => {
    expect(named('daily', 'Asia/Beirut', '2026-03-29T12:00Z')).toEqual([
      'daily:2026-03-29T01+03:00@Asia/Beirut',
      23,
    ]);
  });

  it('a date that was left out has no window', () => {
    expect(named('daily', 'Pacific/Apia', '2011-12-30T09:59Z')).toEqual([
      'daily:2011-12-29T00-10:00@Pacific/Apia',
      24,
    ]);
    expect(named('daily', 'Pacific/Apia', '2011-12-30T10:00Z')).toEqual([
      'daily:2011-12-31T00+14:00@Pacific/Apia',
      24,
    ]);
  });

  it('a week that should begin on a date that was left out is a day short, and overlaps none', () => {
    const rule = windowRule('weekly', { timeZone: 'Pacific/Apia', weekStart: 'friday' });
    const window = windowAt(rule, at('2011-12-30T10:00Z'));

    expect(window.endsAtMs).toBe(at('2012-01-05T10:00Z'));
    expect(windowAt(rule, (window.endsAtMs ?? 0) - 1)).toEqual(window);
    expect(windowAt(rule, window.endsAtMs ?? 0).startsAtMs).toBe(window.endsAtMs);
    expect(windowAt(rule, window.startsAtMs - 1).endsAtMs).toBe(window.startsAtMs);
  });

  it('hours begin where local hours do in a zone of odd offset', () => {
    expect(named('hourly', 'Asia/Kathmandu', '2026-03-02T12:20Z')).toEqual([
      'hourly:2026-03-02T18+05:45@Asia/Kathmandu',
      1,
    ]);
  });
});

describe("a machine's own settings", () => {
  const { TZ } = process.env;
  afterEach(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });

  it('change no id: two gateways on one ledger count on one counter', () => {
    const rules = (['hourly', 'daily', 'weekly', 'monthly'] as const).map((kind) =>
      windowRule(kind, { timeZone: 'Europe/Paris' }),
    );
    const ids = () => rules.map((rule) => windowAt(rule, at('2026-03-02T12:00Z')).id);
    const here = ids();

    for (const zone of ['Pacific/Auckland', 'America/Havana']) {
      process.env.TZ = zone;
      expect(new Date(0).getTimezoneOffset()).not.toBe(0);
      expect(ids()).toEqual(here);
    }
  });
});

describe('WindowClock', () => {
  it('keeps rules apart that differ in kind, zone or week start only', () => {
    const clock = new WindowClock();
    const instant = at('2026-03-01T23:30Z');
    const rules = [
      windowRule('daily'),
      windowRule('hourly'),
      windowRule('daily', { timeZone: 'Europe/Paris' }),
      windowRule('weekly'),
      windowRule('weekly', { weekStart: 'sunday' }),
    ];

    const ids = rules.map((rule) => clock.at(rule, instant).id);

    expect(ids).toEqual(rules.map((rule) => windowAt(rule, instant).id));
    expect(new Set(ids).size).toBe(rules.length);
  });

  it('moves on at the first millisecond of the next window, and back', () => {
    const clock = new WindowClock();
    const rule = windowRule('daily');
    const midnight = at('2026-03-02T00:00Z');

    const ids = [midnight - 1, midnight, midnight - 1].map((ms) => clock.at(rule, ms).id);

    expect(ids).toEqual([
      'daily:2026-03-01T00+00:00@UTC',
      'daily:2026-03-02T00+00:00@UTC',
      'daily:2026-03-01T00+00:00@UTC',
    ]);
  });

  it('remembers a bounded number of rules', () => {
    const clock = new WindowClock();
    const sign = (hours: number): string => (hours < 0 ? '-' : '+');
    // Fixed offsets are time zones too, and there are enough of them.
    const zones = Array.from({ length: 2_100 }, (_, i) => {
      const minutes = i % 1_380;
      const time = new Date(minutes * 60_000).toISOString().slice(11, 16);
      return `${sign(i < 1_380 ? 1 : -1)}${time}`;
    });

    for (const timeZone of zones) clock.at(windowRule('daily', { timeZone }), 0);

    expect(new Set(zones).size).toBeGreaterThan(2_000);
    expect(clock.size).toBe(2_000);
  });
});
