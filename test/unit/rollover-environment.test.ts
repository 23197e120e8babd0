/**
 * What the rollover function is told by its environment, and how it tells events.
 */
import { describe, expect, it } from 'vitest';
import { createLogEvents } from '../../lambda/adapters/events/log-events.ts';
import { METRIC } from '../../lambda/contract.ts';
import { readRolloverEnvironment } from '../../lambda/rollover/environment.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';

const TABLES = { HARDCAP_SETTINGS_TABLE: 'settings', HARDCAP_LEDGER_TABLE: 'ledger' };

describe('the environment', () => {
  it('names both tables, and has defaults for how long things are kept', () => {
    expect(readRolloverEnvironment(TABLES)).toEqual({
      settingsTable: 'settings',
      ledgerTable: 'ledger',
      journalDays: 90,
      counterDays: 400,
      regions: ['us-east-1'],
      catalogueMaxAgeDays: 60,
      refreshesPrices: true,
    });
  });

  it('says whether prices are refreshed, and refuses what is neither', () => {
    const read = (text: string) =>
      readRolloverEnvironment({ ...TABLES, HARDCAP_PRICE_REFRESH: text }).refreshesPrices;

    expect([read('daily'), read('off')]).toEqual([true, false]);
    expect(() => read('weekly')).toThrow(
      'HARDCAP_PRICE_REFRESH: "weekly" is not one of daily, off',
    );
  });

  it.each(['0', '3651', 'never'])('refuses prices that get old after %s days', (text) => {
    expect(() =>
      readRolloverEnvironment({ ...TABLES, HARDCAP_CATALOGUE_MAX_AGE_DAYS: text }),
    ).toThrow('HARDCAP_CATALOGUE_MAX_AGE_DAYS');
  });

  it.each(['35', '36500'])('takes %s days for closed counters', (text) => {
    const { counterDays } = readRolloverEnvironment({ ...TABLES, HARDCAP_COUNTER_DAYS: text });

    expect(counterDays).toBe(Number(text));
  });

  it.each(['34', '36501', '-1', '4e2', 'ever'])(
    'refuses %s days, and says what is allowed',
    (text) => {
      const read = () => readRolloverEnvironment({ ...TABLES, HARDCAP_COUNTER_DAYS: text });

      expect(read).toThrow(
        `HARDCAP_COUNTER_DAYS: "${text}" is not a whole number from 35 to 36500`,
      );
    },
  );

  it('refuses to be without a settings table', () => {
    expect(() => readRolloverEnvironment({ HARDCAP_LEDGER_TABLE: 'x' })).toThrow(
      'HARDCAP_SETTINGS_TABLE',
    );
  });
});

const DETAIL = { eventId: 'a', subject: 'a cap', message: 'a cap\nis full' };

describe('an event', () => {
  it.each([
    ['hardcap.window.closed', METRIC.windowsClosed],
    ['hardcap.cap.threshold', METRIC.thresholdsReached],
    ['hardcap.settings.malformed', METRIC.malformedSettings],
    ['hardcap.price.changed', METRIC.pricesChanged],
    ['hardcap.price.proposed', METRIC.pricesProposed],
  ] as const)(
    '%s is one log line with its name and detail, and counts %s',
    async (name, metric) => {
      const telemetry = createFakeTelemetry();

      await createLogEvents(telemetry).emit(name, { ...DETAIL, cap: 'team', percent: 80 });

      expect(telemetry.lines).toEqual([
        {
          level: 'info',
          message: name,
          fields: {
            event: name,
            eventId: 'a',
            subject: 'a cap',
            cap: 'team',
            percent: 80,
            text: 'a cap\nis full',
          },
        },
      ]);
      expect([...telemetry.metrics]).toEqual([[metric, 1]]);
    },
  );

  it('of a corrected window is not counted as closed again', async () => {
    const telemetry = createFakeTelemetry();

    await createLogEvents(telemetry).emit('hardcap.window.corrected', DETAIL);

    expect(telemetry.metrics.size).toBe(0);
  });
});
