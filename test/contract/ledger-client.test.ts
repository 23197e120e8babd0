/**
 * The ledger's own client: it sends once, waits for a bounded time, and makes no floats.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetCommand, NumberValue } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import {
  EMBEDDED_LEDGER_TIMEOUTS,
  LEDGER_TIMEOUTS,
  type LedgerTimeouts,
} from '../../lambda/adapters/dynamodb/connections.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';

/** Asks a server for one item; how often it was asked, and the answer or the error. */
async function ask(answer: RequestListener, timeouts?: LedgerTimeouts) {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createLedgerClient(
    {
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    timeouts,
  );
  const get = new GetCommand({ TableName: 'ledger', Key: { pk: 'a', sk: 'b' } });
  const outcome = await client.send(get).catch((error: unknown) => error);
  client.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return { requests, outcome };
}

it('sends once and fails by name where no answer comes in time', async () => {
  const silence = () => undefined;

  const { requests, outcome } = await ask(silence, { connectTimeoutMs: 100, requestTimeoutMs: 50 });

  expect(outcome).toMatchObject({ name: 'TimeoutError' });
  expect(requests).toBe(1);
});

it('sends once where the service fails', async () => {
  const { requests, outcome } = await ask((_, response) => response.writeHead(500).end());

  expect(outcome).toMatchObject({ $metadata: { httpStatusCode: 500 } });
  expect(requests).toBe(1);
});

it('keeps every digit of a number', async () => {
  const digits = '12345678901234567890.123456789';
  const { outcome } = await ask((_, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(JSON.stringify({ Item: { committedUsd: { N: digits } } }));
  });

  expect(outcome).toMatchObject({ Item: { committedUsd: NumberValue.from(digits) } });
});

it('waits far longer for an embedded ledger than for DynamoDB', () => {
  expect(LEDGER_TIMEOUTS).toEqual({ connectTimeoutMs: 300, requestTimeoutMs: 1_000 });
  expect(EMBEDDED_LEDGER_TIMEOUTS.requestTimeoutMs).toBeGreaterThanOrEqual(10_000);
});
