/**
 * A reading that is kept, dated by its start, and shared by all who ask while it is under way.
 *
 * Invariant: what is given began at most `maxAgeMs` before it was asked for; a failed reading is
 *            never kept. Ages are by the wall clock, as an instance may freeze between requests.
 */
import type { Clock } from '../../ports/clock.ts';

export interface Dated<Value> {
  readonly value: Value;
  /** Epoch milliseconds at which the reading began. */
  readonly readAtMs: number;
}

export interface FreshReading<Value> {
  /** The last reading, however old; undefined where there was none or where time ran back. */
  peek(): Dated<Value> | undefined;
  /** A reading that began at most `maxAgeMs` ago: the kept one, the running one or a new one. */
  read(maxAgeMs: number): Promise<Dated<Value>>;
}

/** Wraps `load`, which is called once for any number of readers that come together. */
export function createFreshReading<Value>(
  clock: Clock,
  load: () => Promise<Value>,
): FreshReading<Value> {
  let kept: Dated<Value> | undefined;
  let running: { readonly startedAtMs: number; readonly result: Promise<Dated<Value>> } | undefined;

  // A date in the future is a clock that was set back: its age cannot be known, so it is too old.
  const isFresh = (atMs: number, maxAgeMs: number): boolean => {
    const ageMs = clock.nowMs() - atMs;
    return ageMs >= 0 && ageMs <= maxAgeMs;
  };

  const start = (): Promise<Dated<Value>> => {
    const startedAtMs = clock.nowMs();
    const result = load().then((value) => {
      const reading = { value, readAtMs: startedAtMs };
      // A slow reading that was overtaken must not replace what began after it.
      if (running?.result === result || kept === undefined) kept = reading;
      return reading;
    });
    running = { startedAtMs, result };
    const forget = () => {
      if (running?.result === result) running = undefined;
    };
    result.then(forget, forget);
    return result;
  };

  return {
    peek: () => (kept !== undefined && kept.readAtMs <= clock.nowMs() ? kept : undefined),
    read: (maxAgeMs) => {
      if (kept !== undefined && isFresh(kept.readAtMs, maxAgeMs)) return Promise.resolve(kept);
      if (running !== undefined && isFresh(running.startedAtMs, maxAgeMs)) return running.result;
      return start();
    },
  };
}
