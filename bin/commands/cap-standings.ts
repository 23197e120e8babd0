/**
 * The counters of caps in their running windows, as commands read them.
 */

import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../../lambda/adapters/ledger/counter-reading.ts';
import type { CounterStanding } from '../../lambda/application/counter-standing.ts';
import { readStandings } from '../../lambda/application/read-standings.ts';
import type { Cap } from '../../lambda/domain/cap.ts';
import { withProgress } from './progress.ts';
import type { Session } from './session.ts';

/** Those of these caps. @throws HardcapError ledger_unavailable */
export async function standingsOf(
  { connection, nowMs }: Session,
  caps: readonly Cap[],
): Promise<readonly CounterStanding[]> {
  const { client, ledgerTable: tableName } = connection;
  const reading = createCounterReading({
    dynamo: documentCalls(client),
    tableName,
    clock: systemClock,
  });
  const { standings } = await withProgress('reading counters', () =>
    readStandings(reading, caps, nowMs),
  );
  return standings;
}
