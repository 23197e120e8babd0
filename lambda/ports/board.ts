/**
 * What is read for the board of caps: settings, counters, past windows and the journal's end.
 *
 * Invariant: nothing here changes anything.
 */
import type { Cap, MalformedCap } from '../domain/cap.ts';
import type { NanoUsd } from '../domain/money.ts';
import type { CounterKey } from '../domain/reservation.ts';
import type { CounterState } from './ledger.ts';

export interface CapItems {
  /** Every cap, and what is wrong with those that cannot be read. @throws settings_unavailable */
  readAll(): Promise<readonly (Cap | MalformedCap)[]>;
}

/** A window of a counter as it was left. */
export interface PastWindow {
  /** The window id. */
  readonly id: string;
  readonly settledNanoUsd: NanoUsd;
  /** As the gateway last saw it; absent where none was written down. */
  readonly limitNanoUsd?: NanoUsd;
}

export interface CounterReading {
  /** The counters that are open, which are those of running windows and a few older ones. */
  openKeys(): Promise<readonly CounterKey[]>;
  /**
   * The books of counters, strongly read, in their order; undefined where nothing was ever reserved.
   */
  read(counters: readonly CounterKey[]): Promise<readonly (CounterState | undefined)[]>;
  /** The latest windows of one counter and kind that anything is known of, newest first. */
  latestWindows(counterPk: string, kind: string, most: number): Promise<readonly PastWindow[]>;
}

/** What one journal entry shows of itself. */
export interface RecentEntry {
  readonly atMs: number;
  readonly requestId: string;
  readonly keyId: string;
  readonly modelId: string;
  readonly outcome: string;
  readonly reason?: string;
  readonly reservedNanoUsd: NanoUsd;
  readonly costNanoUsd: NanoUsd;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** How many requests it stands for. */
  readonly count: number;
  /** By `counterName`. */
  readonly counters: readonly string[];
}

export interface RecentJournal {
  /** The latest entries of these keys and of expired charges, of today and yesterday by UTC. */
  latest(keyIds: readonly string[], nowMs: number, most: number): Promise<readonly RecentEntry[]>;
}
