/**
 * The ledger as the rollover function works on it: open counters by the sparse index.
 *
 * Invariant: what an ended reservation leaves behind is removed in the end, so that a counter
 *            which lives for years does not fill up with the traces of crashes.
 */

import { HardcapError } from '../../domain/errors.ts';
import type { CounterKey } from '../../domain/reservation.ts';
import type { ClosedCounter, LedgerMaintenance } from '../../ports/ledger.ts';
import { isConditionFailure } from '../dynamodb/dynamo-calls.ts';
import { closedBefore } from './closed-counters.ts';
import { expiredOf, type StandingAmount } from './counter-item.ts';
import { type CounterWrite, expireWrite, removeTombstoneWrite } from './counter-writes.ts';
import { journalPage } from './journal-pages.ts';
import {
  closedEntryKey,
  closedEntryWrite,
  closeWrite,
  correctedWrite,
  expiredEntryWrite,
  type KeyedWrite,
  markWrite,
  peakWrite,
  settledLateEntryWrite,
  summaryWrite,
  tellingWrite,
  toldWrite,
} from './maintenance-writes.ts';
import { openCounters, readCounter } from './open-counters.ts';
import { marksOf } from './telling-mark.ts';
import { attemptWrite, type CounterTable, type WriteResult } from './write-attempts.ts';

export interface MaintenanceOptions extends CounterTable {
  /** Days that the journal entry of an expired charge is kept. @default 90 */
  readonly journalDays?: number;
}

/** The rollover function's side of the ledger table. */
export function createDynamoMaintenance(options: MaintenanceOptions): LedgerMaintenance {
  const write = (key: CounterKey, what: string, write: CounterWrite) =>
    attemptSurely(options, what, { key, write });
  return {
    openCounters: () => openCounters(options),
    expire: async (counter, id, amountNanoUsd) => {
      const result = await write(counter, 'expired', expireWrite(id, amountNanoUsd));
      if (result.kind === 'written') return true;
      // Refused after an attempt without an answer: that attempt may be what expired it.
      const isOwn = (found: StandingAmount) =>
        found.id === id && found.amountNanoUsd === amountNanoUsd;
      return result.ambiguous && expiredOf(result.item ?? {}).some(isOwn);
    },
    journalExpired: async (counter, id, amountNanoUsd) => {
      const noted = await write(counter, 'noted for the journal', tellingWrite(id));
      if (noted.kind === 'refused') return;
      const entry = expiredEntryWrite(counter, id, amountNanoUsd, options.journalDays);
      await write(entry.key, 'told to the journal', entry.write);
      await write(counter, 'noted as told to the journal', toldWrite(id));
    },
    journalSettledLate: async (counter, id) => {
      const entry = settledLateEntryWrite(counter, id, options.journalDays);
      await write(entry.key, 'corrected in the journal', entry.write);
      await write(counter, 'noted as corrected in the journal', correctedWrite(id));
    },
    journalPage: (stretch, next) => journalPage(options, stretch, next),
    read: (counter) => readCounter(options, counter),
    notePeak: async (open) => {
      await attemptWrite(options, open.counter, peakWrite(open));
    },
    removeTombstone: async (counter, id) => {
      await attemptWrite(options, counter, removeTombstoneWrite(id));
    },
    mark: async (counter, name, seen, next) => {
      const result = await write(counter, 'marked', markWrite(name, seen, next));
      if (result.kind === 'written') return true;
      // It names the run, so one that stands there is this call's own earlier attempt.
      const standing = marksOf(result.item ?? {}).get(name);
      return standing?.by === next.by && standing.state === next.state;
    },
    summarise: async (open, summary) => {
      const { key, write: set } = summaryWrite(open, summary);
      await write(key, 'summarised', set);
    },
    close: async (open, closed) => {
      const entry = closedEntryWrite({ counter: open.counter, ...closed });
      await write(entry.key, 'listed as closed', entry.write);
      const result = await write(open.counter, 'closed', closeWrite(open));
      return result.kind === 'written' || result.item?.openKey === undefined;
    },
    closedBefore: (windowEndsAtMs) => closedBefore(options, windowEndsAtMs),
    prune: (closed) => prune(options, closed),
  };
}

/** @throws HardcapError ledger_unavailable where nobody knows whether it was written */
async function attemptSurely(
  table: CounterTable,
  what: string,
  { key, write }: KeyedWrite,
): Promise<Extract<WriteResult, { kind: 'written' | 'refused' }>> {
  const result = await attemptWrite(table, key, write);
  if (result.kind === 'written' || result.kind === 'refused') return result;
  throw new HardcapError('ledger_unavailable', `${key.pk} ${key.sk} was not ${what}`, {
    cause: result.kind === 'failed' ? result.cause : new Error(result.kind),
  });
}

/** The counter goes before its entry, so that a run which dies between the two is made good. */
async function prune(table: CounterTable, closed: ClosedCounter): Promise<boolean> {
  try {
    await table.dynamo.delete({
      TableName: table.tableName,
      Key: { ...closed.counter },
      ConditionExpression: 'attribute_not_exists(openKey)',
    });
    const Key = { ...closedEntryKey(closed) };
    await table.dynamo.delete({ TableName: table.tableName, Key });
    return true;
  } catch (cause) {
    if (isConditionFailure(cause)) return false;
    const named = `${closed.counter.pk} ${closed.counter.sk}`;
    throw new HardcapError('ledger_unavailable', `${named} was not pruned`, { cause });
  }
}
