/**
 * The SDK's document client, as hardcap needs it: one attempt, short time-outs, no floats.
 */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { LEDGER_TIMEOUTS, type LedgerTimeouts, MAX_SOCKETS } from './connections.ts';

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
    requestHandler: new NodeHttpHandler({
      connectionTimeout: timeouts.connectTimeoutMs,
      requestTimeout: timeouts.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    }),
  });
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
    unmarshallOptions: { wrapNumbers: true },
  });
}
