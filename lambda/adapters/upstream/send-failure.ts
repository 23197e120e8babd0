/**
 * Whether a failed send can have reached Bedrock: only what is certain counts as not sent.
 */

/** System calls before which no byte of a request leaves. */
const BEFORE_CONNECTION = new Set(['connect', 'getaddrinfo']);

/** Codes of a TLS handshake that refused the other side. */
const TLS_REFUSED = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/** Node says so where the connection closed during the handshake. */
const BEFORE_TLS = /before secure TLS connection was established/;

/** The handler's own time-out of a connection that was never made. */
const NEVER_CONNECTED = /did not establish a connection|connection timed out/i;

interface SystemError {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
}

/** True where no byte of the request can have been read by Bedrock. */
export function isCertainlyNotSent(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall, message, errors } = error as SystemError;
  // Several addresses were tried: not sent only if not one of them was reached.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isCertainlyNotSent);
  if (typeof syscall === 'string' && BEFORE_CONNECTION.has(syscall)) return true;
  if (typeof code === 'string' && TLS_REFUSED.test(code)) return true;
  if (typeof message !== 'string') return false;
  return BEFORE_TLS.test(message) || NEVER_CONNECTED.test(message);
}
