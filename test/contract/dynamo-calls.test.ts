/**
 * The two ways to call DynamoDB say and hear the same: the SDK's document client, which is the
 * reference, and the signed calls of the gateway.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EMBEDDED_LEDGER_TIMEOUTS,
  LEDGER_TIMEOUTS,
  type LedgerTimeouts,
  MAX_SOCKETS,
} from '../../lambda/adapters/dynamodb/connections.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import {
  type DynamoCalls,
  isConditionFailure,
  statusOf,
} from '../../lambda/adapters/dynamodb/dynamo-calls.ts';
import { createSignedCalls, dynamodbUrl } from '../../lambda/adapters/dynamodb/signed-calls.ts';
import { signatureOf } from '../helpers/signature-v4.ts';

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'secret', sessionToken: 'session' };

interface Seen {
  readonly target: unknown;
  readonly body: unknown;
  readonly request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>;
  readonly bytes: Buffer;
}

const started: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of started.splice(0).reverse()) await close();
});

/** A server that answers as it is told, and remembers what it was asked. */
async function startServer(answer: RequestListener) {
  const seen: Seen[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const { method, url, headers } = request;
    const body = JSON.parse(bytes.toString());
    seen.push({ target: headers['x-amz-target'], body, request: { method, url, headers }, bytes });
    answer(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}`);
  return { url, seen, connections: () => connections };
}

const KINDS = {
  'the document client': (endpoint: URL, timeouts: LedgerTimeouts): DynamoCalls => {
    const config = { region: REGION, endpoint: endpoint.href, credentials: CREDENTIALS };
    const client = createLedgerClient(config, timeouts);
    started.push(() => client.destroy());
    return documentCalls(client);
  },
  'signed calls': (endpoint: URL, timeouts: LedgerTimeouts): DynamoCalls => {
    const calls = createSignedCalls({
      region: REGION,
      endpoint,
      credentials: CREDENTIALS,
      timeouts,
    });
    started.push(() => calls.close());
    return calls;
  },
};
const SIGNED = KINDS['signed calls'];
const PATIENT = EMBEDDED_LEDGER_TIMEOUTS;

const json =
  (status: number, body: unknown): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

const TableName = 'ledger';
const Key = { pk: 'COUNTER#ä', sk: 'lifetime' };
const exact = NumberValue.from('12345678901234567890.123456789');

/** One call of each operation, with every type of value that hardcap writes or may meet. */
const CALLS: Readonly<Record<string, (calls: DynamoCalls) => Promise<unknown>>> = {
  get: (calls) => calls.get({ TableName, Key, ConsistentRead: true }),
  query: (calls) =>
    calls.query({
      TableName,
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': 'pk' },
      ExpressionAttributeValues: { ':pk': 'CAP' },
      ExclusiveStartKey: { pk: 'CAP', sk: 'b' },
      Limit: 7,
      ScanIndexForward: false,
    }),
  batchGet: (calls) =>
    calls.batchGet({
      RequestItems: {
        [TableName]: { Keys: [Key, { pk: 'a', sk: 'b' }], ProjectionExpression: 'settledUsd' },
      },
    }),
  update: (calls) =>
    calls.update({
      TableName,
      Key,
      UpdateExpression: 'SET #r = :a ADD hashes :hashes',
      ConditionExpression: 'attribute_not_exists(#r)',
      ExpressionAttributeNames: { '#r': 'r:1' },
      ExpressionAttributeValues: {
        ':a': exact,
        ':hashes': new Set(['x', 'y']),
        ':ttl': 1_764_000_000,
        ':map': { deep: [true, null, 'text', { n: NumberValue.from('0.1') }], gone: undefined },
      },
      ReturnValues: 'UPDATED_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  put: (calls) =>
    calls.put({ TableName, Item: { ...Key, note: '', counters: ['a'], absent: undefined, v: 1 } }),
  delete: (calls) =>
    calls.delete({
      TableName,
      Key,
      ConditionExpression: '#mark = :seen',
      ExpressionAttributeNames: { '#mark': 'mark' },
      ExpressionAttributeValues: { ':seen': 'x' },
    }),
};

const ITEM = {
  pk: { S: 'COUNTER#ä' },
  committedUsd: { N: '12345678901234567890.123456789' },
  hashes: { SS: ['x', 'y'] },
  amounts: { NS: ['1', '0.10'] },
  flag: { BOOL: false },
  nothing: { NULL: true },
  map: { M: { list: { L: [{ N: '1' }, { S: '' }] } } },
  B: { S: 'an attribute of this name' },
  bytes: { B: 'aGVsbG8=' },
  several: { BS: ['aGVsbG8=', ''] },
};

/** What may be answered, by the operation that would be. */
const ANSWERS: readonly (readonly [string, keyof typeof CALLS, unknown])[] = [
  ['an item of every type', 'get', { Item: ITEM }],
  ['no item', 'get', {}],
  [
    'a page that is not the last',
    'query',
    { Items: [ITEM, { pk: { S: 'x' } }], Count: 2, LastEvaluatedKey: { pk: { S: 'x' } } },
  ],
  ['a page of nothing', 'query', { Items: [], Count: 0 }],
  ['a whole batch', 'batchGet', { Responses: { ledger: [ITEM] }, UnprocessedKeys: {} }],
  [
    'a batch of which some is left',
    'batchGet',
    { Responses: {}, UnprocessedKeys: { ledger: { Keys: [{ pk: { S: 'a' }, sk: { S: 'b' } }] } } },
  ],
  ['what was written', 'update', { Attributes: { committedUsd: { N: '0.000000001' } } }],
  ['an update without more', 'update', {}],
  ['a put', 'put', {}],
  ['a delete', 'delete', {}],
];

const error = (type: string, message: string, more: object = {}) => ({
  __type: `com.amazonaws.dynamodb.v20120810#${type}`,
  message,
  ...more,
});

