/**
 * What the checks ask of the AWS account that hardcap was deployed to, in words of the checks.
 *
 * Not here: the AWS SDK (sdk-account.ts).
 */

import type { FunctionFacts } from '../../bin/commands/doctor/account.ts';

export type DirectAnswer =
  | { readonly kind: 'answered'; readonly elapsedMs: number }
  | { readonly kind: 'denied'; readonly message: string };

export interface PriceReading {
  readonly partsRead: number;
  readonly partsFailed: number;
  readonly taken: number;
  readonly proposed: number;
  /** `name: why`, of each price that belongs to no row. */
  readonly unmapped: readonly string[];
}

export interface AwsAccount {
  gatewayFunction(): Promise<FunctionFacts>;
  /** Milliseconds of each cold start of the last day. */
  coldStartsMs(): Promise<readonly number[]>;
  /**
   * Whether a write that DynamoDB refuses brings the item back. Nothing is written; undefined where
   * the table has no item yet.
   */
  refusedWriteBringsItem(): Promise<boolean | undefined>;
  /** Ids of models and inference profiles. */
  offeredModels(region: string): Promise<ReadonlySet<string>>;
  /** Asks Bedrock itself, not the gateway, for one token. */
  converse(modelId: string): Promise<DirectAnswer>;
  /** Streams from Bedrock itself and closes the connection after some events. */
  leaveStream(modelId: string, maxTokens: number): Promise<void>;
  /** CloudWatch's count of a model's output tokens; undefined where it has none yet. */
  outputTokens(modelId: string, fromMs: number, toMs: number): Promise<number | undefined>;
  readPrices(): Promise<PriceReading>;
}
