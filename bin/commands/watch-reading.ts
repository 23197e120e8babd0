/**
 * What one refresh of `status --watch` reads, and how much that is.
 *
 * Invariant: only what is read is bounded here; the pace between two readings bounds the rest.
 */

import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createCounterReading } from '../../lambda/adapters/ledger/counter-reading.ts';
import { createRecentJournal } from '../../lambda/adapters/ledger/recent-journal.ts';
import { createDynamoCapItems } from '../../lambda/adapters/settings/dynamo-cap-items.ts';
import { createDynamoKeyList } from '../../lambda/adapters/settings/dynamo-key-list.ts';
import { type Board, readBoard } from '../../lambda/application/cap-board.ts';
import {
  MAX_JOURNAL_KEYS,
  type RecentRequests,
  readRecentRequests,
} from '../../lambda/application/recent-requests.ts';
import type { KeyIds } from '../../lambda/ports/key-list.ts';
import type { Connection } from './connection.ts';

/** The caps and the end of the journal at one instant. */
export interface WatchReading {
  readonly board: Board;
  readonly requests: RecentRequests;
  /** How many queries and gets of DynamoDB it took, near enough to set a pace by. */
  readonly reads: number;
}

/** Shorter than of other commands: the next reading tries again anyway. */
const SETTINGS_TIMEOUT_MS = 5_000;
/** Each key has a partition for today and one for yesterday, as the expired charges have. */
const PARTITIONS_OF_A_KEY = 2;
/** Small items are read some ten at a time. */
const CAPS_OF_A_READ = 10;

/** Reads once. @throws HardcapError settings_unavailable, ledger_unavailable, invariant_broken */
export async function readOnce(connection: Connection): Promise<WatchReading> {
  const { client, settingsTable, ledgerTable } = connection;
  const settings = {
    dynamo: documentCalls(client),
    tableName: settingsTable,
    timeoutMs: SETTINGS_TIMEOUT_MS,
  };
  const ledger = { dynamo: documentCalls(client), tableName: ledgerTable, clock: systemClock };
  const keys = createDynamoKeyList(settings);
  let known: KeyIds = { keyIds: [], isWhole: true };
  const countedKeys = {
    readIds: async () => {
      known = await keys.readIds();
      return known;
    },
  };
  const boardPorts = {
    caps: createDynamoCapItems(settings),
    counters: createCounterReading(ledger),
    clock: systemClock,
  };
  const journalPorts = { keys: countedKeys, journal: createRecentJournal(ledger) };
  const [board, requests] = await Promise.all([
    readBoard(boardPorts, { filter: '', page: 1, withHistories: false }),
    readRecentRequests(journalPorts, '', systemClock.nowMs()),
  ]);
  return { board, requests, reads: readsOf(board, known.keyIds.length) };
}

function readsOf({ capCount, levels }: Board, keyCount: number): number {
  const counters = Object.values(levels).reduce((sum, count) => sum + count, 0);
  const journals = PARTITIONS_OF_A_KEY * (Math.min(keyCount, MAX_JOURNAL_KEYS) + 1);
  return counters + journals + Math.ceil(capCount / CAPS_OF_A_READ);
}

/** What an account should be charged for being looked at, at most. */
const MAX_READS_A_SECOND = 100;

/** Milliseconds until the next reading: as asked, or longer after one that read much. */
export const paceMs = (everyMs: number, reads: number): number =>
  Math.max(everyMs, Math.ceil((reads * 1_000) / MAX_READS_A_SECOND));
