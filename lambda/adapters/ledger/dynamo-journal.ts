/**
 * The Journal port on the ledger table: entries as records, for reports.
 *
 * Invariant: an entry that cannot be read is counted as such, never left out in silence.
 */
import type { Journal, JournalRecord } from '../../ports/journal.ts';
import type { JournalStretch } from '../../ports/ledger.ts';
import { type CounterItem, countOf, usdOf } from './counter-item.ts';
import { chargedOf, expiredCounter, journalItems, textsOf } from './journal-pages.ts';
import type { CounterTable } from './write-attempts.ts';

const ATTRIBUTES = [
  'at',
  'outcome',
  'modelId',
  'requestTags',
  'costUsd',
  'chargedUsd',
  'counters',
  'unsettled',
  'counter',
  'usage',
  'reservationId',
  'count',
];

/** The journal of this ledger table. */
export const createDynamoJournal = (table: CounterTable): Journal => ({
  page: async (stretch, next) => {
    const page = await journalItems(table, stretch, next, ATTRIBUTES);
    const records = page.items
      .map((item) => recordOf(item, stretch))
      .filter((record) => record !== undefined);
    return { records, unreadable: page.items.length - records.length, next: page.next };
  },
});

function recordOf(item: CounterItem, { keyId }: JournalStretch): JournalRecord | undefined {
  const outcome = textOf(item.outcome);
  const isExpired = outcome === 'expired' || outcome === 'settled-late';
  const atMs = Date.parse(textOf(item.at));
  const reservationId = textOf(item.reservationId);
  try {
    const costNanoUsd = usdOf(item, 'costUsd');
    if (costNanoUsd === undefined || Number.isNaN(atMs) || outcome === '') return undefined;
    return {
      kind: isExpired ? 'expired' : outcome === 'refused' ? 'refusal' : 'charge',
      outcome,
      atMs,
      ...(keyId === undefined ? {} : { keyId }),
      modelId: textOf(item.modelId),
      requestTags: tagsOf(item.requestTags),
      costNanoUsd,
      counters: isExpired ? expiredCounter(item.counter) : textsOf(item.counters),
      unsettled: textsOf(item.unsettled),
      ...chargedOf(item.chargedUsd),
      usage: usageOf(item.usage),
      ...(reservationId === '' ? {} : { reservationId }),
      count: item.count === undefined ? 1 : countOf(item, 'count'),
    };
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const membersOf = (value: unknown): CounterItem =>
  typeof value === 'object' && value !== null ? (value as CounterItem) : {};

const tagsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(membersOf(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

/** @throws HardcapError where a count cannot be read */
function usageOf(value: unknown): Record<string, number> {
  const usage = membersOf(value);
  return Object.fromEntries(Object.keys(usage).map((name) => [name, countOf(usage, name)]));
}
