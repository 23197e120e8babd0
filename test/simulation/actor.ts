/**
 * One process of the world: it may die, stand frozen, or have its clock moved.
 *
 * Invariant: every await of the code that runs in it ends by `deliver`; so a dead one goes no
 *            further, and a frozen one goes on when it thaws.
 */
import type { Clock } from '../../lambda/ports/clock.ts';
import type { Scheduler } from './scheduler.ts';
import type { Random } from './seeded-random.ts';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

export class Actor {
  readonly name: string;
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  #isDead = false;
  #frozenUntilMs = 0;
  #skewMs = 0;
  #hurts = 0;
  #awaits = 0;
  #requests = 0;
  #diesAtAwait = Number.POSITIVE_INFINITY;

  constructor(name: string, scheduler: Scheduler, random: Random) {
    this.name = name;
    this.#scheduler = scheduler;
    this.clock = {
      nowMs: () => scheduler.nowMs + this.#skewMs,
      elapsedMs: () => scheduler.nowMs,
      sleep: (durationMs, signal) => this.#sleep(durationMs, signal),
      nextTurn: async () => undefined,
      randomCharacters: (count) =>
        Array.from({ length: count }, () => ALPHABET[random.int(ALPHABET.length)]).join(''),
    };
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** How many awaits have ended in it. */
  get awaits(): number {
    return this.#awaits;
  }

  /** Whether nothing has befallen it: no fault of its calls, no wrong clock, no freeze, no death. */
  get isWell(): boolean {
    return !this.#isDead && this.#hurts === 0 && this.#skewMs === 0 && this.#frozenUntilMs === 0;
  }

  /** A call of it is about to go wrong. */
  hurt(): void {
    this.#hurts += 1;
  }

  /** Numbers its requests of the table, from 1. */
  nextRequest(): number {
    this.#requests += 1;
    return this.#requests;
  }

  die(): void {
    this.#isDead = true;
  }

  /** Dies in place of ending its await of this number. */
  dieAtAwait(number: number): void {
    this.#diesAtAwait = number;
  }

  freeze(durationMs: number): void {
    this.#frozenUntilMs = this.#scheduler.nowMs + durationMs;
  }

  /** Moves its wall clock; its steady clock goes on. */
  moveClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Ends an await of this process: now, at its thaw, or never. */
  deliver(run: () => void): void {
    if (this.#isDead) return;
    const frozenMs = this.#frozenUntilMs - this.#scheduler.nowMs;
    if (frozenMs > 0) {
      this.#scheduler.after(frozenMs, () => this.deliver(run));
      return;
    }
    this.#awaits += 1;
    if (this.#awaits >= this.#diesAtAwait) {
      this.#isDead = true;
      return;
    }
    run();
  }

  #sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#scheduler.after(durationMs, () => {
        signal?.removeEventListener('abort', abort);
        this.deliver(resolve);
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
