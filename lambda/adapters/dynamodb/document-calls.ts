/**
 * Calls of DynamoDB by the SDK's document client.
 */
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { DynamoCalls } from './dynamo-calls.ts';

/** @param client of one attempt and with wrapNumbers, so that no amount becomes a float */
export const documentCalls = (client: DynamoDBDocumentClient): DynamoCalls => ({
  get: (input, options) => client.send(new GetCommand(input), options),
  query: (input, options) => client.send(new QueryCommand(input), options),
  batchGet: (input) => client.send(new BatchGetCommand(input)),
  update: (input) => client.send(new UpdateCommand(input)),
  put: (input) => client.send(new PutCommand(input)),
  delete: (input) => client.send(new DeleteCommand(input)),
});
