/**
 * How a process of local mode ends: by a first signal in order, by a later one at once.
 */

/**
 * A key press and npm both deliver the same signal, within milliseconds; a second one that a
 * person means comes later.
 */
const SAME_SIGNAL_WITHIN_MS = 500;

/** Runs `close` at the first SIGINT or SIGTERM and leaves then: 0, or 1 where it failed. */
export function closeOnSignal(close: () => Promise<void>): void {
  let firstAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (firstAtMs !== undefined) {
      if (nowMs - firstAtMs > SAME_SIGNAL_WITHIN_MS) process.exit(1);
      return;
    }
    firstAtMs = nowMs;
    process.stderr.write(`${signal}: finishing what is in flight; again to leave at once\n`);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`hardcap: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
