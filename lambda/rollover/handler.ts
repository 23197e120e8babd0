/**
 * The rollover function's entry point: once a minute, by EventBridge Scheduler.
 */
import type { Context } from 'aws-lambda';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLedgerClient } from '../adapters/ledger/dynamo-client.ts';
import { createDynamoMaintenance } from '../adapters/ledger/dynamo-maintenance.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import { type RolloverReport, runRollover } from '../application/rollover.ts';
import { ENV, METRIC_SERVICE } from '../contract.ts';

const tableName = process.env[ENV.ledgerTable];
if (tableName === undefined) throw new Error(`${ENV.ledgerTable} is not set`);

const telemetry = createTelemetry(METRIC_SERVICE.rollover);
const maintenance = createDynamoMaintenance({
  client: createLedgerClient(),
  tableName,
  clock: systemClock,
});

/** Time that is left for the last write and the report. */
const MARGIN_MS = 5_000;

/** @throws Error where a counter could not be worked on, so that the failure is seen and retried */
export async function handler(_event: unknown, context: Context): Promise<RolloverReport> {
  const deadlineAtMs = systemClock.nowMs() + context.getRemainingTimeInMillis() - MARGIN_MS;
  try {
    const report = await runRollover({ maintenance, clock: systemClock, telemetry }, deadlineAtMs);
    telemetry.info('rollover', { ...report });
    if (report.failed > 0) throw new Error(`${report.failed} counters could not be worked on`);
    return report;
  } finally {
    telemetry.flush();
  }
}
