/**
 * The SSM sync's settings, read from the environment and validated before it runs.
 */
import { ENV } from '../contract.ts';

export interface SsmSyncEnvironment {
  readonly settingsTable: string;
  /** Caps stand under `<prefix>/caps`. */
  readonly ssmPrefix: string;
}

const PREFIX = /^(?:\/[A-Za-z0-9_.-]+)+$/;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error that names the variable, its value and what it may be */
export function readSsmSyncEnvironment(env: Environment): SsmSyncEnvironment {
  const settingsTable = env[ENV.settingsTable]?.trim() ?? '';
  if (settingsTable === '') throw new Error(`${ENV.settingsTable} is not set`);
  const ssmPrefix = env[ENV.ssmPrefix]?.trim() ?? '';
  if (PREFIX.test(ssmPrefix)) return { settingsTable, ssmPrefix };
  throw new Error(
    `${ENV.ssmPrefix}: "${ssmPrefix}" is no prefix of parameters; give it as /hardcap, without a ` +
      'slash at its end',
  );
}
