/**
 * The pass-through proxy as a program; with BENCH_WRITES it keeps books first: the floor.
 *
 * The floor makes BENCH_WRITES conditional UpdateItems at once, each on an item of its own, by the
 * AWS SDK's client, and forwards when all are back. It settles nothing and keeps no journal.
 */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { serveControl } from '../control.ts';
import { FLOOR_TABLE } from '../table-names.ts';
import { type Before, startPassThrough } from './pass-through.ts';

const { BENCH_UPSTREAM: upstream = '', BENCH_DYNAMODB: endpoint = '' } = process.env;
const writes = Number(process.env.BENCH_WRITES ?? 0);

serveControl(await startPassThrough(upstream, writes === 0 ? undefined : booksOf(writes)));

function booksOf(count: number): Before {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpAgent: { keepAlive: true, maxSockets: 256 } }),
  });
  const reserve = (_: unknown, at: number) =>
    client.send(
      new UpdateItemCommand({
        TableName: FLOOR_TABLE,
        Key: { pk: { S: `COUNTER#${at}` }, sk: { S: 'lifetime' } },
        UpdateExpression: 'SET committedUsd = if_not_exists(committedUsd, :zero) + :a',
        ConditionExpression: 'attribute_not_exists(committedUsd) or committedUsd <= :limitMinusA',
        ExpressionAttributeValues: {
          ':zero': { N: '0' },
          ':a': { N: '0.000123' },
          ':limitMinusA': { N: '999999.999877' },
        },
        ReturnValues: 'UPDATED_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  return () => Promise.all(Array.from({ length: count }, reserve));
}
