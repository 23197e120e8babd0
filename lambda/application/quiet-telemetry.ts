/**
 * A Telemetry that never throws: a metric that cannot be written must cost nobody money.
 *
 * Between the reserve and the settle a fault of the telemetry's would leave a reservation open.
 */
import type { Telemetry } from '../ports/telemetry.ts';

/** The same telemetry, its faults swallowed. */
export function quietTelemetry(telemetry: Telemetry): Telemetry {
  return {
    info: (message, fields) => attempt(() => telemetry.info(message, fields)),
    warn: (message, fields) => attempt(() => telemetry.warn(message, fields)),
    error: (message, fields) => attempt(() => telemetry.error(message, fields)),
    count: (metric, value) => attempt(() => telemetry.count(metric, value)),
    describe: (properties) => attempt(() => telemetry.describe(properties)),
    flush: () => attempt(() => telemetry.flush()),
  };
}

function attempt(tell: () => void): void {
  try {
    tell();
  } catch {
    // There is nowhere left to tell it.
  }
}