const FAILURES: readonly (readonly [string, number, unknown])[] = [
  [
    'a condition that fails',
    400,
    error('ConditionalCheckFailedException', 'no', { Item: { committedUsd: { N: '1.5' } } }),
  ],
  [
    'a condition that fails without the item',
    400,
    error('ConditionalCheckFailedException', 'The conditional request failed'),
  ],
  ['throttling', 400, error('ProvisionedThroughputExceededException', 'slow down')],
  ['an item that is full', 400, error('ValidationException', 'Item size to update has exceeded')],
  ['no right', 400, error('AccessDeniedException', 'not allowed')],
  ['an error without a namespace', 400, { __type: 'ThrottlingException', Message: 'slow down' }],
  ['a fault of the service', 500, error('InternalServerError', 'sorry')],
];

/** What the members of an answer are that hardcap reads. */
const readMembers = (answer: unknown) => {
  const { Item, Items, LastEvaluatedKey, Responses, UnprocessedKeys, Attributes } =
    answer as Record<string, unknown>;
  return { Item, Items, LastEvaluatedKey, Responses, UnprocessedKeys, Attributes };
};

describe('signed calls', () => {
  it.each(Object.keys(CALLS))('ask as the document client does: %s', async (operation) => {
    const server = await startServer(json(200, {}));
    for (const connect of Object.values(KINDS))
      await CALLS[operation]?.(connect(server.url, PATIENT));

    const [reference, signed] = server.seen;

    expect(signed?.target).toBe(reference?.target);
    expect(signed?.body).toEqual(reference?.body);
    expect(signed?.request.headers['content-type']).toBe(
      reference?.request.headers['content-type'],
    );
  });

  it.each(ANSWERS)('hear what the document client hears: %s', async (_, operation, answer) => {
    const server = await startServer(json(200, answer));
    const heard: unknown[] = [];
    for (const connect of Object.values(KINDS)) {
      heard.push(readMembers(await CALLS[operation]?.(connect(server.url, PATIENT))));
    }

    expect(heard[1]).toEqual(heard[0]);
  });

  it.each(FAILURES)('fail as the document client does: %s', async (_, status, answer) => {
    const server = await startServer(json(status, answer));
    const failures: unknown[] = [];
    for (const connect of Object.values(KINDS)) {
      const failure = await CALLS.update?.(connect(server.url, PATIENT)).catch((reason) => reason);
      const { name, message, Item } = failure as Error & { Item?: unknown };
      const isCondition = isConditionFailure(failure);
      failures.push({ name, message, Item, status: statusOf(failure), isCondition });
    }

    expect(failures[1]).toEqual(failures[0]);
  });

  it('are signed as AWS computes it, their body and their target with them', async () => {
    const server = await startServer(json(200, {}));
    await CALLS.update?.(SIGNED(server.url, PATIENT));
    const [seen] = server.seen;
    const authorization = String(seen?.request.headers.authorization);
    const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
    const request = { ...seen?.request, body: seen?.bytes } as Parameters<typeof signatureOf>[0];
    const signer = { region: REGION, service: 'dynamodb', ...CREDENTIALS };

    expect(authorization).toContain(`Signature=${signatureOf(request, signedHeaders, signer)}`);
    expect(signedHeaders.split(';')).toEqual(
      expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target']),
    );
  });

  it('keep their connection', async () => {
    const server = await startServer(json(200, {}));
    const calls = SIGNED(server.url, PATIENT);
    for (let at = 0; at < 3; at += 1) await CALLS.put?.(calls);

    expect(server.seen).toHaveLength(3);
    expect(server.connections()).toBe(1);
  });

  it('leave nothing that ends a later call once they are answered', async () => {
    const server = await startServer(json(200, {}));
    const calls = SIGNED(server.url, { connectTimeoutMs: 20, requestTimeoutMs: 60 });
    await CALLS.put?.(calls);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout');
    const before = timers();
    await CALLS.put?.(calls);

    expect(timers().length).toBeLessThanOrEqual(before.length);
    expect(server.connections()).toBe(1);
  });

  it('wait for a free connection no longer than for a new one', async () => {
    const server = await startServer(() => undefined);
    const calls = SIGNED(server.url, { connectTimeoutMs: 200, requestTimeoutMs: 60_000 });
    const ending = new AbortController();
    const get = () => calls.get({ TableName, Key }, { abortSignal: ending.signal });
    const asked = Array.from({ length: MAX_SOCKETS }, get);

    await expect(get()).rejects.toMatchObject({ name: 'TimeoutError' });

    ending.abort(new Error('the test is over'));
    const reasons = await Promise.all(asked.map((one) => one.catch((reason) => reason.message)));
    expect(new Set(reasons)).toEqual(new Set(['the test is over']));
  });

  it('end with the reason of a signal that aborts, before they are sent and after', async () => {
    const server = await startServer(() => undefined);
    const calls = SIGNED(server.url, PATIENT);
    const reason = new Error('no longer wanted');
    const input = { TableName, Key };

    await expect(calls.get(input, { abortSignal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const aborting = new AbortController();
    const asked = calls.get(input, { abortSignal: aborting.signal });
    await expect.poll(() => server.seen.length).toBe(1);
    aborting.abort(reason);
    await expect(asked).rejects.toBe(reason);
  });

  it('ask DynamoDB of the region, or what AWS SDKs are told to ask', () => {
    const own = 'http://127.0.0.1:8000';

    expect(dynamodbUrl('eu-west-1', {}).href).toBe('https://dynamodb.eu-west-1.amazonaws.com/');
    expect(dynamodbUrl('cn-north-1', {}).host).toBe('dynamodb.cn-north-1.amazonaws.com.cn');
    expect(dynamodbUrl('eu-west-1', { AWS_ENDPOINT_URL: own }).origin).toBe(own);
    const both = { AWS_ENDPOINT_URL: 'http://other', AWS_ENDPOINT_URL_DYNAMODB: own };
    expect(dynamodbUrl('eu-west-1', both).origin).toBe(own);
  });
});

/** Answers that leave it open whether a write took effect: none has a status from 400 to 499. */
const DOUBTS: Readonly<Record<string, RequestListener>> = {
  'a success that is no JSON': json(200, '<html>'),
  'an answer that breaks off': (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"Attributes":');
    setTimeout(() => response.destroy(), 20);
  },
  'a connection that breaks': (request) => request.socket.destroy(),
  'a page of something between': json(503, '<html>busy</html>'),
};

describe.each(Object.entries(KINDS))('%s', (_, connect) => {
  const SHORT = { connectTimeoutMs: 100, requestTimeoutMs: 50 };
  const update = async (calls: DynamoCalls) =>
    CALLS.update?.(calls).then(
      () => undefined,
      (reason: unknown) => reason,
    );

  it('sends once and fails by name where no answer comes in time', async () => {
    const server = await startServer(() => undefined);
    const failure = await update(connect(server.url, SHORT));

    expect(failure).toMatchObject({ name: 'TimeoutError' });
    expect(server.seen).toHaveLength(1);
  });

  it('sends once where the service fails', async () => {
    const server = await startServer(json(500, ''));
    const failure = await update(connect(server.url, PATIENT));

    expect(statusOf(failure)).toBe(500);
    expect(server.seen).toHaveLength(1);
  });

  it.each(Object.entries(DOUBTS))('leaves open what was written: %s', async (_, answer) => {
    const server = await startServer(answer);
    const failure = await update(connect(server.url, PATIENT));

    expect(failure).toBeInstanceOf(Error);
    // From 400 to 499 it would be certain that nothing was written.
    expect([undefined, 200, 503]).toContain(statusOf(failure));
    expect(server.seen).toHaveLength(1);
  });

  it('fails where nobody listens', async () => {
    const failure = await update(connect(new URL('http://127.0.0.1:1'), PATIENT));

    expect(failure).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it('signed calls do not wait for the rest of an answer that stalls', async () => {
  const server = await startServer((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
  });
  const calls = SIGNED(server.url, { connectTimeoutMs: 50, requestTimeoutMs: 120 });

  await expect(CALLS.update?.(calls)).rejects.toMatchObject({ name: 'TimeoutError' });
});

it('signed calls wait for an answer longer than for a connection', async () => {
  const server = await startServer((request, response) => {
    setTimeout(() => json(200, {})(request, response), 120);
  });
  const calls = SIGNED(server.url, { connectTimeoutMs: 40, requestTimeoutMs: 5_000 });

  await expect(CALLS.update?.(calls)).resolves.toEqual({});
});

it('an embedded ledger is waited for far longer than DynamoDB', () => {
  expect(LEDGER_TIMEOUTS).toEqual({ connectTimeoutMs: 300, requestTimeoutMs: 1_000 });
  expect(EMBEDDED_LEDGER_TIMEOUTS.requestTimeoutMs).toBeGreaterThanOrEqual(10_000);
});
