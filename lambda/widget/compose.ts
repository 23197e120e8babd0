/**
 * The widget on its real ports: reads settings and ledger, and answers with markup.
 *
 * Invariant: whatever fails is words in the widget and a line in the log; it never throws, as
 *            CloudWatch would show its viewers a stack trace.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../adapters/ledger/counter-reading.ts';
import { widgetPage, widgetProblem } from '../adapters/page/widget-page.ts';
import { createDynamoCapItems } from '../adapters/settings/dynamo-cap-items.ts';
import { readBoard } from '../application/cap-board.ts';
import { HardcapError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { DESCRIPTION } from './description.ts';
import type { WidgetEnvironment } from './environment.ts';
import { asksForDescription, boardRequestOf, themeOf } from './event.ts';

export interface WidgetParts {
  readonly client: DynamoDBDocumentClient;
  readonly environment: WidgetEnvironment;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'error'>;
}

/** Markdown or markup for one event of CloudWatch's. */
export type Widget = (event: unknown, functionArn: string) => Promise<string>;

/** The widget; it never rejects. */
export function composeWidget(parts: WidgetParts): Widget {
  const { client, environment, clock, telemetry } = parts;
  const ports = {
    caps: createDynamoCapItems({
      dynamo: documentCalls(client),
      tableName: environment.settingsTable,
    }),
    counters: createCounterReading({
      dynamo: documentCalls(client),
      tableName: environment.ledgerTable,
      clock,
    }),
    clock,
  };
  return async (event, functionArn) => {
    if (asksForDescription(event)) return DESCRIPTION;
    const theme = themeOf(event);
    try {
      return widgetPage(await readBoard(ports, boardRequestOf(event)), theme, functionArn);
    } catch (error) {
      telemetry.error('the widget could not read the caps', { error: String(error) });
      return widgetProblem(theme, problemText(error));
    }
  };
}

/** Messages of hardcap's own are for people; those of others may name what is no one's business. */
const problemText = (error: unknown): string =>
  error instanceof HardcapError
    ? error.message
    : 'Something failed that should not: the log of the widget function has the error.';
