/**
 * What is asked of DynamoDB, in the document client's words: plain values, exact numbers.
 *
 * Two things answer it: the SDK's document client (document-calls.ts), and the SDK's signer and
 * codec without a client (signed-calls.ts), where each request pays for what is between.
 */
import type {
  BatchGetCommandInput,
  BatchGetCommandOutput,
  DeleteCommandInput,
  GetCommandInput,
  GetCommandOutput,
  PutCommandInput,
  QueryCommandInput,
  QueryCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';

export interface CallOptions {
  /** Ends the call; what was sent may take effect all the same. */
  readonly abortSignal?: AbortSignal;
}

/**
 * DynamoDB's operations, each sent once: who calls decides what may be sent again.
 *
 * Numbers are NumberValue both ways, and sets are Set. A call that fails throws an Error whose
 * `name` is DynamoDB's word for it; `statusOf` tells how it was answered, if it was.
 */
export interface DynamoCalls {
  get(input: GetCommandInput, options?: CallOptions): Promise<Pick<GetCommandOutput, 'Item'>>;
  query(
    input: QueryCommandInput,
    options?: CallOptions,
  ): Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>;
  batchGet(
    input: BatchGetCommandInput,
  ): Promise<Pick<BatchGetCommandOutput, 'Responses' | 'UnprocessedKeys'>>;
  update(input: UpdateCommandInput): Promise<Pick<UpdateCommandOutput, 'Attributes'>>;
  put(input: PutCommandInput): Promise<unknown>;
  delete(input: DeleteCommandInput): Promise<unknown>;
}

/** What a failed condition is answered by; `Item` is in wire form, `{ N: "1" }`, where it is there. */
export interface ConditionFailure extends Error {
  readonly Item?: Readonly<Record<string, unknown>>;
}

/** Whether the call was answered that its condition does not hold: nothing was written. */
export const isConditionFailure = (error: unknown): error is ConditionFailure =>
  error instanceof Error && error.name === 'ConditionalCheckFailedException';

/** The HTTP status of the answer that an error stands for; undefined where none came. */
export const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
