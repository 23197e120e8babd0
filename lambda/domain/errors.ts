/**
 * The one error class and its closed set of codes: what a request can be refused for.
 *
 * Not here: HTTP status and wire names (adapters/http/error-response.ts).
 */

/** Stable on the wire; `docs/errors.md` gives cause and fix of each. */
export type ErrorCode =
  | 'invalid_request'
  | 'body_too_large'
  | 'unknown_route'
  | 'edge_required'
  | 'operation_not_served'
  | 'unknown_key'
  | 'model_not_priced'
  | 'model_unresolved'
  | 'model_not_allowed'
  | 'region_not_allowed'
  | 'no_cap_applies'
  | 'unpriced_field'
  | 'request_too_dear'
  | 'settings_malformed'
  | 'settings_unavailable'
  | 'ledger_unavailable'
  | 'upstream_failed'
  | 'upstream_timeout'
  | 'invariant_broken';

/** A failure that the request cannot go on from; the message is safe to show to the caller. */
export class HardcapError extends Error {
  readonly code: ErrorCode;
  /** Which field, item or name it is about; safe to show. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HardcapError';
    this.code = code;
    this.details = options.details ?? {};
  }
}
