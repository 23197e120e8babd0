/**
 * The rollover function's entry point: once a minute, by EventBridge Scheduler. Once a day one of
 * its runs looks at the price lists too.
 */
import type { Context } from 'aws-lambda';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLedgerClient } from '../adapters/dynamodb/document-client.ts';
import { createBusClient, createBusEvents } from '../adapters/events/bus-events.ts';
import { createEventsInTurn } from '../adapters/events/events-in-turn.ts';
import { createLogEvents } from '../adapters/events/log-events.ts';
import { createAwsPriceSources } from '../adapters/prices/aws-price-sources.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import type { RolloverReport } from '../application/rollover-work.ts';
import { METRIC, METRIC_SERVICE } from '../contract.ts';
import { composeRollover } from './compose.ts';
import { readRolloverEnvironment } from './environment.ts';
import { composePriceWatch } from './price-watch.ts';

const telemetry = createTelemetry(METRIC_SERVICE.rollover);
const client = createLedgerClient();
const environment = readRolloverEnvironment(process.env);
// The log and its metrics tell of what the bus has, and so of each event once.
const events = createEventsInTurn([
  createBusEvents({ client: createBusClient(), clock: systemClock }),
  createLogEvents(telemetry),
]);
const parts = { client, environment, clock: systemClock, telemetry, events };
const rollover = composeRollover(parts);
const { sources } = createAwsPriceSources({ region: environment.regions[0] ?? '' });
const watchPrices = composePriceWatch({ ...parts, sources });

/** Time that is left for the last write and the report. */
const MARGIN_MS = 5_000;

/** @throws Error where part of the work failed, so that the failure is seen and retried */
export async function handler(_event: unknown, context: Context): Promise<RolloverReport> {
  const deadlineAtMs = systemClock.nowMs() + context.getRemainingTimeInMillis() - MARGIN_MS;
  try {
    const report = await rollover(deadlineAtMs);
    telemetry.info('rollover', { ...report });
    // After all that money waits for, in what is left of the time.
    await watchPrices(deadlineAtMs);
    if (report.failed > 0) throw new Error(`${report.failed} parts of the run failed; see the log`);
    if (!report.capsRead) throw new Error('the caps could not be read, so no threshold was told');
    telemetry.count(METRIC.rolloverRuns);
    return report;
  } finally {
    telemetry.flush();
  }
}
