/**
 * The screen of `status --watch`: what is known, as lines that fit a terminal.
 *
 * Invariant: no line is wider than the terminal, no frame higher; what has no room is counted, not
 *            dropped in silence. No text of settings or callers reaches the terminal unescaped.
 *            Rounding is never in favour of more, and no colour says what no word or figure says.
 */
import type { BoardRow } from '../../lambda/application/cap-board.ts';
import {
  type CounterStanding,
  type Level,
  percentOf,
  remainingOf,
  reservedOf,
} from '../../lambda/application/counter-standing.ts';
import { MAX_JOURNAL_KEYS, shownCounter } from '../../lambda/application/recent-requests.ts';
import { enforces } from '../../lambda/domain/cap.ts';
import { shownUsd } from '../../lambda/domain/shown-usd.ts';
import { timeLeft } from '../../lambda/domain/time-left.ts';
import type { RecentEntry } from '../../lambda/ports/board.ts';
import { drawnLength, fill, shown } from './screen-text.ts';
import type { WatchView } from './watch-view.ts';
import { wrapText } from './wrapping.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';
/** Colours a text, or leaves it where colours are not wanted. */
export type Paint = (style: Style, text: string) => string;

const MAX_REFUSALS = 12;
const MALFORMED_LINES = 3;
const PROBLEM_LINES = 3;

/** The frame of a view: at most `rows` lines of at most `columns`. */
export function watchFrame(
  view: WatchView,
  { columns, rows }: FrameSize,
  everyMs: number,
  paint: Paint,
): string[] {
  const head = [
    paint('bold', shown(`hardcap status, ${view.name}`, columns)),
    ...wrapText(sumsText(view, everyMs), columns).map((line) => shown(line, columns)),
    ...problemLines(view, columns, paint),
    ...malformedLines(view, columns, paint),
  ];
  const room = Math.max(rows - head.length - 1, 0);
  const refusals = refusalLines(view, columns, refusalRoom(view, room), paint);
  const caps = capLines(view, columns, room - refusals.length, paint);
  return [...head, '', ...caps, ...refusals].slice(0, rows);
}

const timeText = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);

const LEVEL_TEXTS: readonly (readonly [Level, string])[] = [
  ['over', 'over'],
  ['full', 'full'],
  ['near', 'near'],
  ['off', 'off'],
];

/**
 * `12:03:05 UTC, every 2s; 12 caps, 1 over, 2 near; 7 reservations in flight; 12.4 requests/s`.
 *
 * A request has a reservation on each counter that it counts on.
 */
function sumsText({ board, requestsPerSecond, isWholeJournal }: WatchView, everyMs: number) {
  const levels = LEVEL_TEXTS.filter(([level]) => board.levels[level] > 0);
  const counts = levels.map(([level, word]) => `, ${board.levels[level]} ${word}`).join('');
  const rate = `${isWholeJournal ? '' : '>'}${requestsPerSecond.toFixed(1)} requests/s`;
  const caps = `${board.capCount} ${board.capCount === 1 ? 'cap' : 'caps'}${counts}`;
  const time = `${timeText(board.atMs)} UTC, every ${everyMs / 1_000}s`;
  return [time, caps, `${board.inFlight} reservations in flight`, rate].join('; ');
}

function problemLines({ problem }: WatchView, columns: number, paint: Paint): string[] {
  if (problem === undefined) return [];
  const text = `not read since ${timeText(problem.sinceMs)}: ${problem.text}`;
  const lines = wrapText(text.replaceAll('\n', ' '), columns).slice(0, PROBLEM_LINES);
  return lines.map((line) => paint('red', shown(line, columns)));
}

function malformedLines({ board: { malformed } }: WatchView, columns: number, paint: Paint) {
  const lines = malformed
    .slice(0, malformed.length > MALFORMED_LINES ? MALFORMED_LINES - 1 : MALFORMED_LINES)
    .map(({ capId, field, problem }) => `refuses, cannot be read: ${capId}: ${field} ${problem}`);
  const rest = malformed.length - lines.length;
  if (rest > 0) lines.push(`and ${rest} more caps cannot be read, so they refuse`);
  return lines.map((line) => paint('red', shown(line, columns)));
}

interface ShownColumn {
  readonly title: string;
  readonly width: number;
  readonly of: (counter: CounterStanding, level: Level, nowMs: number) => string;
}

