/**
 * The operations of Bedrock Runtime that the gateway serves.
 */
export type Operation =
  | 'invoke'
  | 'invoke-with-response-stream'
  | 'converse'
  | 'converse-stream'
  | 'count-tokens'
  | 'apply-guardrail'
  | 'invoke-guardrail-checks';

/** Those that ask a model. */
export const MODEL_OPERATIONS: readonly Operation[] = [
  'invoke',
  'invoke-with-response-stream',
  'converse',
  'converse-stream',
  'count-tokens',
];

export const isStreaming = (operation: Operation): boolean =>
  operation === 'invoke-with-response-stream' || operation === 'converse-stream';

export const isConverse = (operation: Operation): boolean =>
  operation === 'converse' || operation === 'converse-stream';
