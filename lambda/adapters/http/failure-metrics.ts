/**
 * What is counted and said of a request that failed before a cap had refused it.
 *
 * Invariant: of what a client wrote, only a name of a model or of a field is told, where it looks
 *            like one; never its text.
 */
import { METRIC } from '../../contract.ts';
import { type ErrorCode, HardcapError } from '../../domain/errors.ts';
import type { Telemetry } from '../../ports/telemetry.ts';

const METRIC_OF: Readonly<Record<ErrorCode, string>> = {
  invalid_request: METRIC.refusedInvalid,
  body_too_large: METRIC.refusedInvalid,
  unknown_route: METRIC.refusedInvalid,
  operation_not_served: METRIC.refusedInvalid,
  unknown_key: METRIC.authenticationFailures,
  // Who goes round the edge tries the back door.
  edge_required: METRIC.authenticationFailures,
  model_not_priced: METRIC.refusedUnpriced,
  unpriced_field: METRIC.refusedUnpriced,
  model_unresolved: METRIC.refusedUnavailable,
  settings_unavailable: METRIC.refusedUnavailable,
  ledger_unavailable: METRIC.refusedUnavailable,
  model_not_allowed: METRIC.refusedNotAllowed,
  region_not_allowed: METRIC.refusedNotAllowed,
  no_cap_applies: METRIC.refusedNoCap,
  request_too_dear: METRIC.refusedTooDear,
  settings_malformed: METRIC.malformedSettings,
  upstream_failed: METRIC.upstreamFailures,
  upstream_timeout: METRIC.upstreamFailures,
  invariant_broken: METRIC.invariantBroken,
};

/** What is no error of ours is a fault of ours, and has no metric of its own. */
const FAULT = 'fault';

/** Counts it under its code, and says what it was about. */
export function countFailure(telemetry: Telemetry, error: unknown): void {
  telemetry.count(METRIC.errors);
  if (!(error instanceof HardcapError)) {
    telemetry.describe({ reason: FAULT });
    return;
  }
  const { code, details } = error;
  telemetry.count(METRIC_OF[code]);
  telemetry.describe({
    reason: code,
    model: nameOf(details.model, MAX_MODEL_CHARACTERS),
    field: nameOf(details.field, MAX_FIELD_CHARACTERS),
  });
}

const NAME = /^[A-Za-z0-9_.:/@[\]-]+$/;
const MAX_MODEL_CHARACTERS = 128;
const MAX_FIELD_CHARACTERS = 64;
/** A key in the wrong place is no name. */
const HOLDS_KEY = /hc_/;

function nameOf(text: string | undefined, maxCharacters: number): string | undefined {
  if (text === undefined || text.length > maxCharacters) return undefined;
  return NAME.test(text) && !HOLDS_KEY.test(text) ? text : undefined;
}
