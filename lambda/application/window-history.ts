/**
 * What one counter settled in each of its last windows, against the limit of that time.
 *
 * A window that nothing is kept of counts as one in which nothing was spent, if it is younger than
 * the oldest that something is kept of; older ones are left out.
 */
import { type NanoUsd, ZERO_USD } from '../domain/money.ts';
import { type Window, windowAt } from '../domain/window.ts';
import type { CounterReading, PastWindow } from '../ports/board.ts';
import type { CounterStanding } from './counter-standing.ts';

/** Windows of a history, the running one included. */
export const HISTORY_WINDOWS = 14;

export interface HistoryWindow {
  readonly window: Window;
  readonly settledNanoUsd: NanoUsd;
  /** Absent where nothing was spent, so that nobody wrote it down. */
  readonly limitNanoUsd?: NanoUsd;
  readonly isRunning: boolean;
}

export interface CapHistory {
  /** As the board's row is named. */
  readonly name: string;
  readonly standing: CounterStanding;
  /** Oldest first; only the running one where nothing older is kept. */
  readonly windows: readonly HistoryWindow[];
}

/** Two queries. @throws HardcapError ledger_unavailable, invariant_broken */
export async function readHistory(
  reading: CounterReading,
  name: string,
  standing: CounterStanding,
): Promise<CapHistory> {
  const running: HistoryWindow = {
    window: standing.window,
    settledNanoUsd: standing.state.settledNanoUsd,
    limitNanoUsd: standing.limitNanoUsd,
    isRunning: true,
  };
  if (standing.window.endsAtMs === undefined) return { name, standing, windows: [running] };
  const { kind } = standing.cap.window;
  const kept = await reading.latestWindows(standing.counter.pk, kind, HISTORY_WINDOWS);
  return { name, standing, windows: [...pastWindows(standing, kept), running] };
}

function pastWindows(standing: CounterStanding, kept: readonly PastWindow[]): HistoryWindow[] {
  const byId = new Map(kept.map((window) => [window.id, window]));
  const past: HistoryWindow[] = [];
  let { window } = standing;
  let oldestKept = 0;
  while (past.length < HISTORY_WINDOWS - 1) {
    window = windowAt(standing.cap.window, window.startsAtMs - 1);
    const found = byId.get(window.id);
    past.push({
      window,
      settledNanoUsd: found?.settledNanoUsd ?? ZERO_USD,
      ...(found?.limitNanoUsd === undefined ? {} : { limitNanoUsd: found.limitNanoUsd }),
      isRunning: false,
    });
    if (found !== undefined) oldestKept = past.length;
  }
  return past.slice(0, oldestKept).reverse();
}
