/**
 * The Settings adapter on a real DynamoDB protocol: what it reads, how often, and how it fails.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import { type SettingItem, settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { type EmbeddedDynamodb, startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { ensureTables } from '../../local/tables.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const MAX_AGE_MS = 5_000;
const SECRET_SHA256 = 'a1'.repeat(32);
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

let dynamodb: EmbeddedDynamodb;
let tableCount = 0;

beforeAll(async () => {
  dynamodb = await startEmbeddedDynamodb();
});

afterAll(() => dynamodb.close());

interface SentCommand {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A new settings table, a client that keeps what it sends, and the adapter on both. */
async function setUp(items: readonly SettingItem[] = []) {
  tableCount += 1;
  const tableName = `settings-${tableCount}`;
  const client = connect(dynamodb.url);
  await ensureTables(client.raw, { settingsTable: tableName, ledgerTable: 'ledger' });
  for (let start = 0; start < items.length; start += 25) {
    const puts = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
    await client.document.send(new BatchWriteCommand({ RequestItems: { [tableName]: puts } }));
  }
  client.sent.length = 0;
  const clock = createVirtualClock();
  const settings = createDynamoSettings({
    dynamo: documentCalls(client.document),
    tableName,
    clock,
  });
  return { settings, clock, ...client };
}

function connect(endpoint: string) {
  const document = createLedgerClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  const sent: SentCommand[] = [];
  document.middlewareStack.add(
    (next, context) => (args) => {
      sent.push({ name: String(context.commandName), input: { ...args.input } });
      return next(args);
    },
    { step: 'initialize', name: 'keepSentCommands' },
  );
  const raw = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
  return { document, raw, sent };
}

const cap = (id: string, attributes: SettingItem = {}) =>
  settingItem('CAP', id, { limitUsd: NumberValue.from('5'), window: 'daily', ...attributes });
const key = (id: string, attributes: SettingItem = {}) =>
  settingItem('KEY', id, { secretSha256: SECRET_SHA256, ...attributes });
const price = (id: string, inputUsd: string) =>
  settingItem('PRICE', id, { inputUsdPerMillion: inputUsd, outputUsdPerMillion: '2' });

describe('what it reads', () => {
  test('gives the key, every cap and every price, as the table holds them', async () => {
    const { settings } = await setUp([
      cap('all'),
      cap('some', { keys: new Set(['al*']), limitUsd: NumberValue.from('0.000000001') }),
      key('alice', { team: 'red' }),
      key('bob'),
      price('amazon.nova-lite-v1:0', '0.06'),
    ]);

    const view = await settings.read('alice', MAX_AGE_MS);

    expect(view.key).toMatchObject({ keyId: 'alice', team: 'red' });
    expect(view.caps).toMatchObject([
      { capId: 'all', limitNanoUsd: 5_000_000_000n },
      { capId: 'some', limitNanoUsd: 1n, selectors: { keys: ['al*'] } },
    ]);
    expect(view.malformedCaps).toEqual([]);
    expect([...view.prices.keys()]).toEqual(['amazon.nova-lite-v1:0']);
  });

  test('gives malformed items as such, beside those that hold', async () => {
    const { settings } = await setUp([
      cap('good'),
      cap('bad', { window: 'yearly', keys: ['alice'] }),
      key('alice', { enabled: 'yes' }),
      settingItem('PRICE', 'amazon.nova-lite-v1:0', { inputUsdPerMillion: '1' }),
    ]);

    const view = await settings.read('alice', MAX_AGE_MS);

    expect(view.caps.map(({ capId }) => capId)).toEqual(['good']);
    expect(view.malformedCaps).toMatchObject([
      { capId: 'bad', field: 'window', selectors: { keys: ['alice'] } },
    ]);
    expect(view.key).toMatchObject({ keyId: 'alice', field: 'enabled' });
    expect(view.prices.get('amazon.nova-lite-v1:0')).toMatchObject({
      field: 'outputUsdPerMillion',
    });
  });

  test('lets the operator’s price win over a refreshed one, even a malformed price', async () => {
    const { settings } = await setUp([
      price('auto:a.one', '1'),
      price('a.one', '7'),
      price('auto:a.two', '1'),
      price('a.two', 'seven'),
      price('auto:a.three', '1'),
    ]);

    const { prices } = await settings.read('alice', MAX_AGE_MS);

    expect(prices.get('a.one')).toMatchObject({
      tokens: { inputNanoUsdPerMillion: 7_000_000_000n },
    });
    expect(prices.get('a.two')).toMatchObject({ field: 'inputUsdPerMillion' });
    expect(prices.get('a.three')).toMatchObject({ version: expect.stringMatching(/^auto-/) });
  });

  test('reads every page, strongly consistent', async () => {
    const wide = { note: 'n'.repeat(20_000) };
    const { settings, sent } = await setUp(
      Array.from({ length: 120 }, (_, index) => cap(`cap-${index}`, wide)),
    );

    const { caps } = await settings.read('alice', MAX_AGE_MS);

    expect(caps).toHaveLength(120);
    expect(sent.filter(({ name }) => name === 'QueryCommand').length).toBeGreaterThan(3);
    expect(sent.every(({ input }) => input.ConsistentRead === true)).toBe(true);
  });

  test('refuses to decide on more caps than its bound, and names it', async () => {
    const caps = Array.from({ length: 1_000 }, (_, index) => cap(`cap-${index}`));
    const within = await setUp(caps);
    await expect(within.settings.read('alice', MAX_AGE_MS)).resolves.toHaveProperty(
      'caps.length',
      1_000,
    );

    const beyond = await setUp([...caps, cap('one-more')]);
    await expect(beyond.settings.read('alice', MAX_AGE_MS)).rejects.toMatchObject({
      code: 'settings_unavailable',
      message: expect.stringContaining('more than 1000 CAP items'),
    });
  });
});

