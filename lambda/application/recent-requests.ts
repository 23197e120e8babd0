/**
 * The last requests that a board's filter lets through, from the journal's end.
 */
import { capFilter, matchesName } from '../domain/cap-filter.ts';
import type { RecentEntry, RecentJournal } from '../ports/board.ts';
import type { KeyList } from '../ports/key-list.ts';

/** Entries that are shown. */
export const RECENT_ENTRIES = 50;
/** Keys whose entries are looked for; those of more would be too many queries. */
export const MAX_JOURNAL_KEYS = 200;

export interface RecentRequests {
  readonly entries: readonly RecentEntry[];
  /** False where there are more keys than were asked for. */
  readonly isWhole: boolean;
}

/** A counter as an entry names it, for people: `team / alice` of `COUNTER#team#alice/daily:...`. */
export function shownCounter(counter: string): string {
  const end = counter.lastIndexOf('/');
  return counter
    .slice(0, end === -1 ? undefined : end)
    .replace(/^COUNTER#/, '')
    .replace('#', ' / ');
}

/**
 * The last entries by key, model, outcome, reason or counter; `key:` looks at the key alone, and
 * `team:` at nothing, as the journal knows no teams.
 *
 * @throws HardcapError settings_unavailable, ledger_unavailable
 */
export async function readRecentRequests(
  { keys, journal }: { readonly keys: KeyList; readonly journal: RecentJournal },
  typed: string,
  nowMs: number,
): Promise<RecentRequests> {
  const filter = capFilter(typed);
  const { keyIds, isWhole } = await keys.readIds();
  const asked = filter.kind === 'key' ? keyIds.filter((id) => matchesName(filter, id)) : keyIds;
  const entries = await journal.latest(asked.slice(0, MAX_JOURNAL_KEYS), nowMs, RECENT_ENTRIES);
  const shown = entries.filter((entry) => {
    if (filter.text === '' || filter.kind === 'team') return true;
    if (filter.kind === 'key') return matchesName(filter, entry.keyId);
    const { keyId, modelId, outcome, reason = '', counters } = entry;
    return [keyId, modelId, outcome, reason, ...counters].some((name) => matchesName(filter, name));
  });
  return { entries: shown, isWhole: isWhole && asked.length <= MAX_JOURNAL_KEYS };
}
