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