describe('how often it reads', () => {
  test('reads once for any number of requests that come together', async () => {
    const { settings, sent } = await setUp([cap('all'), key('alice')]);

    await Promise.all(Array.from({ length: 50 }, () => settings.read('alice', MAX_AGE_MS)));

    expect(sent.map(({ name }) => name).sort()).toEqual([
      'GetItemCommand',
      'QueryCommand',
      'QueryCommand',
      'QueryCommand',
    ]);
  });

  test('reads caps, prices and aliases once for several keys', async () => {
    const { settings, sent } = await setUp([cap('all'), key('alice'), key('bob')]);

    await settings.read('alice', MAX_AGE_MS);
    await settings.read('bob', MAX_AGE_MS);

    expect(sent.filter(({ name }) => name === 'QueryCommand')).toHaveLength(3);
    expect(sent.filter(({ name }) => name === 'GetItemCommand')).toHaveLength(2);
  });

  test('a view is as old as its oldest part', async () => {
    const { settings, clock } = await setUp([key('alice'), key('bob')]);
    const startMs = clock.nowMs();
    await settings.read('alice', MAX_AGE_MS);

    clock.advance(3_000);
    const view = await settings.read('bob', MAX_AGE_MS);
    expect(view.readAtMs).toBe(startMs);

    clock.advance(3_000);
    const later = await settings.read('bob', MAX_AGE_MS);
    expect(later.readAtMs).toBe(startMs + 3_000);
  });

  test('sees a change once the reading is older than allowed', async () => {
    const { settings, clock, document, sent } = await setUp([key('alice')]);
    await settings.read('alice', MAX_AGE_MS);
    const tableName = String(sent[0]?.input.TableName);
    const disabled = { PutRequest: { Item: key('alice', { enabled: false }) } };
    await document.send(new BatchWriteCommand({ RequestItems: { [tableName]: [disabled] } }));

    clock.advance(MAX_AGE_MS);
    expect((await settings.read('alice', MAX_AGE_MS)).key).toMatchObject({ enabled: true });
    clock.advance(1);
    expect((await settings.read('alice', MAX_AGE_MS)).key).toMatchObject({ enabled: false });
  });

  test('peeks without reading, however old the last reading is', async () => {
    const { settings, clock, sent } = await setUp([cap('all'), key('alice')]);
    expect(settings.peek('alice')).toBeUndefined();
    const view = await settings.read('alice', MAX_AGE_MS);
    sent.length = 0;

    clock.advance(86_400_000);

    expect(settings.peek('alice')).toEqual(view);
    expect(settings.peek('bob')).toBeUndefined();
    expect(sent).toEqual([]);
  });

  test('an unknown key is no key, and is asked for once within the age', async () => {
    const { settings, clock, sent } = await setUp([cap('all')]);

    expect((await settings.read('mallory', MAX_AGE_MS)).key).toBeUndefined();
    await settings.read('mallory', MAX_AGE_MS);
    expect(sent.filter(({ name }) => name === 'GetItemCommand')).toHaveLength(1);

    clock.advance(MAX_AGE_MS + 1);
    await settings.read('mallory', MAX_AGE_MS);
    expect(sent.filter(({ name }) => name === 'GetItemCommand')).toHaveLength(2);
    expect(settings.peek('mallory')).toBeUndefined();
  });

  test('a flood of made-up keys does not push out a key that exists', async () => {
    const { settings } = await setUp([key('alice')]);
    await settings.read('alice', MAX_AGE_MS);

    for (let start = 0; start < 1_500; start += 100) {
      const ids = Array.from({ length: 100 }, (_, index) => `made-up-${start + index}`);
      await Promise.all(ids.map((id) => settings.read(id, MAX_AGE_MS)));
    }

    expect(settings.peek('alice')?.key).toMatchObject({ keyId: 'alice' });
  });
});

describe('how it fails', () => {
  test('tries a failed read once more', async () => {
    const { settings, document } = await setUp([cap('all'), key('alice')]);
    const failed = new Set<string>();
    document.middlewareStack.add(
      (next, context) => (args) => {
        const name = String(context.commandName);
        if (failed.has(name)) return next(args);
        failed.add(name);
        throw new Error('the first attempt fails');
      },
      { step: 'finalizeRequest', name: 'failOnce' },
    );

    expect((await settings.read('alice', MAX_AGE_MS)).caps).toHaveLength(1);
    expect(failed.size).toBe(2);
  });

  test('says settings_unavailable with its cause where there is no such table', async () => {
    const { document } = connect(dynamodb.url);
    const clock = createVirtualClock();
    const settings = createDynamoSettings({
      dynamo: documentCalls(document),
      tableName: 'no-such',
      clock,
    });

    await expect(settings.read('alice', MAX_AGE_MS)).rejects.toMatchObject({
      code: 'settings_unavailable',
      cause: { name: 'ResourceNotFoundException' },
    });
    expect(settings.peek('alice')).toBeUndefined();
  });

  test('gives up on a store that does not answer after about two seconds', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient({
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: CREDENTIALS,
      }),
    );
    const clock = createVirtualClock();
    const settings = createDynamoSettings({
      dynamo: documentCalls(client),
      tableName: 'settings',
      clock,
    });
    const startedMs = performance.now();

    await expect(settings.read('alice', MAX_AGE_MS)).rejects.toMatchObject({
      code: 'settings_unavailable',
    });

    expect(performance.now() - startedMs).toBeLessThan(3_500);
    client.destroy();
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});
