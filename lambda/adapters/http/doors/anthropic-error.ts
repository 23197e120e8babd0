/**
 * Errors in Anthropic's shape: `{"type":"error","error":{"type","message"}}`.
 *
 * Source: https://docs.claude.com/en/api/errors names the types and their statuses.
 */
import type { StreamError } from '../../../ports/stream.ts';
import { cutFields, type ErrorAnswer, type WireError } from '../error-response.ts';
import { serverSentEvent } from './server-sent-events.ts';

const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  // Bedrock's, for a fault of the model's.
  424: 'api_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

/** The type that Anthropic gives an error of this status. */
export const anthropicErrorType = (status: number): string =>
  TYPE_BY_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');

/** The body of an error; `fields` stand beside the message, for programs. */
export const anthropicErrorBody = (
  type: string,
  message: string,
  fields: Readonly<Record<string, string>> = {},
): string => JSON.stringify({ type: 'error', error: { type, message, ...fields } });

/** An error before the first byte. */
export const anthropicErrorAnswer = (error: WireError): ErrorAnswer => ({
  status: error.status,
  headers: { ...error.headers, 'content-type': 'application/json' },
  body: anthropicErrorBody(anthropicErrorType(error.status), error.message, error.fields),
});

/** By the name of the exception in a stream of Bedrock's. */
const TYPE_BY_EXCEPTION: Readonly<Record<string, string>> = {
  validationException: 'invalid_request_error',
  throttlingException: 'rate_limit_error',
  serviceUnavailableException: 'overloaded_error',
  modelTimeoutException: 'timeout_error',
};

/** The event that ends a stream with an error; the SDKs raise its message. */
export function anthropicErrorEvent(
  exceptionType: string,
  message: string,
  fields: Readonly<Record<string, string>> = {},
): Uint8Array {
  const type = TYPE_BY_EXCEPTION[exceptionType] ?? 'api_error';
  return serverSentEvent(anthropicErrorBody(type, message, fields), 'error');
}

/** An error of hardcap's within a running stream. */
export const anthropicStreamError = ({ type, message, cap }: StreamError): Uint8Array =>
  anthropicErrorEvent(type, message, cutFields(cap));
