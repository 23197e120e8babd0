/**
 * The functions' environment: a deployment's settings under the names that the functions read.
 */
import { ENV } from '../lambda/contract.ts';
import type { Configuration } from './configuration.ts';
import type { TableReference } from './settings-table.ts';

/** Both functions' environment variables; lists are comma-separated. */
export const environmentOf = (
  configuration: Configuration,
  settingsTable: TableReference,
  ledgerTable: TableReference,
): Record<string, string> => ({
  [ENV.settingsTable]: settingsTable.tableName,
  [ENV.ledgerTable]: ledgerTable.tableName,
  [ENV.regions]: configuration.regions.join(','),
  [ENV.overCapStatus]: String(configuration.overCapStatus),
  [ENV.settingsMaxAgeMs]: String(configuration.settingsMaxAgeMs),
  [ENV.reservationMarginMs]: String(configuration.reservationMarginMs),
  [ENV.uncovered]: configuration.uncovered,
  [ENV.allowFields]: configuration.allowFields.join(','),
  [ENV.maxInFlight]: String(configuration.maxInFlight),
  [ENV.maxTagCounters]: String(configuration.maxTagCounters),
  [ENV.upstreamMetadata]: configuration.upstreamMetadata,
  [ENV.whenClientLeaves]: configuration.whenClientLeaves,
  [ENV.journalDays]: String(configuration.journalDays),
  [ENV.counterDays]: String(configuration.counterDays),
  [ENV.catalogueMaxAgeDays]: String(configuration.catalogueMaxAgeDays),
  [ENV.priceRefresh]: configuration.priceRefresh,
  [ENV.ssmPrefix]: configuration.ssmPrefix,
});
