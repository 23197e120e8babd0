/**
 * A DynamoDB endpoint in front of another one, which counts what passes and what AWS would bill.
 *
 * It answers a failed condition with the item that stood there, as AWS does and the embedded
 * DynamoDB does not: else each refusal would be counted with a read that AWS is never asked for.
 * Not for writes at the same time to one item: what stood there is read before the write.
 */
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../lambda/contract.ts';
import { indexWriteUnits, readUnits, type WireItem, writeUnits } from './dynamodb-units.ts';

/** Operations by their names, and the request units that they are billed. */
export interface Counted {
  readonly operations: Readonly<Record<string, number>>;
  readonly writeUnits: number;
  readonly readUnits: number;
}

export interface CountingDynamodb {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What passed while `work` ran and until nothing more came. */
  counted(work: () => Promise<unknown>): Promise<Counted>;
  close(): Promise<void>;
}

interface Passed {
  readonly operation: string;
  readonly writeUnits: number;
  readonly readUnits: number;
}

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
/** The journal is written beside the answer: longer than that nothing waits. */
const QUIET_MS = 60;
const LOOK_MS = 5;

/** Starts on a free port of 127.0.0.1. */
export async function startCountingDynamodb(targetUrl: string): Promise<CountingDynamodb> {
  const store = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: targetUrl,
    credentials: CREDENTIALS,
  });
  let passed: Passed[] = [];
  let underWay = 0;
  let lastAtMs = 0;
  const server = createServer((incoming, outgoing) => {
    underWay += 1;
    serve(store, targetUrl, incoming)
      .then(({ status, headers, body, record }) => {
        if (record !== undefined) passed.push(record);
        outgoing.writeHead(status, { ...headers, 'content-length': String(body.byteLength) });
        outgoing.end(body);
      })
      .catch((error: unknown) => outgoing.destroy(error as Error))
      .finally(() => {
        underWay -= 1;
        lastAtMs = Date.now();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const untilQuiet = async () => {
    while (underWay > 0 || Date.now() - lastAtMs < QUIET_MS) await sleep(LOOK_MS);
  };
  return {
    url: `http://127.0.0.1:${port}`,
    async counted(work) {
      await untilQuiet();
      passed = [];
      await work();
      lastAtMs = Date.now();
      await untilQuiet();
      return sumOf(passed);
    },
    async close() {
      store.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sumOf(passed: readonly Passed[]): Counted {
  const operations: Record<string, number> = {};
  for (const { operation } of passed) operations[operation] = (operations[operation] ?? 0) + 1;
  const total = (unit: 'writeUnits' | 'readUnits') =>
    passed.reduce((sum, one) => sum + one[unit], 0);
  return { operations, writeUnits: total('writeUnits'), readUnits: total('readUnits') };
}

interface Served {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** Absent for what makes and describes tables. */
  readonly record: Passed | undefined;
}

/** The parts of requests and answers that are looked at. */
interface Asked {
  readonly TableName: string;
  readonly Key?: WireItem;
  readonly Item?: WireItem;
  readonly ConsistentRead?: boolean;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

interface Answered {
  readonly Item?: WireItem;
  readonly Items?: readonly WireItem[];
  readonly __type?: string;
}

const WRITES = new Set(['UpdateItem', 'PutItem', 'DeleteItem']);
const READS = new Set(['GetItem', 'Query', 'Scan']);

async function serve(
  store: DynamoDBClient,
  targetUrl: string,
  incoming: IncomingMessage,
): Promise<Served> {
  const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
  const body = await bytesOf(incoming);
  if (!WRITES.has(operation)) {
    const answer = await forward(targetUrl, incoming, body);
    return {
      ...answer,
      record: READS.has(operation) ? readOf(operation, body, answer) : undefined,
    };
  }
  const asked = JSON.parse(body.toString()) as Asked;
  const before = await itemOf(store, asked);
  const answer = await forward(targetUrl, incoming, body);
  const after = answer.status === 200 ? await itemOf(store, asked) : before;
  const record = {
    operation,
    readUnits: 0,
    writeUnits: writeUnits(before, after) + indexWriteUnits(before, after, TABLE.openKey),
  };
  return { ...withOld(answer, asked, before), record };
}

function readOf(operation: string, body: Buffer, answer: Omit<Served, 'record'>): Passed {
  const { ConsistentRead = false } = JSON.parse(body.toString()) as Asked;
  const { Item, Items = [] } = JSON.parse(answer.body.toString()) as Answered;
  const items = Item === undefined ? Items : [Item];
  return { operation, writeUnits: 0, readUnits: readUnits(items, ConsistentRead) };
}

/** ALL_OLD, where it was asked for and the condition failed. */
function withOld<Answer extends Omit<Served, 'record'>>(
  answer: Answer,
  asked: Asked,
  before: WireItem | undefined,
): Answer {
  if (answer.status === 200 || asked.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD')
    return answer;
  const told = JSON.parse(answer.body.toString()) as Answered;
  if (!String(told.__type).endsWith('ConditionalCheckFailedException')) return answer;
  return { ...answer, body: Buffer.from(JSON.stringify({ ...told, Item: before })) };
}

async function itemOf(store: DynamoDBClient, asked: Asked): Promise<WireItem | undefined> {
  const { pk, sk } = asked.Key ?? asked.Item ?? {};
  if (pk === undefined || sk === undefined) throw new Error('a write without its key');
  const { TableName } = asked;
  const get = new GetItemCommand({ TableName, Key: { pk, sk }, ConsistentRead: true });
  return (await store.send(get)).Item;
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The embedded DynamoDB tests that there is a signature, and not what it signs. */
async function forward(
  targetUrl: string,
  { method, headers }: IncomingMessage,
  body: Buffer,
): Promise<Omit<Served, 'record'>> {
  const outgoing = httpRequest(targetUrl, { method, headers });
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const type = answer.headers['content-type'] ?? 'application/x-amz-json-1.0';
  return {
    status: answer.statusCode ?? 500,
    headers: { 'content-type': type },
    body: await bytesOf(answer),
  };
}
