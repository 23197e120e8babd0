/**
 * The sync on a table of a real DynamoDB protocol: what it writes, what it never touches, and runs
 * at the same time.
 */
import { DeleteCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import { createDynamoSyncedSettings } from '../../lambda/adapters/settings/dynamo-synced-settings.ts';
import { settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { createParameterSync, MAX_PARAMETERS } from '../../lambda/application/sync-parameters.ts';
import { METRIC, SYNCED_ATTRIBUTES } from '../../lambda/contract.ts';
import type { Parameter } from '../../lambda/ports/parameters.ts';
import { usd } from '../helpers/builders.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startDynaliteLedger();
});
afterAll(() => table.close());

const parameter = (name: string, value: string): Parameter => ({
  name,
  source: `parameter /hardcap/caps/${name}`,
  type: 'String',
  value,
});

/** The table, emptied and filled, and a sync of parameters that a test changes. */
async function setUp(...people: Record<string, unknown>[]) {
  const client = table.connect();
  const { tableName } = table;
  const settings = createDynamoSyncedSettings({
    dynamo: documentCalls(client),
    tableName,
    timeoutMs: 10_000,
  });
  const left = (await client.send(new ScanCommand({ TableName: tableName }))).Items ?? [];
  for (const { pk, sk } of left) {
    await client.send(new DeleteCommand({ TableName: tableName, Key: { pk, sk } }));
  }
  for (const Item of people) await client.send(new PutCommand({ TableName: tableName, Item }));
  const clock = createVirtualClock();
  const telemetry = createFakeTelemetry();
  const sent: string[] = [];
  client.middlewareStack.add(
    (next, context) => (args) => {
      sent.push(String(context.commandName));
      return next(args);
    },
    { step: 'initialize', name: 'keepSentCommands' },
  );
  const bench = {
    settings,
    telemetry,
    clock,
    sent,
    listed: [] as readonly Parameter[],
    /** What is to happen while the parameters are listed. */
    whileListing: async () => undefined as unknown,
    parameters: {
      source: 'parameters under /hardcap/caps',
      readAll: async () => {
        const { listed } = bench;
        await bench.whileListing();
        return listed;
      },
    },
    items: async () => (await client.send(new ScanCommand({ TableName: tableName }))).Items ?? [],
    synced: async () =>
      (await bench.items())
        .filter(({ pk, sk }) => pk === 'CAP' && String(sk).startsWith('ssm:'))
        .map(({ sk, value }) => `${sk}=${value}`)
        .sort(),
    view: () =>
      createDynamoSettings({ dynamo: documentCalls(client), tableName, clock }).read('alice', 0),
    sync: () => createParameterSync(bench.ports())(),
    ports: () => ({ parameters: bench.parameters, settings, clock, telemetry }),
  };
  return bench;
}

const CAP = settingItem('CAP', 'staging', { limitUsd: '20', window: 'daily' });

