/**
 * The board of caps: every counter of a running window as a row, those at their limit first.
 *
 * Owns:      what is shown, in which order, on which page, and how much is read for it.
 * Invariant: a cap that cannot be read is on the board whatever is filtered: it refuses requests.
 */
import type { Cap, MalformedCap } from '../domain/cap.ts';
import { capFilter, matchesCap } from '../domain/cap-filter.ts';
import { type Window, windowAt } from '../domain/window.ts';
import type { CapItems, CounterReading } from '../ports/board.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type CounterStanding,
  LEVELS,
  type Level,
  levelOf,
  percentOf,
} from './counter-standing.ts';
import { readStandings } from './read-standings.ts';
import { type CapHistory, readHistory } from './window-history.ts';

/** Rows of one page. */
export const PAGE_ROWS = 100;
/** The most counters that are read for one board; a filter narrows what is read. */
export const MAX_COUNTERS = 2_000;
/** Histories that are shown while nobody has chosen a cap. */
const TOP_HISTORIES = 3;
/** Rows that are asked for one: a new cap has none. */
const HISTORIES_LOOKED_FOR = 6;

export interface BoardPorts {
  readonly caps: CapItems;
  readonly counters: CounterReading;
  readonly clock: Clock;
}

/** What a person asked to see. */
export interface BoardRequest {
  /** As typed; empty shows all. */
  readonly filter: string;
  /** From 1; one past the last is the last. */
  readonly page: number;
  /** Name of the row whose past windows are shown: a cap id, and `#` and its value for a split. */
  readonly chosen?: string;
  /** Whether past windows are read too. @default true */
  readonly withHistories?: boolean;
}

/** A counter, or a split cap that nobody has used in its running window. */
export type BoardRow =
  | {
      readonly kind: 'counter';
      readonly name: string;
      readonly level: Level;
      readonly standing: CounterStanding;
    }
  | {
      readonly kind: 'unused';
      readonly name: string;
      readonly cap: Cap;
      readonly window: Window;
    };

export interface Board {
  readonly atMs: number;
  /** As it was asked, without what a filter leaves out. */
  readonly filter: string;
  readonly chosen?: string;
  /** Rows of this page. */
  readonly rows: readonly BoardRow[];
  /** Rows of all pages. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  /** Rows before the first of this page. */
  readonly skipped: number;
  /** Counters by how near they are to their limits, of all pages. */
  readonly levels: Readonly<Record<Level, number>>;
  readonly inFlight: number;
  /** Caps that there are, the malformed ones included. */
  readonly capCount: number;
  readonly malformed: readonly MalformedCap[];
  /** Counters that were too many to be read, so that nothing is said of them. */
  readonly unread: number;
  readonly histories: readonly CapHistory[];
}

/**
 * Reads what a board shows.
 *
 * @throws HardcapError settings_unavailable, ledger_unavailable, invariant_broken
 */
export async function readBoard(ports: BoardPorts, request: BoardRequest): Promise<Board> {
  const atMs = ports.clock.nowMs();
  const filter = capFilter(request.filter);
  const items = await ports.caps.readAll();
  const malformed = items.filter((item): item is MalformedCap => 'problem' in item);
  const caps = items.filter((item): item is Cap => !('problem' in item));
  const { standings, unread } = await readStandings(ports.counters, caps, atMs, {
    isWanted: (cap, splitValue) => matchesCap(filter, cap, splitValue),
    most: MAX_COUNTERS,
  });
  const used = new Set(standings.map(({ cap }) => cap));
  const unused = caps.filter(
    (cap) => cap.splitBy !== undefined && !used.has(cap) && matchesCap(filter, cap),
  );
  const rows = [...counterRows(standings, atMs), ...unused.map((cap) => unusedRow(cap, atMs))];
  const pages = Math.max(Math.ceil(rows.length / PAGE_ROWS), 1);
  const page = Math.min(Math.max(Math.trunc(request.page) || 1, 1), pages);
  const skipped = (page - 1) * PAGE_ROWS;
  const shown = rows.slice(skipped, skipped + PAGE_ROWS);
  const { chosen, withHistories = true } = request;
  return {
    atMs,
    filter: request.filter.trim(),
    ...(chosen === undefined ? {} : { chosen }),
    rows: shown,
    total: rows.length,
    page,
    pages,
    skipped,
    levels: countLevels(rows),
    inFlight: standings.reduce((sum, { state }) => sum + state.inFlight, 0),
    capCount: items.length,
    malformed,
    unread,
    histories: withHistories
      ? await histories(ports.counters, chosen === undefined ? shown : rows, chosen)
      : [],
  };
}

const COUNTER_PREFIX = 'COUNTER#';

function counterRows(standings: readonly CounterStanding[], atMs: number) {
  return standings
    .map((standing) => ({
      kind: 'counter' as const,
      name: standing.counter.pk.slice(COUNTER_PREFIX.length),
      level: levelOf(standing, atMs),
      standing,
    }))
    .sort((a, b) => byUrgency(a, b));
}

type CounterRow = Extract<BoardRow, { kind: 'counter' }>;

function byUrgency(a: CounterRow, b: CounterRow): number {
  const byLevel = LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level);
  if (byLevel !== 0) return byLevel;
  const byPercent = percentOf(b.standing) - percentOf(a.standing);
  if (byPercent !== 0n) return byPercent > 0n ? 1 : -1;
  return a.name < b.name ? -1 : 1;
}

const unusedRow = (cap: Cap, atMs: number): BoardRow => ({
  kind: 'unused',
  name: cap.capId,
  cap,
  window: windowAt(cap.window, atMs),
});

function countLevels(rows: readonly BoardRow[]): Record<Level, number> {
  const counts: Record<Level, number> = { over: 0, full: 0, near: 0, room: 0, off: 0 };
  for (const row of rows) if (row.kind === 'counter') counts[row.level] += 1;
  return counts;
}

/** Of the chosen row, or of the first ones that have past windows. */
async function histories(
  reading: CounterReading,
  rows: readonly BoardRow[],
  chosen: string | undefined,
): Promise<readonly CapHistory[]> {
  const counters = rows.filter((row): row is CounterRow => row.kind === 'counter');
  const wanted =
    chosen === undefined
      ? counters
          .filter(
            ({ level, standing }) => level !== 'off' && standing.window.endsAtMs !== undefined,
          )
          .slice(0, HISTORIES_LOOKED_FOR)
      : counters.filter(({ name }) => name === chosen);
  const read = await Promise.all(
    wanted.map(({ name, standing }) => readHistory(reading, name, standing)),
  );
  if (chosen !== undefined) return read;
  return read.filter(({ windows }) => windows.length > 1).slice(0, TOP_HISTORIES);
}
