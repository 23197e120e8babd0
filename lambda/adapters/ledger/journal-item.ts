/**
 * A journal entry as an item: what one request asked, reserved and cost; no prompt, no answer.
 */
import { TABLE } from '../../contract.ts';
import type { NanoUsd } from '../../domain/money.ts';
import type { JournalEntry } from '../../ports/ledger.ts';
import { usdNumber } from './counter-item.ts';

const SECONDS_PER_DAY = 86_400;

/** The item; it is deleted by DynamoDB's TTL some time after `journalDays`. */
export function journalItem(entry: JournalEntry, journalDays: number): Record<string, unknown> {
  const at = new Date(entry.atMs).toISOString();
  const { atMs, reservedNanoUsd, costNanoUsd, charged, usage, counters, unsettled, ...plain } =
    entry;
  return {
    pk: `JOURNAL#${at.slice(0, 10)}#${entry.keyId}`,
    sk: `${at}#${entry.requestId}`,
    ...plain,
    at,
    reservedUsd: usdNumber(reservedNanoUsd),
    costUsd: usdNumber(costNanoUsd),
    ...(charged === undefined ? {} : { chargedUsd: eachUsd(charged) }),
    ...(usage === undefined ? {} : { usage }),
    counters: [...counters],
    ...(unsettled === undefined ? {} : { unsettled: [...unsettled] }),
    v: 1,
    [TABLE.ttl]: Math.floor(atMs / 1000) + journalDays * SECONDS_PER_DAY,
  };
}

const eachUsd = (amounts: Readonly<Record<string, NanoUsd>>) =>
  Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, usdNumber(amount)]));
