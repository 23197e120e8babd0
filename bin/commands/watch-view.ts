/**
 * What `status --watch` knows after each reading: pure, so that every screen of it can be tested.
 *
 * Invariant: a reading that failed changes nothing of what was read before; it is told beside it.
 */
import type { Board } from '../../lambda/application/cap-board.ts';
import {
  RECENT_ENTRIES,
  type RecentRequests,
  shownCounter,
} from '../../lambda/application/recent-requests.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import type { RecentEntry } from '../../lambda/ports/board.ts';
import { statusJson } from './status-view.ts';
import type { WatchReading } from './watch-reading.ts';

/** What is shown, whatever the size of the screen. */
export interface WatchView {
  /** What is watched, for people. */
  readonly name: string;
  readonly board: Board;
  /** Requests that ended or were refused, for each second of the last ten. */
  readonly requestsPerSecond: number;
  /** False where there are more keys than the journal was read for. */
  readonly isWholeJournal: boolean;
  /** Requests that a cap refused or cut, the newest first, of this and of earlier readings. */
  readonly refusals: readonly RecentEntry[];
  /** Why the last reading failed, and since when readings fail. */
  readonly problem?: { readonly text: string; readonly sinceMs: number };
}

/** Refusals that are remembered: the journal's end is soon that of other requests. */
const MAX_REFUSALS = 50;

/** The view after a reading that succeeded. */
export function viewAfter(
  before: WatchView | undefined,
  name: string,
  { board, requests }: WatchReading,
): WatchView {
  return {
    name,
    board,
    requestsPerSecond: requestRate(requests, board.atMs),
    isWholeJournal: requests.isWhole,
    refusals: newestRefusals(before?.refusals ?? [], requests.entries),
  };
}

/** The view after a reading that failed: what was read before, and why it is old. */
export const viewAfterFailure = (before: WatchView, text: string, nowMs: number): WatchView => ({
  ...before,
  problem: { text, sinceMs: before.problem?.sinceMs ?? nowMs },
});

const REFUSALS = new Set(['refused', 'cut']);

function newestRefusals(known: readonly RecentEntry[], read: readonly RecentEntry[]) {
  const refusals = [...known, ...read.filter(({ outcome }) => REFUSALS.has(outcome))];
  const byName = new Map(refusals.map((entry) => [`${entry.requestId}\n${entry.atMs}`, entry]));
  return [...byName.values()].sort((a, b) => b.atMs - a.atMs).slice(0, MAX_REFUSALS);
}

const SECOND_MS = 1_000;
const RATE_MS = 10_000;
/** What the journal says of requests that were counted when they were lost, or are counted twice. */
const NO_REQUESTS = new Set(['expired', 'settled-late']);

/**
 * Requests a second of the last ten seconds, by the end of the journal; where more ended in them
 * than are read, of the time since the oldest that was read.
 */
export function requestRate({ entries }: Pick<RecentRequests, 'entries'>, nowMs: number): number {
  const recent = entries.filter(({ atMs }) => nowMs - atMs < RATE_MS);
  const isCutShort = entries.length >= RECENT_ENTRIES && recent.length === entries.length;
  const oldestMs = Math.min(...recent.map(({ atMs }) => atMs));
  const spanMs = isCutShort ? Math.max(nowMs - oldestMs, 1) : RATE_MS;
  const requests = recent
    .filter(({ outcome }) => !NO_REQUESTS.has(outcome))
    .reduce((sum, { count }) => sum + count, 0);
  return (requests * SECOND_MS) / spanMs;
}

const isoOf = (atMs: number): string => new Date(atMs).toISOString();

/** One reading as JSON, with exact figures. */
export function watchJson({ board, requestsPerSecond, refusals }: WatchView) {
  const { rows, malformed, atMs, total, skipped, unread } = board;
  const standings = rows.flatMap((row) => (row.kind === 'counter' ? [row.standing] : []));
  const unused = rows.flatMap((row) => (row.kind === 'unused' ? [row.cap] : []));
  return {
    at: isoOf(atMs),
    requestsPerSecond: Math.round(requestsPerSecond * 100) / 100,
    inFlight: board.inFlight,
    ...statusJson(standings, unused, malformed, atMs),
    more: total - skipped - rows.length + unread,
    refusals: refusals.map((entry) => ({
      at: isoOf(entry.atMs),
      requestId: entry.requestId,
      key: entry.keyId,
      model: entry.modelId,
      outcome: entry.outcome,
      reason: entry.reason ?? null,
      cap: entry.counters[0] === undefined ? null : shownCounter(entry.counters[0]),
      reservedUsd: formatUsd(entry.reservedNanoUsd),
      count: entry.count,
    })),
  };
}

/** A reading that failed, as JSON. */
export const failureJson = (problem: string, nowMs: number) => ({ at: isoOf(nowMs), problem });