const PERCENT: ShownColumn = { title: 'USED', width: 5, of: (one) => percentText(one) };
const WORD: ShownColumn = { title: '', width: 5, of: ({ cap }, level) => wordOf(cap, level) };
const RUNNING: ShownColumn = {
  title: 'RUNNING',
  width: 7,
  of: ({ state }) => (state.inFlight === 0 ? '' : String(state.inFlight)),
};
const REMAINING: ShownColumn = {
  title: 'REMAINING',
  width: 10,
  of: (one) => shownUsd(remainingOf(one), 'down'),
};
const LIMIT: ShownColumn = {
  title: 'LIMIT',
  width: 10,
  of: ({ limitNanoUsd }) => shownUsd(limitNanoUsd, 'down'),
};
const RESETS: ShownColumn = {
  title: 'RESETS',
  width: 7,
  of: ({ window: { endsAtMs } }, _level, nowMs) =>
    endsAtMs === undefined ? 'never' : timeLeft(nowMs, endsAtMs),
};
const SETTLED: ShownColumn = {
  title: 'SETTLED',
  width: 10,
  of: ({ state }) => shownUsd(state.settledNanoUsd, 'up'),
};
const RESERVED: ShownColumn = {
  title: 'RESERVED',
  width: 10,
  of: (one) => shownUsd(reservedOf(one), 'up'),
};

/** From the narrowest terminal to the widest; the last that fits is drawn. */
const LAYOUTS: readonly (readonly ShownColumn[])[] = [
  [PERCENT],
  [PERCENT, WORD],
  [PERCENT, WORD, RUNNING, REMAINING],
  [PERCENT, WORD, RUNNING, REMAINING, LIMIT],
  [PERCENT, WORD, RUNNING, REMAINING, LIMIT, RESETS],
  [PERCENT, WORD, RUNNING, SETTLED, RESERVED, REMAINING, LIMIT, RESETS],
];
const MIN_NAME = 14;
/** Of longer names so much is seen before a further column is drawn. */
const WANTED_NAME = 20;
/** What is left of a cap's id beside the value of its split. */
const MIN_CUT_ID = 5;
const MAX_NAME = 40;
const MIN_BAR = 8;
const MAX_BAR = 40;
const GAP = 1;

interface Layout {
  readonly columns: readonly ShownColumn[];
  readonly name: number;
  readonly bar: number;
}

/** The bar has what the names leave over. */
function layoutOf(names: readonly string[], width: number): Layout {
  const widthOf = (columns: readonly ShownColumn[]) =>
    columns.reduce((sum, column) => sum + column.width + GAP, GAP);
  const needed = Math.min(Math.max(MIN_NAME, ...names.map(drawnLength)), MAX_NAME);
  const least = Math.min(needed, WANTED_NAME) + MIN_BAR;
  const fitting = LAYOUTS.filter((columns) => widthOf(columns) + least <= width);
  const columns = fitting.at(-1) ?? [PERCENT];
  const spare = Math.max(width - widthOf(columns), 0);
  const name = Math.max(Math.min(needed, spare - MIN_BAR), 1);
  return { columns, name, bar: Math.min(Math.max(spare - name, 0), MAX_BAR) };
}

function capLines(view: WatchView, width: number, room: number, paint: Paint): string[] {
  const { board } = view;
  if (board.rows.length === 0) {
    return [shown(board.capCount === 0 ? NO_CAPS : 'none of the caps can be read', width)];
  }
  const all = board.total + board.unread;
  // One line has the titles, and one says how many more there are.
  const count = all > room - 1 ? Math.max(room - 2, 0) : all;
  const rows = board.rows.slice(0, count);
  const layout = layoutOf(
    rows.map((row) => nameOf(row)),
    width,
  );
  const titles = layout.columns.map(({ title, width: own }) => fill(title, own, 'left'));
  const head = ['CAP'.padEnd(layout.name), ' '.repeat(layout.bar), ...titles].join(' ');
  const lines = rows.map((row) => rowLine(row, layout, board.atMs, paint));
  const more = all - rows.length;
  const rest =
    more > 0 ? [paint('dim', shown(`and ${more} more: hardcap status shows all`, width))] : [];
  return [paint('bold', shown(head, width)), ...lines, ...rest];
}

const NO_CAPS = 'there are no caps: every request is refused until there is one (hardcap cap set)';

const SPLIT = ' / ';

