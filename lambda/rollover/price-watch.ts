/**
 * The daily work on prices on its real ports: the refresh, and how old the prices are.
 *
 * Invariant: whatever fails here is logged and counted, and keeps nothing else from its work.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../adapters/dynamodb/document-calls.ts';
import { createDynamoOutbox } from '../adapters/ledger/dynamo-outbox.ts';
import { createDynamoPriceBook } from '../adapters/settings/dynamo-price-book.ts';
import { createEventsWithOutbox } from '../application/events-with-outbox.ts';
import { type RefreshReport, refreshPrices } from '../application/refresh-prices.ts';
import { METRIC } from '../contract.ts';
import { CATALOGUE_VERSION } from '../domain/catalogue/rows.ts';
import { catalogueAge } from '../domain/catalogue-age.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { PriceSource } from '../ports/price-source.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { RolloverEnvironment } from './environment.ts';

/** A listing is up to 300 KB, and nobody waits for it. */
const BOOK_TIMEOUT_MS = 10_000;

export interface PriceWatchParts {
  readonly client: DynamoDBDocumentClient;
  readonly environment: Pick<
    RolloverEnvironment,
    'settingsTable' | 'ledgerTable' | 'regions' | 'catalogueMaxAgeDays' | 'refreshesPrices'
  >;
  readonly sources: readonly PriceSource[];
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly events: Events;
}

/** One look at the prices each time it is called, until the time given; never rejects. */
export function composePriceWatch(parts: PriceWatchParts): (deadlineAtMs: number) => Promise<void> {
  const { client, environment, clock, telemetry, sources } = parts;
  const { settingsTable, ledgerTable, regions, catalogueMaxAgeDays, refreshesPrices } = environment;
  const table = {
    dynamo: documentCalls(client),
    tableName: settingsTable,
    timeoutMs: BOOK_TIMEOUT_MS,
  };
  const book = createDynamoPriceBook(table);
  const outbox = createDynamoOutbox({
    dynamo: documentCalls(client),
    tableName: ledgerTable,
    clock,
  });
  const events = createEventsWithOutbox(parts.events, outbox, telemetry);
  const ports = { sources, book, clock, telemetry, events };

  const tellAge = async () => {
    const { finishedAtMs } = await book.readState();
    const age = catalogueAge({
      version: CATALOGUE_VERSION,
      ...(finishedAtMs !== undefined && { refreshedAtMs: finishedAtMs }),
      nowMs: clock.nowMs(),
      maxAgeDays: catalogueMaxAgeDays,
    });
    telemetry.count(METRIC.catalogueAgeDays, age.ageDays);
  };

  return async (deadlineAtMs) => {
    await events.tellKept();
    try {
      if (refreshesPrices) {
        const report = await refreshPrices(ports, { regions, deadlineAtMs });
        if (report !== undefined) telemetry.info('prices were refreshed', summaryOf(report));
      }
      await tellAge();
    } catch (error) {
      telemetry.count(METRIC.priceRefreshFailures);
      telemetry.error('the prices could not be refreshed', { error: String(error) });
    }
  };
}

const summaryOf = (report: RefreshReport) => ({
  pass: report.pass,
  partsRead: report.partsRead,
  partsFailed: report.partsFailed,
  partsLeft: report.partsLeft,
  taken: report.verdicts.filter(({ taken }) => taken !== undefined).length,
  proposed: report.verdicts.filter(({ proposed }) => proposed !== undefined).length,
  unmapped: report.unmapped.length,
  isComplete: report.isComplete,
});
