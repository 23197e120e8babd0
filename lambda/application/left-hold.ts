/**
 * What is said of a hold that could not be ended: it stays until it expires, charged in full.
 */
import { METRIC } from '../contract.ts';
import { formatUsd, type NanoUsd } from '../domain/money.ts';
import type { CounterHold } from '../domain/reservation.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** Counts it, and writes one line that is enough to end the hold by hand, at `costNanoUsd`. */
export function reportLeftHold(
  telemetry: Telemetry,
  hold: CounterHold,
  costNanoUsd: NanoUsd,
  requestId?: string,
): void {
  telemetry.count(METRIC.settleFailures);
  telemetry.error('settle failed: the reservation will expire, charged in full', {
    requestId,
    counter: hold.counter.pk,
    window: hold.counter.sk,
    reservationId: hold.reservationId,
    reservedUsd: formatUsd(hold.reservedNanoUsd),
    // An extension without an answer: the counter tells which of the two stands.
    ...(hold.extendingToNanoUsd !== undefined && {
      orReservedUsd: formatUsd(hold.extendingToNanoUsd),
    }),
    costUsd: formatUsd(costNanoUsd),
  });
}
