/**
 * An error in OpenAI's shape, `{"error": {"message", "type", "code"}}`, in Bedrock's words.
 *
 * Source: https://platform.openai.com/docs/guides/error-codes names types and codes.
 */
import { isJsonObject, type JsonObject } from './request-body.ts';

/** The shape that Bedrock's own operations answer for the same; others have no such name. */
const SHAPE_BY_TYPE: Readonly<Record<string, string>> = {
  authentication_error: 'UnrecognizedClientException',
  insufficient_quota: 'ServiceQuotaExceededException',
  invalid_api_key: 'UnrecognizedClientException',
  invalid_request_error: 'ValidationException',
  model_not_found: 'ResourceNotFoundException',
  not_found_error: 'ResourceNotFoundException',
  permission_denied: 'AccessDeniedException',
  permission_error: 'AccessDeniedException',
  rate_limit_error: 'ThrottlingException',
  rate_limit_exceeded: 'ThrottlingException',
};

export interface OpenAiError {
  /** Bedrock's name where there is one, else OpenAI's type or code; may be empty. */
  readonly type: string;
  readonly message: string;
}

/** The error that an answer or an event holds; undefined where it holds none. Never throws. */
export function openAiErrorOf({ error }: JsonObject): OpenAiError | undefined {
  if (typeof error === 'string') return { type: '', message: error };
  if (!isJsonObject(error)) return undefined;
  const names = [error.type, error.code].filter((name) => typeof name === 'string');
  const shape = names.map(shapeOf).find((name) => name !== undefined);
  const message = typeof error.message === 'string' ? error.message : '';
  return { type: shape ?? names[0] ?? '', message };
}

const shapeOf = (name: string): string | undefined =>
  Object.hasOwn(SHAPE_BY_TYPE, name) ? SHAPE_BY_TYPE[name] : undefined;
