/**
 * Errors in OpenAI's shape: `{"error":{"message","type","code","param"}}`.
 *
 * Source: https://platform.openai.com/docs/guides/error-codes names the types; the SDKs raise by
 *         status, and show message and code.
 */
import type { StreamError } from '../../../ports/stream.ts';
import { cutFields, type ErrorAnswer, type WireError } from '../error-response.ts';
import { serverSentEvent } from './server-sent-events.ts';

const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  // Bedrock's, for a time-out and for a fault of the model's.
  408: 'server_error',
  424: 'server_error',
  429: 'rate_limit_error',
};

/** The type that OpenAI gives an error of this status. */
export const openAiErrorType = (status: number): string =>
  TYPE_BY_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');

/** The body of an error; `fields` stand beside the message, for programs. */
export const openAiErrorBody = (
  error: { readonly message: string; readonly type: string; readonly code: string | null },
  fields: Readonly<Record<string, string>> = {},
): string => {
  const { message, type, code } = error;
  return JSON.stringify({ error: { message, type, code, param: null, ...fields } });
};

const OVER_CAP = 'budget_exceeded';
const CODE = /^[a-z_]{1,40}(?=:)/;

/** Every message of hardcap's begins with its code. */
const codeOf = (message: string): string | null => CODE.exec(message)?.[0] ?? null;

/** An error before the first byte. */
export function openAiErrorAnswer(error: WireError): ErrorAnswer {
  const { status, message, fields } = error;
  const code = codeOf(message);
  const type = code === OVER_CAP ? OVER_CAP : openAiErrorType(status);
  return {
    status,
    headers: { ...error.headers, 'content-type': 'application/json' },
    body: openAiErrorBody({ message, type, code }, fields),
  };
}

/** By the name of the exception in a stream of Bedrock's. */
const TYPE_BY_EXCEPTION: Readonly<Record<string, string>> = {
  validationException: 'invalid_request_error',
  throttlingException: 'rate_limit_error',
};

/** The event that ends a stream with an exception of Bedrock's; the SDKs raise its message. */
export function openAiErrorEvent(exceptionType: string, message: string): Uint8Array {
  const type = TYPE_BY_EXCEPTION[exceptionType] ?? 'server_error';
  return serverSentEvent(openAiErrorBody({ message, type, code: exceptionType }));
}

/** An error of hardcap's within a running stream. */
export function openAiStreamError({ message, cap }: StreamError): Uint8Array {
  const code = codeOf(message);
  const type = code === OVER_CAP ? OVER_CAP : 'server_error';
  return serverSentEvent(openAiErrorBody({ message, type, code }, cutFields(cap)));
}