describe('a run', () => {
  test('writes what is new or changed, removes what is gone, and else nothing', async () => {
    const bench = await setUp(CAP);
    bench.listed = [parameter('staging', '5'), parameter('other', '7')];
    expect(await bench.sync()).toMatchObject({ parameters: 2, written: 2, removed: 0 });
    expect((await bench.view()).caps).toMatchObject([
      { capId: 'staging', limitNanoUsd: usd('5') },
      { capId: 'other', limitNanoUsd: usd('7') },
    ]);

    bench.sent.length = 0;
    expect(await bench.sync()).toMatchObject({ written: 0, removed: 0 });
    expect(bench.sent).toEqual(['QueryCommand']);

    bench.listed = [parameter('staging', '4')];
    expect(await bench.sync()).toMatchObject({ written: 1, removed: 1 });
    expect((await bench.view()).caps).toMatchObject([{ capId: 'staging', limitNanoUsd: usd('4') }]);

    bench.listed = [];
    expect(await bench.sync()).toMatchObject({ written: 0, removed: 1 });
    expect((await bench.view()).caps).toMatchObject([
      { capId: 'staging', limitNanoUsd: usd('20') },
    ]);
  });

  test('writes only the attributes that its role allows', async () => {
    const bench = await setUp();
    bench.listed = [
      parameter('staging', '5'),
      { name: 'b', source: 'file /b', type: 'String', fault: 'cannot be read' },
    ];

    await bench.sync();

    const synced = (await bench.items()).filter(({ sk }) => String(sk).startsWith('ssm:'));
    const names = new Set(synced.flatMap((item) => Object.keys(item)));
    expect([...names].filter((name) => !SYNCED_ATTRIBUTES.includes(name))).toEqual([]);
  });

  test('mends an item that was changed by hand, and removes one that was made by hand', async () => {
    const bench = await setUp();
    bench.listed = [parameter('staging', '5')];
    const made = settingItem('CAP', 'ssm:mine', { limitUsd: '9', window: 'daily' });
    const changed = settingItem('CAP', 'ssm:staging', { limitUsd: '500', window: 'daily' });
    const { client, tableName } = { client: table.connect(), tableName: table.tableName };
    for (const Item of [made, changed]) {
      await client.send(new PutCommand({ TableName: tableName, Item }));
    }

    expect(await bench.sync()).toMatchObject({ written: 1, removed: 1 });
    expect(await bench.synced()).toEqual(['ssm:staging=5']);
  });

  test('never touches another item, whatever the parameters are named', async () => {
    const people = [
      CAP,
      settingItem('CAP', 'all', { limitUsd: '1', window: 'daily' }),
      settingItem('KEY', 'ssm:staging', { secretSha256: 'a1'.repeat(32) }),
      settingItem('PRICE', 'ssm:x', { inputUsdPerMillion: '1', outputUsdPerMillion: '2' }),
    ];
    const bench = await setUp(...people);
    const others = async () =>
      JSON.stringify(
        (await bench.items()).filter(({ pk, sk }) => pk !== 'CAP' || !`${sk}`.startsWith('ssm:')),
      );
    const before = await others();

    for (const names of [['staging', 'all', '../all', '', 'ssm:all', 'CAP', '#'], ['all'], []]) {
      bench.listed = names.map((name) => parameter(name, '500'));
      await bench.sync();
      expect(await others()).toBe(before);
    }
    expect(await bench.synced()).toEqual([]);
  });

  test('writes over no item and removes none that is not what it was seen to be', async () => {
    const bench = await setUp(CAP);
    const { settings } = bench;
    await settings.write(parameter('a', '5'), undefined, 'run-1');
    const seen = (await settings.readAll()).get('a');
    if (seen === undefined) throw new Error('not written');
    expect(await settings.write(parameter('a', '4'), seen, 'run-2')).toBe(true);

    expect(await settings.write(parameter('a', '9'), seen, 'run-3')).toBe(false);
    expect(await settings.write(parameter('a', '9'), undefined, 'run-3')).toBe(false);
    expect(await settings.remove(seen)).toBe(false);
    expect(await settings.remove({ name: 'a', says: () => false })).toBe(false);
    expect(await settings.remove({ name: 'none', says: () => false })).toBe(false);
    expect(await bench.synced()).toEqual(['ssm:a=4']);
  });
});

