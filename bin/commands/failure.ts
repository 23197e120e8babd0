/**
 * What the command line says when it cannot go on: what was wrong, and what to do.
 */
import { editDistance } from '../../lambda/adapters/settings/near-name.ts';
import { HardcapError } from '../../lambda/domain/errors.ts';

/** A failure with a message for people; `exitCode` 1 is a failure, 2 is a wrong use. */
export class CliFailure extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliFailure';
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The command was written wrongly; nothing was changed. */
export const wrongUse = (message: string): CliFailure => new CliFailure(message, { exitCode: 2 });

const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EHOSTUNREACH']);

/** Advice by the name of the AWS SDK's error, or by the code of the system's. */
function adviceFor(cause: Error & { readonly code?: unknown }): string | undefined {
  switch (cause.name) {
    case 'ResourceNotFoundException':
      return 'the table does not exist there; check --stack, --region or the table names';
    case 'AccessDeniedException':
    case 'AccessDenied':
      return 'these AWS credentials may not do this; use a profile that may (--profile)';
    case 'CredentialsProviderError':
    case 'ExpiredTokenException':
    case 'UnrecognizedClientException':
      return 'no valid AWS credentials; sign in (aws sso login) or choose some with --profile';
    case 'TimeoutError':
    case 'AbortError':
      return 'no answer in time; check the network, --endpoint and --region';
  }
  if (typeof cause.code === 'string' && CONNECTION_CODES.has(cause.code)) {
    return 'nothing answers there; start the local gateway (npm start) or name a stack (--stack)';
  }
  if (/region is missing/i.test(cause.message)) {
    return 'no AWS region is set; pass --region or set AWS_REGION';
  }
  return undefined;
}

/** The message for people of anything that was thrown. */
export function explain(error: unknown): string {
  if (error instanceof CliFailure) return error.message;
  const cause = error instanceof HardcapError ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  // Connections to several addresses fail with one error for each, and no message of its own.
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  const real = first instanceof Error ? first : cause;
  const advice = adviceFor(real);
  return advice === undefined ? real.message : `${real.message || real.name}: ${advice}`;
}

/** The exit code of anything that was thrown. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof CliFailure ? error.exitCode : 1;

const MAX_DISTANCE = 3;

/** The id that was probably meant; undefined where none is near. */
export function nearest(id: string, known: readonly string[]): string | undefined {
  const bound = Math.min(MAX_DISTANCE, Math.ceil(id.length / 2));
  const ranked = known
    .map((candidate) => ({ candidate, far: editDistance(id, candidate) }))
    .filter(({ candidate, far }) => far <= bound || candidate.startsWith(id))
    .sort((a, b) => a.far - b.far);
  return ranked[0]?.candidate;
}

/** Somebody else's change came between what was read and what was to be written. */
export const changedMeanwhile = (kind: string, id: string): CliFailure =>
  new CliFailure(`the ${kind} "${id}" was changed by someone else meanwhile; try again`);

/** `no key "alcie"; did you mean "alice"? (hardcap key list shows all)` */
export function noSuch(
  kind: 'cap' | 'key' | 'alias',
  id: string,
  known: readonly string[],
): CliFailure {
  const near = nearest(id, known);
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
  return new CliFailure(`there is no ${kind} "${id}".${hint} "hardcap ${kind} list" shows all.`);
}
