/**
 * How long something still takes, for the eye: to the minute, rounded up.
 */

const MINUTE_MS = 60_000;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;

/** `3d4h`, `3h12m` or `12m` from one instant to a later one, both in epoch milliseconds. */
export function timeLeft(nowMs: number, thenMs: number): string {
  const minutes = Math.ceil((thenMs - nowMs) / MINUTE_MS);
  const hours = Math.floor(minutes / MINUTES_PER_HOUR);
  const days = Math.floor(hours / HOURS_PER_DAY);
  if (days > 0) return `${days}d${hours % HOURS_PER_DAY}h`;
  if (hours > 0) return `${hours}h${minutes % MINUTES_PER_HOUR}m`;
  return `${minutes}m`;
}
