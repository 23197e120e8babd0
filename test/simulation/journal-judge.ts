/**
 * Whether the journal explains the counters: every charge of every reservation, to the nano-dollar.
 *
 * The rule that it reads the journal by is the one that docs/protocol.md gives to people: a
 * request's entry holds for its reservation on each of its counters, but for those that it names
 * as unsettled, at its cost or at what it names for the counter; elsewhere an entry of an expired reservation holds.
 */
import { nano } from './counter-books.ts';

type Item = Readonly<Record<string, unknown>>;

interface RequestEntry {
  readonly reservationId: string;
  readonly costNanoUsd: bigint;
  /** By counter, where they were charged differently. */
  readonly charged: Readonly<Record<string, unknown>>;
  readonly counters: ReadonlySet<string>;
  readonly unsettled: ReadonlySet<string>;
}

/** The journal of one run, by what it explains. */
export interface Journal {
  readonly ofRequests: ReadonlyMap<string, RequestEntry>;
  /** Amounts by counter and reservation. */
  readonly ofExpired: ReadonlyMap<string, bigint>;
}

const namesOf = (value: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(value) ? value.map(String) : []);

export const chargeName = (counter: string, id: string): string => `${counter}|${id}`;

/** Reads every entry; those of refused requests charge nothing. */
export function readJournal(items: Iterable<Item>): Journal {
  const ofRequests = new Map<string, RequestEntry>();
  const ofExpired = new Map<string, bigint>();
  for (const item of items) {
    if (!String(item.pk).startsWith('JOURNAL#') || item.outcome === 'refused') continue;
    const reservationId = String(item.reservationId);
    const costNanoUsd = nano(item.costUsd);
    if (item.outcome === 'expired') {
      const counter = String(item.counter).replace(' ', '/');
      ofExpired.set(chargeName(counter, reservationId), costNanoUsd);
      continue;
    }
    ofRequests.set(String(item.requestId), {
      reservationId,
      costNanoUsd,
      charged: (item.chargedUsd ?? {}) as Readonly<Record<string, unknown>>,
      counters: namesOf(item.counters),
      unsettled: namesOf(item.unsettled),
    });
  }
  return { ofRequests, ofExpired };
}

/** What the journal says was charged; undefined where it says that it does not know. */
export function journalled(
  { ofRequests, ofExpired }: Journal,
  request: string,
  counter: string,
  id: string,
): bigint | undefined {
  const entry = ofRequests.get(request);
  if (entry !== undefined && entry.reservationId === id && entry.counters.has(counter)) {
    if (entry.unsettled.has(counter)) return undefined;
    const own = entry.charged[counter];
    return own === undefined ? entry.costNanoUsd : nano(own);
  }
  return ofExpired.get(chargeName(counter, id)) ?? 0n;
}
