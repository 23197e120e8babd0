/**
 * The counters of caps as a table for people and as JSON for programs.
 *
 * Invariant: rounding for the eye is never in favour of more: what is spent is rounded up, what
 *            remains is rounded down. The JSON is exact.
 */
import { type Cap, enforces, type MalformedCap } from '../../lambda/domain/cap.ts';
import {
  formatUsd,
  maxUsd,
  NANO_USD_PER_USD,
  type NanoUsd,
  nanoUsd,
  subtractUsd,
  ZERO_USD,
} from '../../lambda/domain/money.ts';
import type { Window } from '../../lambda/domain/window.ts';
import type { CounterState } from '../../lambda/ports/ledger.ts';
import { originJson } from './cap-parameter.ts';
import { stateText, windowText } from './cap-view.ts';
import { byFullness, table } from './output.ts';

const STEPS = [
  { belowUsd: 1_000n, nanoUsd: 100_000n },
  { belowUsd: 100_000n, nanoUsd: 10_000_000n },
];
const WHOLE_DOLLARS = { nanoUsd: NANO_USD_PER_USD };
const BAR_CELLS = 6n;
const MAX_SHOWN_PERCENT = 999n;

/** One counter of one cap, in the cap's running window. */
export interface CounterStatus {
  readonly cap: Cap;
  readonly window: Window;
  /** Absent for a cap without a split. */
  readonly splitValue?: string;
  /** The limit now, a raise included. */
  readonly limitNanoUsd: NanoUsd;
  readonly state: CounterState;
}

/** Dollars for the eye, in at most 10 characters: fewer decimals the more there are. */
export function shownUsd(amount: NanoUsd, rounding: 'up' | 'down'): string {
  const step = STEPS.find(({ belowUsd }) => amount < belowUsd * NANO_USD_PER_USD) ?? WHOLE_DOLLARS;
  const rest = amount % step.nanoUsd;
  const floor = amount - rest;
  const rounded = rounding === 'up' && rest > 0n ? floor + step.nanoUsd : floor;
  const text = formatUsd(nanoUsd(rounded));
  return step === WHOLE_DOLLARS ? text.replace(/\.00$/, '') : text;
}

const reservedOf = ({ state }: CounterStatus): NanoUsd =>
  subtractUsd(state.committedNanoUsd, state.settledNanoUsd);

/** What a cap has left, never less than nothing. */
const remainingOf = ({ limitNanoUsd, state }: CounterStatus): NanoUsd =>
  maxUsd(subtractUsd(limitNanoUsd, state.committedNanoUsd), ZERO_USD);

/** What was committed above the limit: it was lowered since, or the cap only warns. */
const overOf = ({ limitNanoUsd, state }: CounterStatus): NanoUsd =>
  maxUsd(subtractUsd(state.committedNanoUsd, limitNanoUsd), ZERO_USD);

/** Percent of the limit that is settled or reserved, rounded down; a limit of zero is full. */
const percentOf = ({ state, limitNanoUsd }: CounterStatus): bigint =>
  limitNanoUsd <= 0n ? 100n : (state.committedNanoUsd * 100n) / limitNanoUsd;

/** Exact figures; `unused` are split caps that nobody has used in the running window. */
export const statusJson = (
  counters: readonly CounterStatus[],
  unused: readonly Cap[],
  malformed: readonly MalformedCap[],
  nowMs: number,
) => ({
  counters: counters.map((counter) => ({
    cap: counter.cap.capId,
    ...(counter.splitValue === undefined
      ? {}
      : { splitBy: counter.cap.splitBy, splitValue: counter.splitValue }),
    action: counter.cap.action,
    ...originJson(counter.cap),
    state: stateText(counter.cap, nowMs),
    window: counter.window.id,
    limitUsd: formatUsd(counter.limitNanoUsd),
    settledUsd: formatUsd(counter.state.settledNanoUsd),
    reservedUsd: formatUsd(reservedOf(counter)),
    remainingUsd: formatUsd(remainingOf(counter)),
    overUsd: formatUsd(overOf(counter)),
    inFlight: counter.state.inFlight,
    usedPercent: Number(percentOf(counter)),
    resetsAt:
      counter.window.endsAtMs === undefined
        ? null
        : new Date(counter.window.endsAtMs).toISOString(),
  })),
  unused: unused.map(({ capId }) => capId),
  malformed: malformed.map(({ capId, field, problem }) => ({ cap: capId, field, problem })),
});

