/**
 * A reservation's name and what a holder knows of it.
 *
 * Owns: the id's form. It begins with the second at which it expires, so that a counter's own
 *       attributes tell which of its reservations are stale; no index, no second item.
 */
import type { NanoUsd } from './money.ts';

/** 16 characters: 6 of base-36 expiry seconds, 10 random of base 36. */
export type ReservationId = string & { readonly brand?: 'ReservationId' };

const EXPIRY_CHARACTERS = 6;
const RANDOM_CHARACTERS = 10;
const ID_FORM = /^[0-9a-z]{16}$/;
const BASE = 36;

/**
 * The id of a reservation that may be expired from `expiresAtMs` on.
 *
 * @param random 10 characters of [0-9a-z] from a good source.
 */
export function reservationId(expiresAtMs: number, random: string): ReservationId {
  const seconds = Math.ceil(expiresAtMs / 1000).toString(BASE);
  const id = seconds.padStart(EXPIRY_CHARACTERS, '0') + random;
  if (random.length !== RANDOM_CHARACTERS || !ID_FORM.test(id)) {
    throw new RangeError(`not a reservation id: ${id}`);
  }
  return id;
}

/** Epoch milliseconds from which this reservation is stale; undefined where it is no id. */
export const expiresAtMs = (id: ReservationId): number | undefined =>
  ID_FORM.test(id) ? Number.parseInt(id.slice(0, EXPIRY_CHARACTERS), BASE) * 1000 : undefined;

/** A counter: one cap's (and split value's) books of one window. */
export interface CounterKey {
  /** `COUNTER#<capId>[#<split value>]` */
  readonly pk: string;
  /** The window id. */
  readonly sk: string;
}

/** What a request holds on one counter between reserve and settle. */
export interface CounterHold {
  readonly counter: CounterKey;
  readonly reservationId: ReservationId;
  readonly reservedNanoUsd: NanoUsd;
  /** An attempt to write it had no answer: it may still arrive, so its end leaves a tombstone. */
  readonly ambiguous: boolean;
  /** More than what is reserved: an extension to it is under way, or had no answer. */
  readonly extendingToNanoUsd?: NanoUsd;
}

/** The most that may stand for a hold on its counter. */
export const mostHeld = ({ reservedNanoUsd, extendingToNanoUsd }: CounterHold): NanoUsd =>
  extendingToNanoUsd ?? reservedNanoUsd;