describe('what cannot be synced', () => {
  test('is refused by the gateway, counted in each run, and told once', async () => {
    const bench = await setUp(CAP);
    bench.listed = [parameter('staging', '$5'), parameter('a/b', '5')];
    const sync = createParameterSync(bench.ports());

    expect(await sync()).toMatchObject({ malformed: 2 });
    await sync();

    const { malformedCaps } = await bench.view();
    expect(malformedCaps.map(({ capId, field }) => `${capId} ${field}`).sort()).toEqual([
      'ssm:a/b name',
      'ssm:staging value',
    ]);
    expect(bench.telemetry.metrics.get(METRIC.ssmParametersMalformed)).toBe(4);
    expect(bench.telemetry.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  test('removes nothing where the list failed', async () => {
    const bench = await setUp();
    bench.listed = [parameter('staging', '5')];
    await bench.sync();
    bench.listed = [];
    bench.whileListing = () => Promise.reject(new Error('ThrottlingException'));

    await expect(bench.sync()).rejects.toThrow('ThrottlingException');

    expect(await bench.synced()).toEqual(['ssm:staging=5']);
    expect(bench.telemetry.metrics.get(METRIC.ssmSyncFailures)).toBe(1);
  });

  test('refuses everything while there are too many, and recovers by itself', async () => {
    const bench = await setUp(CAP);
    bench.listed = [parameter('staging', '5')];
    await bench.sync();
    bench.listed = Array.from({ length: MAX_PARAMETERS + 1 }, (_, at) => parameter(`p${at}`, '1'));

    await bench.sync();

    const { caps, malformedCaps } = await bench.view();
    expect(caps).toMatchObject([{ capId: 'staging', limitNanoUsd: usd('5') }]);
    expect(malformedCaps).toHaveLength(1);
    expect(malformedCaps[0]).not.toHaveProperty('selectors');
    expect(malformedCaps[0]?.problem).toMatch(
      /^parameters under \/hardcap\/caps are more than 500.*remove some/,
    );

    bench.listed = [parameter('staging', '5')];
    await bench.sync();
    expect((await bench.view()).malformedCaps).toEqual([]);
  });

  test('goes on with the others where one item cannot be written', async () => {
    const bench = await setUp();
    const { settings } = bench;
    const write: typeof settings.write = (given, seen, run) =>
      given.name === 'bad'
        ? Promise.reject(new Error('no answer'))
        : settings.write(given, seen, run);
    bench.listed = [parameter('bad', '5'), parameter('good', '5')];
    const sync = createParameterSync({ ...bench.ports(), settings: { ...settings, write } });

    expect(await sync()).toMatchObject({ written: 1, failed: 1 });
    expect(await bench.synced()).toEqual(['ssm:good=5']);
    expect(bench.telemetry.metrics.get(METRIC.ssmSyncFailures)).toBe(1);
  });
});

describe('runs at the same time', () => {
  test('do no harm: many of them leave what the parameters say', async () => {
    const bench = await setUp(CAP);
    bench.listed = Array.from({ length: 5 }, (_, at) => parameter(`p${at}`, '1'));

    await Promise.all(Array.from({ length: 8 }, () => bench.sync()));

    expect(await bench.synced()).toEqual([
      'ssm:p0=1',
      'ssm:p1=1',
      'ssm:p2=1',
      'ssm:p3=1',
      'ssm:p4=1',
    ]);
  });

  test.each([
    ['a change', [parameter('staging', '5')]],
    ['a removal', []],
  ])('a run that listed before %s does not undo it', async (_what, after) => {
    const bench = await setUp();
    bench.listed = [parameter('staging', '20')];
    // The first run has its list in hand when the parameter changes and a second run is through.
    let second: Promise<unknown> | undefined;
    bench.whileListing = async () => {
      if (second !== undefined) return;
      second = Promise.resolve();
      bench.listed = after;
      await bench.sync();
    };
    await bench.settings.write(parameter('staging', '19'), undefined, 'run-0');

    await bench.sync();

    expect(await bench.synced()).toEqual(after.map(({ name, value }) => `ssm:${name}=${value}`));
  });

  test('a run that loses an item to one of an older list begins anew, and wins', async () => {
    const bench = await setUp();
    bench.listed = [parameter('staging', '5')];
    let isLate = true;
    bench.whileListing = async () => {
      if (isLate) await bench.settings.write(parameter('staging', '20'), undefined, 'run-old');
      isLate = false;
    };

    expect(await bench.sync()).toMatchObject({ written: 1, contested: 0 });
    expect(await bench.synced()).toEqual(['ssm:staging=5']);
  });

  test('a run that listed before a parameter was made does not remove it', async () => {
    const bench = await setUp();
    let isSecond = false;
    bench.whileListing = async () => {
      if (isSecond) return;
      isSecond = true;
      bench.listed = [parameter('staging', '5')];
      await bench.sync();
    };

    await bench.sync();

    expect(await bench.synced()).toEqual(['ssm:staging=5']);
  });
});
