/**
 * Events that the bus did not take and that nothing else would tell again.
 */
import type { EventDetail, EventName } from './events.ts';

export interface KeptEvent {
  readonly name: EventName;
  readonly detail: EventDetail;
}

export interface EventOutbox {
  /** Keeps an event until it is removed; the same `eventId` is kept once. */
  keep(event: KeptEvent): Promise<void>;
  /** Those that are kept, at most a hundred. */
  readSome(): Promise<readonly KeptEvent[]>;
  remove(event: KeptEvent): Promise<void>;
}
