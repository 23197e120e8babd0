/**
 * What the page says of caps, levels and instants, in words.
 */
import { type CounterStanding, capState, type Level } from '../../application/counter-standing.ts';
import { type Cap, enforces } from '../../domain/cap.ts';
import { formatUsd, NANO_USD_PER_USD, type NanoUsd, nanoUsd } from '../../domain/money.ts';
import { shownUsd } from '../../domain/shown-usd.ts';
import { timeLeft } from '../../domain/time-left.ts';
import type { Window } from '../../domain/window.ts';

/** The word beside the colour. */
export const LEVEL_WORDS: Readonly<Record<Exclude<Level, 'off'>, string>> = {
  over: 'over limit',
  full: 'at limit',
  near: 'near limit',
  room: '',
};

/** The word of a level; a cap that does not hold says why. */
export const levelWord = (level: Level, cap: Cap, nowMs: number): string =>
  level === 'off' ? capState(cap, nowMs) : LEVEL_WORDS[level];

const NANO_USD_PER_CENT = 10_000_000n;

/**
 * Dollars in a column: to the cent from one dollar on, and finer below, in thousands.
 *
 * @param rounding `up` for what is spent, `down` for what remains
 */
export function columnUsd(amount: NanoUsd, rounding: 'up' | 'down'): string {
  if (amount < NANO_USD_PER_USD) return shownUsd(amount, rounding);
  const rest = amount % NANO_USD_PER_CENT;
  const cents = amount - rest + (rounding === 'up' && rest > 0n ? NANO_USD_PER_CENT : 0n);
  return formatUsd(nanoUsd(cents)).replace(/\B(?=(\d{3})+\.)/g, ',');
}

/** Percent in at most four characters. */
export const percentText = (percent: bigint): string => (percent > 999n ? '>999%' : `${percent}%`);

/** `2026-03-02 12:00 UTC`. */
export const instantText = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** What a cap does but block, and what is odd about it now. */
export function actionWords(cap: Cap, limitNanoUsd: bigint): string[] {
  const action = enforces(cap) ? (cap.action === 'clamp' ? ['clamps'] : []) : ['warns only'];
  const soft = cap.streaming === 'progressive' ? ['progressive'] : [];
  return [...action, ...soft, ...(limitNanoUsd > cap.limitNanoUsd ? ['raised'] : [])];
}

/** `daily, Europe/Paris`; UTC goes without saying. */
export const windowWords = ({ window: { kind, timeZone } }: Cap): string =>
  kind === 'lifetime' || timeZone === 'UTC' ? kind : `${kind}, ${timeZone}`;

/** When the window ends: `resets in 3h12m`; a lifetime never does. */
export const resetWords = (window: Window, nowMs: number): string =>
  window.endsAtMs === undefined ? 'never resets' : `resets in ${timeLeft(nowMs, window.endsAtMs)}`;

/** A window in few characters, by its local start: `03-02`, or `03-02 14h` for an hour. */
export function windowName({ id }: Window): string {
  const [, kind, year = '', month = '', day = '', hour = ''] =
    /^(\w+):(\d{4})-(\d{2})-(\d{2})T(\d{2})/.exec(id) ?? [];
  if (kind === undefined) return id;
  if (kind === 'hourly') return `${month}-${day} ${hour}h`;
  return kind === 'monthly' ? `${year}-${month}` : `${month}-${day}`;
}

/** `alice` of a split by key: what stands behind the cap's id. */
export const splitWords = ({ cap, splitValue }: CounterStanding): string | undefined =>
  splitValue === undefined ? undefined : `${cap.splitBy} ${splitValue}`;
