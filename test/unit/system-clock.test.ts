/**
 * The machine's own clock: a wait ends in time or by its signal, and leaves nothing behind.
 */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';

const LONG_MS = 60_000;
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('a sleep', () => {
  it('ends when its time is over, and does not listen to its signal any more', async () => {
    const { signal } = new AbortController();

    await systemClock.sleep(1, signal);

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is ended by its signal with the reason that it gives, and leaves no timer', async () => {
    const before = timers();
    const waking = new AbortController();
    const asleep = systemClock.sleep(LONG_MS, waking.signal);
    expect(timers()).toBe(before + 1);

    waking.abort('enough');

    await expect(asleep).rejects.toBe('enough');
    // Others' may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('does not begin where its signal has aborted', async () => {
    const before = timers();

    await expect(systemClock.sleep(LONG_MS, AbortSignal.abort('late'))).rejects.toBe('late');
    // Others' may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

it('the next turn comes after all that this one has put off', async () => {
  const order: string[] = [];
  const turn = systemClock.nextTurn().then(() => order.push('next turn'));
  process.nextTick(() => {
    order.push('tick');
    queueMicrotask(() => order.push('microtask'));
  });
  await turn;

  expect(order).toEqual(['tick', 'microtask', 'next turn']);
});
