/**
 * Which settings of the tables contradict each other.
 */
import type { Configuration } from './configuration.ts';

/** What is wrong with tables that are to be made and tables that are there; empty: nothing. */
export function tableProblems(configuration: Configuration): string[] {
  const { settingsTableName, ledgerTableName } = configuration;
  const { existingSettingsTable, existingLedgerTable } = configuration;
  const settings = existingSettingsTable || settingsTableName;
  const ledger = existingLedgerTable || ledgerTableName;
  return [
    ...(existingSettingsTable !== '' && settingsTableName !== ''
      ? ['"settingsTableName" names a table to make, "existingSettingsTable" one that is there']
      : []),
    ...(existingLedgerTable !== '' && ledgerTableName !== ''
      ? ['"ledgerTableName" names a table to make, "existingLedgerTable" one that is there']
      : []),
    ...(settings !== '' && settings === ledger
      ? [`settings and ledger are both to be in "${settings}"; they need a table each`]
      : []),
  ];
}
