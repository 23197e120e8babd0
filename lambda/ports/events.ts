/**
 * Events: what other programs may want to hear of, by names that do not change.
 */
import type { EVENT } from '../contract.ts';

/** `docs/alerts.md` tells each one's detail. */
export type EventName = (typeof EVENT)[keyof typeof EVENT];

/** Flat, with money as decimal dollars and instants as epoch milliseconds. */
export type EventDetail = Readonly<Record<string, string | number>> & {
  /** The same for an event that is told again after a crash. */
  readonly eventId: string;
  /** One line for a person: printable ASCII, at most 100 characters. */
  readonly subject: string;
  /** What a person needs to act: several lines. */
  readonly message: string;
};

export interface Events {
  /**
   * Resolves once the event is where others can hear of it.
   *
   * @throws Error where nobody knows whether it is: it is to be told again, by the same `eventId`
   */
  emit(name: EventName, detail: EventDetail): Promise<void>;
}
