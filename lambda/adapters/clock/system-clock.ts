/**
 * The Clock port on the machine's own clock and randomness.
 */
import { randomInt } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep,
  // After the callbacks of this turn, among them those that write to sockets.
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
  randomCharacters: (count) => {
    let text = '';
    for (let i = 0; i < count; i += 1) text += ALPHABET[randomInt(ALPHABET.length)];
    return text;
  },
};

/** Not by node:timers/promises: every request waits for its deadline in vain, and that would make
 * an error with a stack of each such end. */
function sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
