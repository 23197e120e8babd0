/**
 * The rollover run on its real ports, for the function, the local gateway and the command line.
 */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { documentCalls } from '../adapters/dynamodb/document-calls.ts';
import { createDynamoMaintenance } from '../adapters/ledger/dynamo-maintenance.ts';
import { createDynamoToldMarks } from '../adapters/ledger/dynamo-told-marks.ts';
import { createDynamoCapList } from '../adapters/settings/dynamo-cap-list.ts';
import { createDynamoKeyList } from '../adapters/settings/dynamo-key-list.ts';
import { createDynamoMalformedList } from '../adapters/settings/dynamo-malformed-list.ts';
import { JournalSums } from '../application/journal-sums.ts';
import { runRollover } from '../application/rollover.ts';
import type { RolloverReport } from '../application/rollover-work.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { RolloverEnvironment } from './environment.ts';

export interface RolloverParts {
  readonly client: DynamoDBDocumentClient;
  /** Without `counterDays` no closed counter is deleted. */
  readonly environment: Pick<
    RolloverEnvironment,
    'settingsTable' | 'ledgerTable' | 'journalDays'
  > & { readonly counterDays?: number };
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Absent: nothing is told, and no window is closed. */
  readonly events?: Events;
  /**
   * Milliseconds that reading the caps may take, and each page of the keys' ids.
   *
   * @default 2000
   */
  readonly settingsTimeoutMs?: number;
}

/** One run each time it is called, until the time given (epoch milliseconds). */
export function composeRollover(
  parts: RolloverParts,
): (deadlineAtMs: number) => Promise<RolloverReport> {
  const { client, environment, clock, telemetry, events, settingsTimeoutMs } = parts;
  const { ledgerTable, settingsTable, journalDays, counterDays } = environment;
  const settings = {
    dynamo: documentCalls(client),
    tableName: settingsTable,
    ...(settingsTimeoutMs === undefined ? {} : { timeoutMs: settingsTimeoutMs }),
  };
  const ports = {
    maintenance: createDynamoMaintenance({
      dynamo: documentCalls(client),
      tableName: ledgerTable,
      clock,
      journalDays,
    }),
    caps: createDynamoCapList(settings),
    keys: createDynamoKeyList(settings),
    malformed: {
      list: createDynamoMalformedList(settings),
      marks: createDynamoToldMarks({
        dynamo: documentCalls(client),
        tableName: ledgerTable,
        clock,
      }),
    },
    journal: new JournalSums(),
    clock,
    telemetry,
    ...(events === undefined ? {} : { events }),
  };
  return (deadlineAtMs) => runRollover(ports, deadlineAtMs, counterDays);
}
