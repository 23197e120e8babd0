/**
 * The operations of Bedrock Runtime that the gateway serves.
 */
export type Operation =
  | 'invoke'
  | 'invoke-with-response-stream'
  | 'converse'
  | 'converse-stream'
  | 'count-tokens'
  | 'chat-completions'
  | 'chat-completions-stream';

/** Those that stand behind a model's own path. */
export const OPERATIONS: readonly Operation[] = [
  'invoke',
  'invoke-with-response-stream',
  'converse',
  'converse-stream',
  'count-tokens',
];

export const isStreaming = (operation: Operation): boolean =>
  operation === 'invoke-with-response-stream' ||
  operation === 'converse-stream' ||
  operation === 'chat-completions-stream';

export const isConverse = (operation: Operation): boolean =>
  operation === 'converse' || operation === 'converse-stream';

/** Whether it is OpenAI's chat completions, as Bedrock itself serves them. */
export const isChat = (operation: Operation): boolean =>
  operation === 'chat-completions' || operation === 'chat-completions-stream';
