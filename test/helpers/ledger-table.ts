/**
 * A ledger table to test on: in process on dynalite, or on a DynamoDB endpoint given by URL.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { EMBEDDED_LEDGER_TIMEOUTS } from '../../lambda/adapters/dynamodb/connections.ts';
import type { DynamoCalls } from '../../lambda/adapters/dynamodb/dynamo-calls.ts';
import {
  type ClosableCalls,
  createSignedCalls,
} from '../../lambda/adapters/dynamodb/signed-calls.ts';
import { TABLE } from '../../lambda/contract.ts';

export interface LedgerTable {
  readonly tableName: string;
  /** A new client of its own middleware stack, of one attempt and of patient time-outs. */
  connect(): DynamoDBDocumentClient;
  /** What the gateway calls it by: signed calls of their own connections. */
  connectAsGateway(): DynamoCalls;
  /** Ends the clients and the server, or deletes the table. */
  close(): Promise<void>;
}

interface DynaliteOptions {
  readonly createTableMs: number;
  readonly updateTableMs: number;
  readonly deleteTableMs: number;
  readonly maxItemSizeKb?: number;
}

// dynalite brings no types of its own.
const dynalite: (options: DynaliteOptions) => Server = createRequire(import.meta.url)('dynalite');

/** A ledger table on a dynalite of its own; items may grow to `maxItemSizeKb` (default 400). */
export async function startDynaliteLedger(maxItemSizeKb = 400): Promise<LedgerTable> {
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0, maxItemSizeKb });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const table = await createLedgerTable(`http://127.0.0.1:${port}`);
  return {
    ...table,
    close: async () => {
      await table.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A new ledger table on a DynamoDB endpoint; `close` deletes it. */
export async function createLedgerTable(endpoint: string): Promise<LedgerTable> {
  const tableName = `ledger-${randomUUID()}`;
  const clients: DynamoDBClient[] = [];
  const signed: ClosableCalls[] = [];
  const connect = (): DynamoDBClient => {
    const client = new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      // A thousand writes at once wait for one another here; that is not what is tested.
      requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 64 } }),
    });
    clients.push(client);
    return client;
  };
  const owner = connect();
  await owner.send(new CreateTableCommand({ TableName: tableName, ...LEDGER_SCHEMA }));
  await waitUntilTableExists(
    { client: owner, maxWaitTime: 30, minDelay: 1 },
    { TableName: tableName },
  );
  return {
    tableName,
    connect: () =>
      DynamoDBDocumentClient.from(connect(), { unmarshallOptions: { wrapNumbers: true } }),
    connectAsGateway: () => {
      const calls = createSignedCalls({
        endpoint: new URL(endpoint),
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        timeouts: EMBEDDED_LEDGER_TIMEOUTS,
      });
      signed.push(calls);
      return calls;
    },
    close: async () => {
      await owner.send(new DeleteTableCommand({ TableName: tableName }));
      for (const client of clients) client.destroy();
      for (const calls of signed) calls.close();
    },
  };
}

const LEDGER_SCHEMA: Omit<CreateTableCommandInput, 'TableName'> = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
    { AttributeName: TABLE.sortKey, AttributeType: 'S' },
    { AttributeName: TABLE.openKey, AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
    { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: TABLE.openIndex,
      KeySchema: [{ AttributeName: TABLE.openKey, KeyType: 'HASH' }],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
};
