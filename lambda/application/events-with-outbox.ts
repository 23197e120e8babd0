/**
 * Events of which nothing else keeps that they are to be told: those of listed prices.
 *
 * A price that rose is taken at once, whether the bus answers or not. What the bus did not take is
 * kept in the ledger, and told by a later run.
 */
import { METRIC } from '../contract.ts';
import type { EventOutbox } from '../ports/event-outbox.ts';
import type { Events } from '../ports/events.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** Events whose `emit` never rejects, and the telling of those that were kept. */
export interface KeptEvents extends Events {
  /** Tells what was kept; stops at the first that is not taken. Never rejects. */
  tellKept(): Promise<void>;
}

/** Tells by `events`, and keeps in `outbox` what these do not take. */
export function createEventsWithOutbox(
  events: Events,
  outbox: EventOutbox,
  telemetry: Telemetry,
): KeptEvents {
  const notDelivered = (what: string, error: unknown) => {
    telemetry.count(METRIC.eventFailures);
    telemetry.error('an event was not delivered, and is told again', {
      what,
      error: String(error),
    });
  };
  return {
    emit: async (name, detail) => {
      try {
        await events.emit(name, detail);
      } catch (error) {
        notDelivered(detail.eventId, error);
        try {
          await outbox.keep({ name, detail });
        } catch (cause) {
          // Neither bus nor ledger: this line is what there is of it.
          const { message: text, ...rest } = detail;
          telemetry.error('an event is lost', { event: name, ...rest, text, why: String(cause) });
        }
      }
    },
    tellKept: async () => {
      try {
        for (const event of await outbox.readSome()) {
          await events.emit(event.name, event.detail);
          await outbox.remove(event);
        }
      } catch (error) {
        telemetry.count(METRIC.eventFailures);
        telemetry.error('events that were kept wait longer', { error: String(error) });
      }
    },
  };
}
