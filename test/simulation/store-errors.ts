/**
 * The errors of the simulated table: two as the SDK throws them, and one of its own.
 */
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
} from '@aws-sdk/client-dynamodb';

const REFUSED = { httpStatusCode: 400, attempts: 1, totalRetryDelay: 0 } as const;

/**
 * Something that DynamoDB may well do and that this model does not.
 *
 * It is no answer of a store: whoever stands before the table must let it end the test, or the
 * adapter under test would take it for a failure of the network.
 */
export class NotModelledError extends Error {
  constructor(what: string) {
    super(`the simulated table does not model ${what}: add it, with a test against the reference`);
    this.name = 'NotModelledError';
  }
}

/** A request that DynamoDB refuses whatever the item is, or that its item cannot take. */
export const validationError = (message: string): DynamoDBServiceException =>
  new DynamoDBServiceException({
    name: 'ValidationException',
    $fault: 'client',
    $metadata: REFUSED,
    message,
  });

/** A condition that did not hold; `Item` is what stood there, where the request asked for it. */
export const conditionFailed = (
  Item: Record<string, AttributeValue> | undefined,
): ConditionalCheckFailedException =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: REFUSED,
    ...(Item === undefined ? {} : { Item }),
  });
