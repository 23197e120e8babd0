/**
 * The widget function's settings, read from the environment and validated before it answers.
 */
import { readEnvironment } from '../gateway/environment.ts';

export interface WidgetEnvironment {
  readonly settingsTable: string;
  readonly ledgerTable: string;
}

/** @throws Error that names the variable, its value and what it may be */
export function readWidgetEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): WidgetEnvironment {
  const { settingsTable, ledgerTable } = readEnvironment(env);
  return { settingsTable, ledgerTable };
}
