/**
 * Events: what other programs may want to hear of, by names that do not change.
 */

/** `docs/rollover.md` and `docs/prices.md` tell each one's detail. */
export type EventName =
  | 'hardcap.window.closed'
  | 'hardcap.window.corrected'
  | 'hardcap.cap.threshold'
  | 'hardcap.prices.changed'
  | 'hardcap.prices.proposed';

/** Flat, with money as decimal dollars and instants as epoch milliseconds. */
export type EventDetail = Readonly<Record<string, string | number>> & {
  /** The same for an event that is told again after a crash. */
  readonly eventId: string;
};

export interface Events {
  emit(name: EventName, detail: EventDetail): void;
}
