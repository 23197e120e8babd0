/**
 * Several places that hear of events, one after another.
 */
import type { Events } from '../../ports/events.ts';

/** Each event goes to a place only once the place before it has it, so that none hears twice of
 * what the first one did not take. */
export const createEventsInTurn = (places: readonly Events[]): Events => ({
  emit: async (name, detail) => {
    for (const place of places) await place.emit(name, detail);
  },
});
