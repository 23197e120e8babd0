/**
 * A small, fast DynamoDB in memory: the part of its API that the ledger and the settings use.
 *
 * dynalite does 1,400 writes a second, so it would be what a benchmark measures. What is faked here
 * bench/README.md tells; that the ledger's rules hold on it test/contract/bench-ledger.test.ts does.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TABLE } from '../../lambda/contract.ts';
import { ConditionFailed, Table, type TableRequest } from './tables.ts';

export interface StubDynamodbOptions {
  /** Items whose partition key begins so are counted and not kept. @default - all are kept */
  readonly forgets?: string;
  /** Milliseconds that every answer waits, as a network would make it. @default 0 */
  readonly delayMs?: number;
}

export interface StubDynamodb {
  readonly url: string;
  close(): Promise<void>;
}

type Tables = Map<string, Table>;
type Operation = (tables: Tables, request: TableRequest) => object;

class NoSuchTable extends Error {}
class UnknownOperation extends Error {}

function tableOf(tables: Tables, { TableName }: TableRequest): Table {
  const table = tables.get(TableName);
  if (table === undefined) throw new NoSuchTable(`no table ${TableName}`);
  return table;
}

const describe = ({ TableName }: TableRequest) => ({
  TableName,
  TableStatus: 'ACTIVE',
  KeySchema: [
    { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
    { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [{ IndexName: TABLE.openIndex, IndexStatus: 'ACTIVE' }],
});

const page = (items: readonly object[]) => ({ Items: items, Count: items.length });

const operationsOf = (forgets: string | undefined): Readonly<Record<string, Operation>> => ({
  CreateTable: (tables, request) => {
    tables.set(request.TableName, new Table(forgets));
    return { TableDescription: describe(request) };
  },
  DescribeTable: (tables, request) => {
    tableOf(tables, request);
    return { Table: describe(request) };
  },
  DeleteTable: (tables, request) => {
    tables.delete(request.TableName);
    return { TableDescription: describe(request) };
  },
  UpdateTimeToLive: () => ({}),
  GetItem: (tables, request) => {
    const item = tableOf(tables, request).get(request);
    return item === undefined ? {} : { Item: item };
  },
  PutItem: (tables, request) => {
    tableOf(tables, request).put(request);
    return {};
  },
  DeleteItem: (tables, request) => {
    tableOf(tables, request).delete(request);
    return {};
  },
  UpdateItem: (tables, request) => {
    const written = tableOf(tables, request).update(request);
    return request.ReturnValues === 'UPDATED_NEW' ? { Attributes: written } : {};
  },
  Query: (tables, request) => page(tableOf(tables, request).query(request)),
  Scan: (tables, request) => page(tableOf(tables, request).all()),
});

/** Starts on a free port of 127.0.0.1; `GET /` answers how often `<table> <operation>` was asked for. */
export async function startStubDynamodb(options: StubDynamodbOptions = {}): Promise<StubDynamodb> {
  const tables: Tables = new Map();
  const operations = operationsOf(options.forgets);
  const counts: Record<string, number> = {};
  const server = createServer({ keepAliveTimeout: 0, noDelay: true }, (request, response) => {
    if (request.method === 'GET') {
      send(response, 200, counts);
      return;
    }
    const name = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    readText(request, (text) => {
      const { status, body, table } = answerOf(tables, operations[name], text);
      const counted = `${table} ${name}`;
      counts[counted] = (counts[counted] ?? 0) + 1;
      if (options.delayMs) void sleep(options.delayMs).then(() => send(response, status, body));
      else send(response, status, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readText(request: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => done(Buffer.concat(chunks).toString()));
  request.on('error', () => undefined);
}

const ERROR_PREFIX = 'com.amazonaws.dynamodb.v20120810#';

interface Answered {
  readonly status: number;
  readonly body: object;
  readonly table: string;
}

function answerOf(tables: Tables, operation: Operation | undefined, text: string): Answered {
  let table = '';
  try {
    const request: TableRequest = JSON.parse(text);
    table = request.TableName;
    if (operation === undefined) throw new UnknownOperation('not in this stub');
    return { status: 200, body: operation(tables, request), table };
  } catch (error) {
    return { status: 400, body: refusalOf(error), table };
  }
}

function refusalOf(error: unknown): object {
  const message = error instanceof Error ? error.message : String(error);
  const refusal = (name: string) => ({ __type: `${ERROR_PREFIX}${name}`, message });
  if (error instanceof ConditionFailed) {
    const { item } = error;
    return { ...refusal('ConditionalCheckFailedException'), ...(item && { Item: item }) };
  }
  if (error instanceof NoSuchTable) return refusal('ResourceNotFoundException');
  if (error instanceof UnknownOperation) return refusal('UnknownOperationException');
  return refusal('ValidationException');
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