/** A table with two lines for each counter, and a third where a parameter has a part in its cap. */
export function statusTable(
  counters: readonly CounterStatus[],
  unused: readonly Cap[],
  nowMs: number,
): string {
  const rows = counters.map((counter) => counterRow(counter, nowMs));
  const unusedRows = unused.map((cap) => [
    `${cap.capId} (each ${cap.splitBy})\n└ ${windowText(cap)}`,
    '',
    '',
    '',
    'not used',
    '',
  ]);
  return table(
    [
      { title: 'CAP', width: 27 },
      { title: 'LIMIT', width: 11, align: 'right' },
      { title: 'SETTLED', width: 10, align: 'right' },
      { title: 'RESERVED', width: 12, align: 'right' },
      { title: 'REMAINING', width: 12, align: 'right' },
      { title: 'USED', width: 8 },
    ],
    [...rows, ...unusedRows],
  );
}

function counterRow(counter: CounterStatus, nowMs: number): string[] {
  const { cap, splitValue, state, limitNanoUsd } = counter;
  const name = splitValue === undefined ? cap.capId : `${cap.capId} / ${splitValue}`;
  const standing = stateText(cap, nowMs);
  const does = standing === 'enabled' ? (enforces(cap) ? '' : ', warns only') : `, ${standing}`;
  const percent = percentOf(counter);
  const over = overOf(counter);
  const shownPercent = percent > MAX_SHOWN_PERCENT ? `>${MAX_SHOWN_PERCENT}%` : `${percent}%`;
  const flying = state.inFlight === 0 ? '' : `\n${state.inFlight} in flight`;
  return [
    `${name}\n└ ${cap.window.kind}${resetText(counter, nowMs)}${does}${originOf(cap)}`,
    `${shownUsd(limitNanoUsd, 'down')}${limitNanoUsd > cap.limitNanoUsd ? '\nraised' : ''}`,
    shownUsd(state.settledNanoUsd, 'up'),
    `${shownUsd(reservedOf(counter), 'up')}${flying}`,
    `${shownUsd(remainingOf(counter), 'down')}${over > 0n ? `\n${shownUsd(over, 'up')} over` : ''}`,
    byFullness(`${bar(percent)}\n${shownPercent}`, Number(percent)),
  ];
}

/** Of a cap of both, whose limit it is that holds: the parameter's, if it is the lower one. */
function originOf({ parameter }: Cap): string {
  if (parameter === undefined) return '';
  if (parameter.table === undefined) return '\n└ from SSM';
  const { limitNanoUsd, raised } = parameter.table;
  const most = raised === undefined ? limitNanoUsd : maxUsd(limitNanoUsd, raised.limitNanoUsd);
  return parameter.limitNanoUsd < most ? '\n└ limit from SSM' : '\n└ also in SSM';
}

function bar(percent: bigint): string {
  const filled = percent >= 100n ? BAR_CELLS : (percent * BAR_CELLS) / 100n;
  return '█'.repeat(Number(filled)) + '░'.repeat(Number(BAR_CELLS - filled));
}

const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;

/** `, resets in 3h12m`: to the minute, rounded up. */
function resetText({ window }: CounterStatus, nowMs: number): string {
  if (window.endsAtMs === undefined) return '';
  const minutes = Math.ceil((window.endsAtMs - nowMs) / MINUTE_MS);
  const hours = Math.floor(minutes / MINUTES_PER_HOUR);
  const days = Math.floor(hours / HOURS_PER_DAY);
  if (days > 0) return `, resets in ${days}d${hours % HOURS_PER_DAY}h`;
  if (hours > 0) return `, resets in ${hours}h${minutes % MINUTES_PER_HOUR}m`;
  return `, resets in ${minutes}m`;
}
