/**
 * The counters of caps as a table for people and as JSON for programs.
 *
 * Invariant: rounding for the eye is never in favour of more: what is spent is rounded up, what
 *            remains is rounded down. The JSON is exact.
 */
import {
  type CounterStanding,
  overOf,
  percentOf,
  remainingOf,
  reservedOf,
} from '../../lambda/application/counter-standing.ts';
import { type Cap, enforces, type MalformedCap } from '../../lambda/domain/cap.ts';
import { formatUsd, maxUsd } from '../../lambda/domain/money.ts';
import { shownUsd } from '../../lambda/domain/shown-usd.ts';
import { timeLeft } from '../../lambda/domain/time-left.ts';
import { originJson } from './cap-parameter.ts';
import { stateText, windowText } from './cap-view.ts';
import { byFullness, table } from './output.ts';

const BAR_CELLS = 6n;
const MAX_SHOWN_PERCENT = 999n;

/** Exact figures; `unused` are split caps that nobody has used in the running window. */
export const statusJson = (
  counters: readonly CounterStanding[],
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
  counters: readonly CounterStanding[],
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

function counterRow(counter: CounterStanding, nowMs: number): string[] {
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

/** `, resets in 3h12m`: to the minute, rounded up. */
function resetText({ window }: CounterStanding, nowMs: number): string {
  return window.endsAtMs === undefined ? '' : `, resets in ${timeLeft(nowMs, window.endsAtMs)}`;
}
