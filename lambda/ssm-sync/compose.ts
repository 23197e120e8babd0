/**
 * The sync of parameters on its real ports, for the function and the local gateway.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../adapters/dynamodb/document-calls.ts';
import { createDynamoSyncedSettings } from '../adapters/settings/dynamo-synced-settings.ts';
import { createParameterSync, type SyncReport } from '../application/sync-parameters.ts';
import type { Clock } from '../ports/clock.ts';
import type { ParameterList } from '../ports/parameters.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** Nobody waits for it, and all caps are read. */
const DEFAULT_TIMEOUT_MS = 10_000;

export interface SsmSyncParts {
  readonly client: DynamoDBDocumentClient;
  readonly settingsTable: string;
  readonly parameters: ParameterList;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * Milliseconds that reading the items may take.
   *
   * @default 10000
   */
  readonly settingsTimeoutMs?: number;
}

/** One run each time it is called. */
export function composeSsmSync(parts: SsmSyncParts): () => Promise<SyncReport> {
  const { client, settingsTable, parameters, clock, telemetry } = parts;
  const timeoutMs = parts.settingsTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  const settings = createDynamoSyncedSettings({
    dynamo: documentCalls(client),
    tableName: settingsTable,
    timeoutMs,
  });
  return createParameterSync({ parameters, settings, clock, telemetry });
}
