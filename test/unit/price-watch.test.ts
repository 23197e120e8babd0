/**
 * The daily look at prices: it tells their age, and whatever fails in it stops nothing else.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { METRIC } from '../../lambda/contract.ts';
import { CATALOGUE_VERSION } from '../../lambda/domain/catalogue/rows.ts';
import { versionDateMs } from '../../lambda/domain/catalogue-age.ts';
import type { PriceSource } from '../../lambda/ports/price-source.ts';
import { composePriceWatch } from '../../lambda/rollover/price-watch.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const DAY_MS = 86_400_000;

/** A table that answers every command so, and counts them by name. */
function fakeClient(answer: () => unknown) {
  const sent: string[] = [];
  const client = {
    send: async (command: object) => {
      sent.push(command.constructor.name);
      return answer();
    },
  };
  return { sent, client: client as unknown as DynamoDBDocumentClient };
}

function watch(refreshesPrices: boolean, answer: () => unknown = () => ({ Items: [] })) {
  const telemetry = createFakeTelemetry();
  const clock = createVirtualClock({ startMs: versionDateMs(CATALOGUE_VERSION) + 70 * DAY_MS });
  const { client, sent } = fakeClient(answer);
  const asked: string[] = [];
  const source: PriceSource = {
    parts: (_models, regions) => {
      asked.push(...regions);
      return [];
    },
  };
  const run = composePriceWatch({
    client,
    environment: {
      settingsTable: 'settings',
      ledgerTable: 'ledger',
      regions: ['eu-west-1'],
      catalogueMaxAgeDays: 60,
      refreshesPrices,
    },
    sources: [source],
    clock,
    telemetry,
    events: { emit: async () => undefined },
  });
  return { run: () => run(clock.nowMs() + 55_000), telemetry, sent, asked };
}

describe('the daily look at prices', () => {
  it('reads the lists of the regions that callers may name, and tells the age', async () => {
    const { run, telemetry, asked } = watch(true);

    await run();

    expect(asked).toEqual(['eu-west-1']);
    expect(telemetry.metrics.get(METRIC.catalogueAgeDays)).toBe(70);
    expect(telemetry.lines).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'prices were refreshed' }),
    );
  });

  it('reads and writes nothing where it is off, and tells the age all the same', async () => {
    const { run, telemetry, sent, asked } = watch(false);

    await run();

    // A query for events that wait, and how old the prices are.
    expect([asked, sent]).toEqual([[], ['QueryCommand', 'GetCommand']]);
    expect(telemetry.metrics.get(METRIC.catalogueAgeDays)).toBe(70);
  });

  it('never rejects: a failure is logged and counted', async () => {
    const { run, telemetry } = watch(true, () => {
      throw new Error('no table');
    });

    await expect(run()).resolves.toBeUndefined();

    expect(telemetry.metrics.get(METRIC.priceRefreshFailures)).toBe(1);
    expect(telemetry.lines).toMatchObject([
      { level: 'error', message: 'events that were kept wait longer' },
      { level: 'error', message: 'the prices could not be refreshed' },
    ]);
  });
});
