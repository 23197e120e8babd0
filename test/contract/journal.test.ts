/**
 * The journal's entry as it is written: what one request asked, reserved and cost.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, NumberValue, PutCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { usd } from '../helpers/builders.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
const dynamo = mockClient(client);
const ledger = createDynamoLedger({
  dynamo: documentCalls(client),
  tableName: 'ledger',
  clock: createVirtualClock(),
  maxInFlight: 2_000,
  journalDays: 90,
});

it('holds dollars as decimal numbers, no prompt, and the day it is deleted', async () => {
  dynamo.on(PutCommand).resolves({});

  await ledger.appendJournal({
    requestId: 'r-1',
    keyId: 'ci',
    atMs: NOON_MS,
    outcome: 'settled',
    operation: 'converse',
    modelId: 'amazon.nova-micro-v1:0',
    reservedNanoUsd: usd('0.5'),
    costNanoUsd: usd('0.000000001'),
    usage: { inputTokens: 3 },
    reservationId: 'tc8e2rv8k49ju9y0',
    counters: ['COUNTER#a/lifetime', 'COUNTER#b/lifetime'],
    unsettled: ['COUNTER#b/lifetime'],
    status: 200,
  });

  expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item).toEqual({
    pk: 'JOURNAL#2026-03-02#ci',
    sk: '2026-03-02T12:00:00.000Z#r-1',
    requestId: 'r-1',
    keyId: 'ci',
    at: '2026-03-02T12:00:00.000Z',
    outcome: 'settled',
    operation: 'converse',
    modelId: 'amazon.nova-micro-v1:0',
    reservedUsd: NumberValue.from('0.50'),
    costUsd: NumberValue.from('0.000000001'),
    usage: { inputTokens: 3 },
    reservationId: 'tc8e2rv8k49ju9y0',
    counters: ['COUNTER#a/lifetime', 'COUNTER#b/lifetime'],
    unsettled: ['COUNTER#b/lifetime'],
    status: 200,
    v: 1,
    ttlEpochSeconds: NOON_MS / 1_000 + 90 * 86_400,
  });
});

it('tells what each counter was charged, where they differ', async () => {
  dynamo.reset();
  dynamo.on(PutCommand).resolves({});

  await ledger.appendJournal({
    requestId: 'r-2',
    keyId: 'ci',
    atMs: NOON_MS,
    outcome: 'cut',
    operation: 'converse-stream',
    modelId: 'amazon.nova-micro-v1:0',
    reservedNanoUsd: usd('0.5'),
    costNanoUsd: usd('0.5'),
    charged: { 'COUNTER#a/lifetime': usd('0.5'), 'COUNTER#b/lifetime': usd('0.125') },
    counters: ['COUNTER#a/lifetime', 'COUNTER#b/lifetime'],
    status: 200,
  });

  expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item).toMatchObject({
    costUsd: NumberValue.from('0.50'),
    chargedUsd: {
      'COUNTER#a/lifetime': NumberValue.from('0.50'),
      'COUNTER#b/lifetime': NumberValue.from('0.125'),
    },
  });
});
