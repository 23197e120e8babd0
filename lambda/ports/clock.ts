/**
 * Time and randomness as the application needs them, so that a test or a simulation can own both.
 */
export interface Clock {
  /** Epoch milliseconds by the wall; never used for safety, only to name windows and ages. */
  nowMs(): number;
  /** Milliseconds of a steady clock, for durations. */
  elapsedMs(): number;
  /** Resolves after this many milliseconds; rejects with the signal's reason when it aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Resolves when what is ready to go out has gone: at once, where nothing is. */
  nextTurn(): Promise<void>;
  /** That many characters of [0-9a-z], unpredictable. */
  randomCharacters(count: number): string;
}
