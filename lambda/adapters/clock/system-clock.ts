/**
 * The Clock port on the machine's own clock and randomness.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    sleep(durationMs, undefined, signal === undefined ? {} : { signal }),
  randomCharacters: (count) => {
    let text = '';
    for (let i = 0; i < count; i += 1) text += ALPHABET[randomInt(ALPHABET.length)];
    return text;
  },
};
