/**
 * What every part of a rollover run has in hand: its ports, its report, and how it names a counter.
 */
import type { Cap } from '../domain/cap.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { WindowClock } from '../domain/window.ts';
import type { CapList } from '../ports/cap-list.ts';
import type { Clock } from '../ports/clock.ts';
import type { Events } from '../ports/events.ts';
import type { KeyList } from '../ports/key-list.ts';
import type { LedgerMaintenance, OpenCounter } from '../ports/ledger.ts';
import type { MalformedList } from '../ports/malformed-list.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { ToldMarks } from '../ports/told-marks.ts';
import type { EndedSpan, JournalSums } from './journal-sums.ts';

export interface RolloverPorts {
  readonly maintenance: LedgerMaintenance;
  readonly caps: CapList;
  readonly keys: KeyList;
  /** Of one process, from run to run. */
  readonly journal: JournalSums;
  /** Absent: nothing is told, so no threshold is marked and no window is closed. */
  readonly events?: Events;
  /** Absent: malformed settings are not looked for. */
  readonly malformed?: { readonly list: MalformedList; readonly marks: ToldMarks };
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What one run did. */
export interface RolloverReport {
  counters: number;
  expired: number;
  /** Expired charges that the journal tells of now. */
  journalled: number;
  /** Expired charges that were settled late, and that the journal does not charge any more. */
  corrected: number;
  tombstonesRemoved: number;
  thresholdsTold: number;
  /** Settings that cannot be read, told now or before; undefined where nobody looked. */
  settingsMalformed?: number;
  /** Events that were not delivered; the next run tells them. */
  eventsFailed: number;
  /** Windows of which a summary was written, corrected ones included. */
  windowsSummarised: number;
  /** Ended windows that wait for the journal to be read whole, or for time. */
  windowsWaiting: number;
  countersClosed: number;
  countersPruned: number;
  /** Counters whose books do not add up. */
  broken: number;
  /** Counters that could not be worked on; the next run tries them again. */
  failed: number;
  /** False where the caps could not be read: no threshold was told. */
  capsRead: boolean;
  /** False where the time ended before the last counter or window. */
  complete: boolean;
}

export const emptyReport = (): RolloverReport => ({
  counters: 0,
  expired: 0,
  journalled: 0,
  corrected: 0,
  tombstonesRemoved: 0,
  thresholdsTold: 0,
  eventsFailed: 0,
  windowsSummarised: 0,
  windowsWaiting: 0,
  countersClosed: 0,
  countersPruned: 0,
  broken: 0,
  failed: 0,
  capsRead: true,
  complete: true,
});

/** One run: its ports, what it has read of the settings, and what it reports. */
export interface RolloverRun {
  readonly ports: RolloverPorts;
  /** By cap id. */
  readonly caps: ReadonlyMap<string, Cap>;
  readonly report: RolloverReport;
  readonly windows: WindowClock;
  /** Windows to be summarised once all counters were looked at. */
  readonly due: DueWindow[];
  /** Counters of which a threshold is to be told; they are closed no sooner. */
  readonly reached: ReachedCounter[];
}

/** A counter that has reached thresholds of its cap which are not told. */
export interface ReachedCounter {
  readonly open: OpenCounter;
  readonly cap: Cap;
  readonly limitNanoUsd: NanoUsd;
  /** Ascending. */
  readonly percents: readonly number[];
}

/** A window that has ended, and its counter as it was read. */
export interface DueWindow extends EndedSpan {
  readonly open: OpenCounter;
}

/** A counter in a log line. */
export const named = ({ counter }: OpenCounter) => ({ counter: counter.pk, window: counter.sk });

const COUNTER_PREFIX = 'COUNTER#';

/** Whose counter it is, from its key. A cap id holds no `#`. */
export function ownerOf({ counter }: OpenCounter): {
  readonly capId: string;
  readonly split?: string;
} {
  const [capId = '', ...split] = counter.pk.slice(COUNTER_PREFIX.length).split('#');
  return split.length === 0 ? { capId } : { capId, split: split.join('#') };
}
