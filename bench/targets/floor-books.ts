/**
 * The least that a gateway which keeps books does before a request: conditional writes, at once.
 *
 * Each is an UpdateItem on an item of its own, by the AWS SDK's client. Nothing is settled and no
 * journal is kept.
 */
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { FLOOR_TABLE } from '../table-names.ts';
import type { Before } from './pass-through.ts';

/** Makes BENCH_WRITES writes to BENCH_DYNAMODB each time; undefined where there are none to make. */
export function floorBooks(): Before | undefined {
  const { BENCH_DYNAMODB: endpoint = '', BENCH_WRITES = '0' } = process.env;
  const count = Number(BENCH_WRITES);
  if (count === 0) return undefined;
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
