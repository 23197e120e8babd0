/**
 * A journal entry as an item: what one request asked, reserved and cost; no prompt, no answer.
 */
import { TABLE } from '../../contract.ts';
import type { JournalEntry } from '../../ports/ledger.ts';
import { usdNumber } from './counter-item.ts';

const SECONDS_PER_DAY = 86_400;

/** The item; it is deleted by DynamoDB's TTL some time after `journalDays`. */
export function journalItem(entry: JournalEntry, journalDays: number): Record<string, unknown> {
  const at = new Date(entry.atMs).toISOString();
  const { atMs, reservedNanoUsd, costNanoUsd, usage, counters, unsettled, ...plain } = entry;
  return {
    pk: `JOURNAL#${at.slice(0, 10)}#${entry.keyId}`,
    sk: `${at}#${entry.requestId}`,
    ...plain,
    at,
    reservedUsd: usdNumber(reservedNanoUsd),
    costUsd: usdNumber(costNanoUsd),
    ...(usage === undefined ? {} : { usage }),
    counters: [...counters],
    ...(unsettled === undefined ? {} : { unsettled: [...unsettled] }),
    v: 1,
    [TABLE.ttl]: Math.floor(atMs / 1000) + journalDays * SECONDS_PER_DAY,
  };
}
