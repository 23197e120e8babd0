/**
 * What an answer of Bedrock's says about money: whether it is certain that nothing is billed.
 *
 * Only an error from a closed list, given before any output, releases. Everything else that has
 * no usage is charged in full.
 */
import { openAiErrorOf } from '../domain/openai-error.ts';
import type { JsonObject } from '../domain/request-body.ts';

/** Error types after which Bedrock does not bill: the model was never run. */
const NOT_BILLED = new Set([
  'AccessDeniedException',
  'ResourceNotFoundException',
  'ThrottlingException',
  'ServiceQuotaExceededException',
  'ModelNotReadyException',
  'ServiceUnavailableException',
  // The request was not let in at all: the gateway's own credentials or signature.
  'UnrecognizedClientException',
  'ExpiredTokenException',
  'InvalidSignatureException',
]);

/** What blocks an answer blocks it with an error of this type, after it was made and billed. */
const GUARDRAIL = /guardrail|blocked|content filter/i;

/**
 * Whether an error answer with this type and message is certainly not billed.
 *
 * A validation error without a message may be a guardrail's.
 */
export function isCertainlyNotBilled(errorType: string, message: string): boolean {
  if (errorType === 'ValidationException') return message !== '' && !GUARDRAIL.test(message);
  return NOT_BILLED.has(errorType);
}

/**
 * The error type of an answer: `x-amzn-errortype: Name:uri`, else `__type` of the body, else what
 * an error in OpenAI's shape means.
 */
export function errorTypeOf(
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): { type: string; message: string } {
  const parsed = parseError(body);
  const named = headers['x-amzn-errortype'] ?? parsed.type;
  const type = capitalised(bareName(named));
  // It is written down beside the request: whatever else stood there is no name.
  return { type: TYPE_NAME.test(type) ? type : '', message: parsed.message };
}

const TYPE_NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/** `com.amazon#Name:http://…` is `Name`. */
const bareName = (named: string): string => (named.split(':')[0] ?? '').split('#').pop() ?? '';

/** Exception frames are named as members (`throttlingException`), answers as shapes. */
export const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

function parseError(body: Uint8Array): { type: string; message: string } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return { type: '', message: '' };
    const error = openAiErrorOf(parsed as JsonObject);
    if (error !== undefined) return error;
    const { __type, message, Message } = parsed as Record<string, unknown>;
    return {
      type: typeof __type === 'string' ? __type : '',
      message: typeof message === 'string' ? message : typeof Message === 'string' ? Message : '',
    };
  } catch {
    return { type: '', message: '' };
  }
}
