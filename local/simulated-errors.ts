/**
 * Bedrock Runtime's errors as they are on the wire: status, `x-amzn-errortype` and a message.
 */

/** Statuses by error name, from the service's model. */
const STATUS: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  ConflictException: 400,
  InternalServerException: 500,
  ModelErrorException: 424,
  ModelNotReadyException: 429,
  ModelTimeoutException: 408,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 400,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  UnknownOperationException: 404,
  ValidationException: 400,
};

/** An answer that is an error; nothing of such a request is billed. */
export class BedrockError extends Error {
  readonly status: number;

  /** The status is the name's own; an unknown name is a 400. */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
    this.status = STATUS[name] ?? 400;
  }
}

/** The error that Bedrock answers a malformed request with. */
export const invalid = (message: string): BedrockError =>
  new BedrockError('ValidationException', message);

/** OpenAI's types by the name of Bedrock's error; every other one is the server's. */
const OPENAI_TYPES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'permission_error',
  ResourceNotFoundException: 'not_found_error',
  ServiceQuotaExceededException: 'insufficient_quota',
  ThrottlingException: 'rate_limit_error',
  ValidationException: 'invalid_request_error',
};

/** The body of an error in OpenAI's shape. */
export const openAiErrorOf = ({ name, message }: BedrockError): object => ({
  error: { message, type: OPENAI_TYPES[name] ?? 'server_error', param: null, code: null },
});
