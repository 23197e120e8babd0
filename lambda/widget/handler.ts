/**
 * The widget function's entry point: CloudWatch calls it for the board of caps on the dashboard.
 */
import type { Context } from 'aws-lambda';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLedgerClient } from '../adapters/dynamodb/document-client.ts';
import { createTelemetry } from '../adapters/telemetry/powertools-telemetry.ts';
import { composeWidget } from './compose.ts';
import { readWidgetEnvironment } from './environment.ts';

/** Of its log lines; it emits no metric. */
const SERVICE = 'widget';

const widget = composeWidget({
  client: createLedgerClient(),
  environment: readWidgetEnvironment(process.env),
  clock: systemClock,
  telemetry: createTelemetry(SERVICE),
});

/** Markup of the board for CloudWatch to show; never rejects. */
export const handler = (event: unknown, context: Context): Promise<string> =>
  widget(event, context.invokedFunctionArn);
