/**
 * Alerts on a real DynamoDB protocol: a bus that fails, two runs at once, and settings that break.
 */
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoOutbox } from '../../lambda/adapters/ledger/dynamo-outbox.ts';
import { settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { createEventsWithOutbox } from '../../lambda/application/events-with-outbox.ts';
import { METRIC } from '../../lambda/contract.ts';
import { usd } from '../helpers/builders.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';
import { createRolloverBench, MINUTE_MS, type RolloverBench, TWELVE } from './rollover-bench.ts';

let table: LedgerTable;
let bench: RolloverBench;
beforeEach(async () => {
  table = await startDynaliteLedger();
  bench = createRolloverBench(table);
});
afterEach(() => table.close());

const FIFTY = `hardcap.cap.threshold COUNTER#team ${TWELVE.sk} alert:50`;
const failing = () => Promise.reject(new Error('the bus did not answer'));
const taking = async () => undefined;

const spend = async (amount: string) => bench.ledger.settle(await bench.hold(amount), usd(amount));

const put = (partition: 'CAP' | 'PRICE' | 'ALIAS', id: string, attributes: object) =>
  bench.client.send(
    new PutCommand({
      TableName: table.tableName,
      Item: settingItem(partition, id, { ...attributes }),
    }),
  );

describe('a threshold', () => {
  it('that the bus did not take is told by the next run, and by no other after it', async () => {
    await spend('5');
    bench.bus.fault = failing;
    expect(await bench.run()).toMatchObject({ thresholdsTold: 0, eventsFailed: 1, failed: 0 });

    bench.bus.fault = taking;
    expect(await bench.run()).toMatchObject({ thresholdsTold: 1, eventsFailed: 0 });
    expect(await bench.run()).toMatchObject({ thresholdsTold: 0 });

    expect(bench.told).toEqual([FIFTY]);
  });

  it('that the bus does not take keeps no reservation from being expired', async () => {
    await spend('5');
    await bench.hold('1');
    bench.clock.advance(10 * MINUTE_MS);
    bench.bus.fault = failing;

    expect(await bench.run()).toMatchObject({ expired: 1, journalled: 1, eventsFailed: 1 });
  });

  it('is told once by two runs at once, whichever of them meets a failing bus', async () => {
    await spend('5');
    let attempts = 0;
    bench.bus.fault = async () => {
      attempts += 1;
      if (attempts === 1) await failing();
    };

    await Promise.all([bench.run(), bench.run()]);
    await Promise.all([bench.run(), bench.run()]);

    expect(bench.told).toEqual([FIFTY]);
  });
});

describe('an ended window', () => {
  it('stays open, its summary written, until the bus takes that it has ended', async () => {
    await spend('1');
    bench.afterWindow(10 * MINUTE_MS);
    bench.bus.fault = failing;
    expect(await bench.run()).toMatchObject({ countersClosed: 0, eventsFailed: 1, failed: 0 });
    expect(await bench.itemsOf('SUMMARY#')).toHaveLength(1);

    bench.bus.fault = taking;
    expect(await bench.run()).toMatchObject({ countersClosed: 1 });

    expect(bench.told).toEqual([`hardcap.window.closed COUNTER#team ${TWELVE.sk} closed:1`]);
    expect(await bench.itemsOf('SUMMARY#')).toHaveLength(1);
  });
});

describe('a setting that cannot be read', () => {
  const BROKEN = { limitUsd: 'ten', window: 'daily' };
  const WHOLE = { limitUsd: '10', window: 'daily' };

  it('is told once, of whatever kind it is, by its item and its content', async () => {
    await put('CAP', 'team', BROKEN);
    await put('PRICE', 'amazon.nova-lite-v1:0', { inputUsdPerMillion: 'x' });
    await put('ALIAS', 'fast', {});
    await put('CAP', 'well', WHOLE);

    expect(await bench.run()).toMatchObject({ settingsMalformed: 3 });
    await bench.run();

    expect(bench.told.map((line) => line.replace(/[0-9a-f]{32}$/, '')).sort()).toEqual([
      'hardcap.settings.malformed settings:alias:',
      'hardcap.settings.malformed settings:cap:',
      'hardcap.settings.malformed settings:price:',
    ]);
  });

  it('is told again when it was mended and broke anew, and where it breaks otherwise', async () => {
    await put('CAP', 'team', BROKEN);
    await bench.run();
    await put('CAP', 'team', WHOLE);
    await bench.run();
    expect(await bench.itemsOf('TOLD')).toEqual([]);

    await put('CAP', 'team', BROKEN);
    await bench.run();
    await put('CAP', 'team', { ...BROKEN, limitUsd: 'eleven' });
    await bench.run();

    const [first, second, third, ...more] = bench.told;
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(more).toEqual([]);
  });

  it('is not told again for a note or a history', async () => {
    await put('CAP', 'team', BROKEN);
    await bench.run();
    await put('CAP', 'team', { ...BROKEN, note: 'who broke it?', history: ['x'] });
    await bench.run();

    expect(bench.told).toHaveLength(1);
  });

  it('is forgotten when it was removed', async () => {
    await put('CAP', 'team', BROKEN);
    await bench.run();
    const Key = { pk: 'CAP', sk: 'team' };
    await bench.client.send(new DeleteCommand({ TableName: table.tableName, Key }));
    await bench.run();

    expect(await bench.itemsOf('TOLD')).toEqual([]);
  });

  it('is told by the next run where the bus did not take it, and once by two at once', async () => {
    await put('CAP', 'team', BROKEN);
    bench.bus.fault = failing;
    expect(await bench.run()).toMatchObject({ eventsFailed: 1 });

    bench.bus.fault = taking;
    await Promise.all([bench.run(), bench.run()]);

    expect(bench.told).toHaveLength(1);
  });
});

describe('an event that nothing else keeps', () => {
  it('waits in the ledger until the bus takes it, and is told once', async () => {
    const told: string[] = [];
    const telemetry = createFakeTelemetry();
    const { client, clock, bus } = bench;
    const events = createEventsWithOutbox(
      {
        emit: async (_name, { eventId }) => {
          await bus.fault();
          told.push(eventId);
        },
      },
      createDynamoOutbox({ dynamo: documentCalls(client), tableName: table.tableName, clock }),
      telemetry,
    );
    const detail = { eventId: 'm:input 1 -> 2', subject: 's', message: 'm' };
    bus.fault = failing;
    await events.emit('hardcap.price.changed', detail);
    await events.emit('hardcap.price.changed', detail);
    await events.tellKept();
    expect(telemetry.metrics.get(METRIC.eventFailures)).toBe(3);

    bus.fault = taking;
    await events.tellKept();
    await events.tellKept();

    expect(told).toEqual(['m:input 1 -> 2']);
    expect(await bench.itemsOf('UNTOLD')).toEqual([]);
  });
});
