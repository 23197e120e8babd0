/**
 * The SSM sync's entry point: by EventBridge, when a parameter changes, and every minute.
 *
 * Both do the same whole run: an event may be lost or late, and which one it was is not looked at.
 */
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLedgerClient } from '../adapters/dynamodb/document-client.ts';
import { createSsmClient, createSsmParameters } from '../adapters/parameters/ssm-parameters.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import type { SyncReport } from '../application/sync-parameters.ts';
import { METRIC_SERVICE } from '../contract.ts';
import { composeSsmSync } from './compose.ts';
import { readSsmSyncEnvironment } from './environment.ts';

const telemetry = createTelemetry(METRIC_SERVICE.ssmSync);
const { settingsTable, ssmPrefix } = readSsmSyncEnvironment(process.env);
const sync = composeSsmSync({
  client: createLedgerClient(),
  settingsTable,
  parameters: createSsmParameters({ client: createSsmClient(), prefix: ssmPrefix }),
  clock: systemClock,
  telemetry,
});

/** @throws Error where part of the work failed, so that the failure is seen and retried */
export async function handler(): Promise<SyncReport> {
  try {
    const report = await sync();
    telemetry.info('ssm sync', { ...report });
    if (report.failed > 0) throw new Error(`${report.failed} items failed; see the log`);
    return report;
  } finally {
    telemetry.flush();
  }
}
