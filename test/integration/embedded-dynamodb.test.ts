/**
 * The embedded DynamoDB and its tables: restarts, one folder for one process, several at once.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { TABLE } from '../../lambda/contract.ts';
import {
  type EmbeddedDynamodb,
  type EmbeddedDynamodbOptions,
  startEmbeddedDynamodb,
} from '../../local/embedded-dynamodb.ts';
import { ensureTables } from '../../local/tables.ts';

const NAMES = { settingsTable: 'settings', ledgerTable: 'ledger' };
const cleanUps: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(options: EmbeddedDynamodbOptions = {}): Promise<EmbeddedDynamodb> {
  const started = await startEmbeddedDynamodb(options);
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= started.close();
    return closed;
  };
  cleanUps.push(close);
  return { ...started, close };
}

function clientOf({ url }: EmbeddedDynamodb): DynamoDBClient {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: url,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  cleanUps.push(() => client.destroy());
  return client;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'hardcap-test-'));
  cleanUps.push(() => rm(path, { recursive: true }));
  return path;
}

const KEY = { pk: { S: 'COUNTER#a' }, sk: { S: 'lifetime' } };

const addUsd = (client: DynamoDBClient, amount: string) =>
  client.send(
    new UpdateItemCommand({
      TableName: NAMES.ledgerTable,
      Key: KEY,
      UpdateExpression: 'SET openKey = :open ADD settledUsd :amount',
      ExpressionAttributeValues: { ':amount': { N: amount }, ':open': { S: 'open' } },
    }),
  );

const settledUsd = async (client: DynamoDBClient): Promise<string | undefined> => {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: NAMES.ledgerTable, Key: KEY, ConsistentRead: true }),
  );
  return Item?.settledUsd?.N;
};

describe('the embedded DynamoDB', () => {
  it('keeps data over a restart where it has a folder, to the nano-dollar', async () => {
    const dataDir = join(await folder(), 'made', 'when missing');
    const first = await start({ dataDir });
    const firstClient = clientOf(first);
    await ensureTables(firstClient, NAMES);
    await addUsd(firstClient, '0.1');
    await addUsd(firstClient, '0.000000002');
    await first.close();

    const secondClient = clientOf(await start({ dataDir }));
    await ensureTables(secondClient, NAMES);
    await addUsd(secondClient, '0.2');

    expect(await settledUsd(secondClient)).toBe('0.300000002');
  });

  it('tells a second process that its folder is in use, and the first goes on', async () => {
    const dataDir = await folder();
    const client = clientOf(await start({ dataDir }));
    await ensureTables(client, NAMES);

    const script =
      `import { startEmbeddedDynamodb } from './local/embedded-dynamodb.ts';` +
      `await startEmbeddedDynamodb({ dataDir: ${JSON.stringify(dataDir)} });`;
    const stderr = await new Promise<string>((resolve) => {
      const args = ['--input-type=module', '-e', script];
      execFile(process.execPath, args, (_error, _stdout, shown) => resolve(shown));
    });

    expect(stderr).toContain(`the data folder ${dataDir} is in use by another hardcap`);
    await addUsd(client, '1');
    expect(await settledUsd(client)).toBe('1');
  });

  it('names a folder that cannot be opened', async () => {
    const path = join(await folder(), 'file');
    await writeFile(path, 'not a folder');

    await expect(startEmbeddedDynamodb({ dataDir: path })).rejects.toThrow(path);
  });

  it('rejects where the port is taken', async () => {
    const { port } = await start();

    await expect(startEmbeddedDynamodb({ port })).rejects.toThrow('EADDRINUSE');
  });

  it('survives clients that leave in the middle of a request', async () => {
    const dynamodb = await start();
    const client = clientOf(dynamodb);
    await ensureTables(client, NAMES);
    for (let i = 0; i < 5; i += 1) {
      const socket = connect({ port: dynamodb.port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{');
      await sleep(20);
      socket.resetAndDestroy();
    }
    await sleep(50);

    await addUsd(client, '1');

    expect(await settledUsd(client)).toBe('1');
  });

  it('closes at once although clients keep their connections', async () => {
    const dynamodb = await start();
    await ensureTables(clientOf(dynamodb), NAMES);
    const startedMs = performance.now();

    await dynamodb.close();

    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });

  it('answers a request that is under way when it closes', async () => {
    const dynamodb = await start();
    const socket = connect({ port: dynamodb.port, host: '127.0.0.1' });
    socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{');
    await sleep(50);
    const startedMs = performance.now();

    const closing = dynamodb.close();
    await sleep(100);
    socket.write('}');
    const answer = await text(socket);
    await closing;

    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });
});

describe('ensureTables', () => {
  it('makes both tables, active and on demand, when four do it at once', async () => {
    const dynamodb = await start();
    const clients = [1, 2, 3, 4].map(() => clientOf(dynamodb));

    await Promise.all(clients.map((client) => ensureTables(client, NAMES)));

    for (const TableName of Object.values(NAMES)) {
      const { Table } = await clientOf(dynamodb).send(new DescribeTableCommand({ TableName }));
      expect(Table).toMatchObject({
        TableStatus: 'ACTIVE',
        BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
        KeySchema: [
          { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
          { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
        ],
      });
    }
  });

  it('gives the ledger an index that holds the keys of open counters only', async () => {
    const client = clientOf(await start());
    await ensureTables(client, NAMES);
    await addUsd(client, '1');
    await client.send(
      new UpdateItemCommand({
        TableName: NAMES.ledgerTable,
        Key: { pk: { S: 'COUNTER#closed' }, sk: { S: 'lifetime' } },
        UpdateExpression: 'ADD settledUsd :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
    );

    const { Items } = await client.send(
      new QueryCommand({
        TableName: NAMES.ledgerTable,
        IndexName: TABLE.openIndex,
        KeyConditionExpression: '#open = :open',
        ExpressionAttributeNames: { '#open': TABLE.openKey },
        ExpressionAttributeValues: { ':open': { S: 'open' } },
      }),
    );

    expect(Items).toEqual([{ ...KEY, [TABLE.openKey]: { S: 'open' } }]);
  });

  it.each([
    ['other keys', 'id', /table ledger has the keys \(id\), not \(pk, sk\)/],
    ['no index', 'pk', /table ledger has no index "open"/],
  ])('refuses a table of that name with %s', async (_, hashKey, message) => {
    const client = clientOf(await start());
    const keys = hashKey === 'pk' ? ['pk', 'sk'] : [hashKey];
    await client.send(
      new CreateTableCommand({
        TableName: NAMES.ledgerTable,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: keys.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: keys.map((name, i) => ({
          AttributeName: name,
          KeyType: i === 0 ? 'HASH' : 'RANGE',
        })),
      }),
    );

    await expect(ensureTables(client, NAMES)).rejects.toThrow(message);
  });
});