/** Where it is too wide, the cap's id is cut before what tells its counters from each other. */
function nameOf(row: BoardRow, width = Number.POSITIVE_INFINITY): string {
  if (row.kind === 'unused') return `${row.cap.capId} (each ${row.cap.splitBy})`;
  const { cap, splitValue } = row.standing;
  if (splitValue === undefined) return cap.capId;
  const whole = cap.capId + SPLIT + splitValue;
  if (drawnLength(whole) <= width) return whole;
  const value = shown(splitValue, Math.max(width - SPLIT.length - MIN_CUT_ID, 1));
  return shown(cap.capId, width - SPLIT.length - drawnLength(value)) + SPLIT + value;
}

function rowLine(row: BoardRow, layout: Layout, nowMs: number, paint: Paint): string {
  const name = fill(nameOf(row, layout.name), layout.name);
  if (row.kind === 'unused') {
    const width = layout.columns.reduce((sum, column) => sum + column.width + GAP, layout.bar);
    return `${name} ${paint('dim', shown('not used in this window', width))}`;
  }
  const { standing, level } = row;
  const cells = layout.columns.map(({ of, width }) =>
    fill(of(standing, level, nowMs), width, 'left'),
  );
  const bar = paint(COLOURS[level], barText(standing, layout.bar));
  return `${name} ${bar} ${cells.join(' ')}`.trimEnd();
}

const COLOURS: Readonly<Record<Level, Style>> = {
  over: 'red',
  full: 'red',
  near: 'yellow',
  room: 'green',
  off: 'dim',
};

const MAX_SHOWN_PERCENT = 999n;

function percentText(standing: CounterStanding): string {
  const percent = percentOf(standing);
  return percent > MAX_SHOWN_PERCENT ? `>${MAX_SHOWN_PERCENT}%` : `${percent}%`;
}

/** What a percent does not say: that the cap does not hold, or only warns. */
function wordOf(cap: CounterStanding['cap'], level: Level): string {
  if (level === 'off') return 'off';
  if (!enforces(cap)) return 'warns';
  return level === 'room' ? '' : level;
}

/** Settled, then reserved, then room. A cell that is begun is shown, but only a full cap is full. */
function barText({ state, limitNanoUsd }: CounterStanding, width: number): string {
  const cells = BigInt(width);
  const cellsOf = (amount: bigint): bigint => {
    if (amount >= limitNanoUsd) return cells;
    const begun = (amount * cells + limitNanoUsd - 1n) / limitNanoUsd;
    return begun < cells ? begun : cells - 1n;
  };
  const settled = Number(cellsOf(state.settledNanoUsd));
  const committed = Math.max(Number(cellsOf(state.committedNanoUsd)), settled);
  return '█'.repeat(settled) + '▒'.repeat(committed - settled) + '░'.repeat(width - committed);
}

/** A gap and a title. */
const REFUSAL_HEAD = 2;

/** What the caps leave over, or a third; none where not even one refusal would be seen. */
function refusalRoom({ refusals, board }: WatchView, room: number): number {
  const left = room - (board.total + board.unread) - 1;
  const most = Math.min(Math.max(Math.floor(room / 3), left), MAX_REFUSALS + REFUSAL_HEAD);
  return most <= REFUSAL_HEAD ? 0 : Math.min(most, Math.max(refusals.length, 1) + REFUSAL_HEAD);
}

function refusalLines(view: WatchView, width: number, room: number, paint: Paint): string[] {
  if (room === 0) return [];
  const { refusals, isWholeJournal } = view;
  const title = isWholeJournal
    ? 'LATEST REFUSALS'
    : `LATEST REFUSALS (of ${MAX_JOURNAL_KEYS} keys)`;
  const lines = refusals
    .slice(0, room - REFUSAL_HEAD)
    .map((entry) => shown(refusalText(entry), width));
  return [
    '',
    paint('bold', shown(title, width)),
    ...(lines.length === 0 ? [shown('none among the last requests', width)] : lines),
  ];
}

/** `12:03:01 alice refused by team / alice, 12 times: spent (us.anthropic...)`. */
function refusalText({ atMs, keyId, modelId, outcome, reason, count, counters }: RecentEntry) {
  const cap = counters[0] === undefined ? '' : ` by ${shownCounter(counters[0])}`;
  const times = count > 1 ? `, ${count} times` : '';
  const why = reason === undefined ? '' : `: ${reason}`;
  return `${timeText(atMs)} ${keyId} ${outcome}${cap}${times}${why} (${modelId})`;
}
