/**
 * The document client of the ledger: one attempt, short time-outs, no floats.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createConnections, LEDGER_TIMEOUTS, type LedgerTimeouts } from './connections.ts';

/**
 * A client that sends once and answers numbers as exact decimals.
 *
 * Retries are the adapter's, which must know which attempts were ambiguous.
 */
export function createLedgerClient(
  config: DynamoDBClientConfig = {},
  timeouts: LedgerTimeouts = LEDGER_TIMEOUTS,
): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...config,
    maxAttempts: 1,
    requestHandler: createConnections(timeouts),
  });
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: true },
  });
}
