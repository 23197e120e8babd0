/**
 * A Clock whose time moves only when a test moves it; nothing in it waits on the machine.
 */
import type { Clock } from '../../lambda/ports/clock.ts';

/** 2026-03-02T12:00:00Z: a Monday in no zone's change of clocks. */
export const NOON_MS = Date.UTC(2026, 2, 2, 12);

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export interface VirtualClock extends Clock {
  /** Moves time on and wakes every sleeper that is due, earliest first. */
  advance(durationMs: number): void;
  /** How many sleeps have not ended. */
  readonly sleepers: number;
}

export interface VirtualClockOptions {
  readonly startMs?: number;
  /** True (default): a sleep ends at once and moves no time. False: it waits for `advance`. */
  readonly sleepsAtOnce?: boolean;
}

interface Sleeper {
  readonly dueMs: number;
  wake(): void;
}

/** A clock at `startMs` (default NOON_MS); its random characters count up and never repeat. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const { startMs = NOON_MS, sleepsAtOnce = true } = options;
  let nowMs = startMs;
  let drawn = 0;
  const sleepers = new Set<Sleeper>();

  const sleep = (durationMs: number, signal?: AbortSignal): Promise<void> => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (sleepsAtOnce) return new Promise((resolve) => setImmediate(resolve));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { dueMs: nowMs + durationMs, wake: resolve };
    sleepers.add(sleeper);
    signal?.addEventListener('abort', () => {
      sleepers.delete(sleeper);
      reject(signal.reason);
    });
    return promise;
  };

  return {
    nowMs: () => nowMs,
    elapsedMs: () => nowMs - startMs,
    sleep,
    nextTurn: async () => undefined,
    randomCharacters: (count) => {
      drawn += 1;
      return drawn.toString(ALPHABET.length).padStart(count, '0').slice(-count);
    },
    advance: (durationMs) => {
      nowMs += durationMs;
      const due = [...sleepers].filter(({ dueMs }) => dueMs <= nowMs);
      for (const sleeper of due.sort((a, b) => a.dueMs - b.dueMs)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    get sleepers() {
      return sleepers.size;
    },
  };
}
