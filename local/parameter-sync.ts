/**
 * The SSM sync's work in local mode: once before requests are served, then every second.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../lambda/adapters/clock/system-clock.ts';
import { createTelemetry } from '../lambda/adapters/telemetry/powertools-telemetry.ts';
import { METRIC_SERVICE } from '../lambda/contract.ts';
import { composeSsmSync } from '../lambda/ssm-sync/compose.ts';
import { createParameterFolder } from './parameter-folder.ts';

const INTERVAL_MS = 1_000;

export interface ParameterSyncOptions {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
  /** The folder of files that stand for parameters. */
  readonly folder: string;
  readonly settingsTimeoutMs: number;
}

/**
 * Resolves when the first run is done, and goes on by a timer until it is closed.
 *
 * @throws Error naming the option where there is no such folder
 */
export async function startParameterSync(
  options: ParameterSyncOptions,
): Promise<{ close(): Promise<void> }> {
  const { folder, ...parts } = options;
  await assertFolder(folder);
  const telemetry = createTelemetry(METRIC_SERVICE.ssmSync);
  const parameters = createParameterFolder(path.resolve(folder));
  const sync = composeSsmSync({ ...parts, parameters, clock: systemClock, telemetry });
  await sync();
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await systemClock.sleep(INTERVAL_MS, stopping.signal);
        await sync();
      } catch {
        // The sync has told of it; the next second's run begins anew.
      }
      telemetry.flush();
    }
  })();
  return {
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function assertFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return;
  throw new Error(
    `--ssm-dir: there is no folder ${path.resolve(folder)}; make it, with a file for each cap, ` +
      'such as staging with 5 in it',
  );
}
