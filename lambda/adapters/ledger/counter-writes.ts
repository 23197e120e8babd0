/**
 * The ledger's conditional writes: the only update and condition expressions of the project.
 *
 *                          extend
 *                           | |
 *   (nothing) --reserve--> r:id --settle/release--> (nothing, or a tombstone r:id = 0)
 *                           |
 *                         expire --> x:id --late settle--> tombstone
 *
 * Each is one UpdateItem on one counter: atomic, safe to repeat, and its own record.
 * Invariant: committedUsd = settledUsd + the sum of r:*. Only `committedUsd` is ever tested.
 *            `ends` grows with every write but reserve and extend, which settle nothing, so that it
 *            orders a counter's books.
 */
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import { type NanoUsd, subtractUsd, ZERO_USD } from '../../domain/money.ts';
import type { ReservationId } from '../../domain/reservation.ts';
import {
  expiredAttribute,
  journalledAttribute,
  OPEN,
  reservationAttribute,
  TOLD,
  usdNumber,
} from './counter-item.ts';

/** What an attribute may be set to. */
export type WrittenValue =
  | NumberValue
  | string
  | { readonly [name: string]: NumberValue | string | WrittenValue };

/** The part of an UpdateItem that says what is written and when. */
export interface CounterWrite {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, WrittenValue>;
}

const ONE = NumberValue.from('1');
const MINUS_ONE = NumberValue.from('-1');
const ZERO = usdNumber(ZERO_USD);

/** Every end of a reservation is counted, and so is a cost above what was reserved. */
const countEnd = (end: EndWrite): string =>
  `ADD ends :one${end.costNanoUsd > end.reservedNanoUsd ? ', overruns :one' : ''}`;

const neitherWritten = 'attribute_not_exists(#r) and attribute_not_exists(#x)';
const hasRoom = '(attribute_not_exists(committedUsd) or committedUsd <= :limitMinusA)';
const notCut = '(attribute_not_exists(cutUntilMs) or cutUntilMs < :now)';
const fewInFlight = '(attribute_not_exists(inFlight) or inFlight < :maxInFlight)';

/** Every reserve counts itself there, and nothing takes it away. */
const wasReservedOn = 'attribute_exists(requests)';

const names = (id: ReservationId) => ({
  '#r': reservationAttribute(id),
  '#x': expiredAttribute(id),
});

export interface ReserveWrite {
  readonly id: ReservationId;
  readonly amountNanoUsd: NanoUsd;
  /** Absent: written without the limit condition (a warn cap). */
  readonly limitNanoUsd?: NanoUsd;
  readonly shownLimitNanoUsd: NanoUsd;
  /** Refused where nothing was ever reserved on the counter. */
  readonly mustExist?: boolean;
  readonly nowMs: number;
  readonly maxInFlight: number;
}

/** Reserve. The caller has tested amount <= limit: an absent counter would admit any amount. */
export function reserveWrite(reserve: ReserveWrite): CounterWrite {
  const bounded = reserve.limitNanoUsd !== undefined;
  const limitValues = bounded
    ? {
        ':limitMinusA': usdNumber(
          subtractUsd(reserve.limitNanoUsd ?? ZERO_USD, reserve.amountNanoUsd),
        ),
        ':now': NumberValue.from(String(reserve.nowMs)),
        ':maxInFlight': NumberValue.from(String(reserve.maxInFlight)),
      }
    : {};
  return {
    UpdateExpression:
      'ADD requests :one ' +
      'SET #r = :a, committedUsd = if_not_exists(committedUsd, :zero) + :a, ' +
      'settledUsd = if_not_exists(settledUsd, :zero), ' +
      'inFlight = if_not_exists(inFlight, :zero) + :one, ' +
      'openKey = if_not_exists(openKey, :open), limitUsd = :shownLimit',
    ConditionExpression:
      neitherWritten +
      (bounded ? ` and ${hasRoom} and ${notCut} and ${fewInFlight}` : '') +
      (reserve.mustExist === true ? ` and ${wasReservedOn}` : ''),
    ExpressionAttributeNames: names(reserve.id),
    ExpressionAttributeValues: {
      ':a': usdNumber(reserve.amountNanoUsd),
      ':zero': ZERO,
      ':one': ONE,
      ':open': OPEN,
      ':shownLimit': usdNumber(reserve.shownLimitNanoUsd),
      ...limitValues,
    },
  };
}

export interface ExtendWrite {
  readonly id: ReservationId;
  /** What stands. */
  readonly fromNanoUsd: NanoUsd;
  readonly toNanoUsd: NanoUsd;
  readonly limitNanoUsd: NanoUsd;
}

/**
 * Extend. Not kept out by `cutUntilMs`: that keeps out whoever sends a cut request again, and one
 * cut would else cut every other stream of its counter, though there is room for them.
 */
export function extendWrite({
  id,
  fromNanoUsd,
  toNanoUsd,
  limitNanoUsd,
}: ExtendWrite): CounterWrite {
  const delta = subtractUsd(toNanoUsd, fromNanoUsd);
  return {
    UpdateExpression: 'SET #r = :new, committedUsd = committedUsd + :delta',
    ConditionExpression: '#r = :old and committedUsd <= :limitMinusDelta',
    ExpressionAttributeNames: { '#r': reservationAttribute(id) },
    ExpressionAttributeValues: {
      ':old': usdNumber(fromNanoUsd),
      ':new': usdNumber(toNanoUsd),
      ':delta': usdNumber(delta),
      ':limitMinusDelta': usdNumber(subtractUsd(limitNanoUsd, delta)),
    },
  };
}

export interface EndWrite {
  readonly id: ReservationId;
  readonly reservedNanoUsd: NanoUsd;
  readonly costNanoUsd: NanoUsd;
  /** Leave r:id = 0, so that a reserve still under way finds it and fails. */
  readonly tombstone: boolean;
  /** Refuse new reservations on this counter until then. */
  readonly cutUntilMs?: number;
}

const cutClause = (end: EndWrite) =>
  end.cutUntilMs === undefined
    ? { set: '', values: {} }
    : {
        set: ', cutUntilMs = :cutUntil',
        values: { ':cutUntil': NumberValue.from(String(end.cutUntilMs)) },
      };

/** Settle; a release is a settle at zero. */
export function settleWrite(end: EndWrite): CounterWrite {
  const cut = cutClause(end);
  const change = subtractUsd(end.costNanoUsd, end.reservedNanoUsd);
  return {
    UpdateExpression:
      `${countEnd(end)} ` +
      'SET committedUsd = committedUsd + :change, settledUsd = settledUsd + :cost, ' +
      `inFlight = inFlight - :one${cut.set}${end.tombstone ? ', #r = :zero' : ' REMOVE #r'}`,
    ConditionExpression: '#r = :a',
    ExpressionAttributeNames: { '#r': reservationAttribute(end.id) },
    ExpressionAttributeValues: {
      ':a': usdNumber(end.reservedNanoUsd),
      ':cost': usdNumber(end.costNanoUsd),
      ':change': usdNumber(change),
      ':one': ONE,
      ...(end.tombstone ? { ':zero': ZERO } : {}),
      ...cut.values,
    },
  };
}

/** A settle that comes after the reservation was expired at its full amount. */
export function lateSettleWrite(end: EndWrite): CounterWrite {
  const cut = cutClause(end);
  return {
    UpdateExpression:
      `${countEnd(end)}, expired :minusOne ` +
      'SET committedUsd = committedUsd + :change, settledUsd = settledUsd + :change, ' +
      `#r = :zero${cut.set} REMOVE #x`,
    ConditionExpression: '#x = :a',
    ExpressionAttributeNames: names(end.id),
    ExpressionAttributeValues: {
      ':a': usdNumber(end.reservedNanoUsd),
      ':change': usdNumber(subtractUsd(end.costNanoUsd, end.reservedNanoUsd)),
      ':one': ONE,
      ':minusOne': MINUS_ONE,
      ':zero': ZERO,
      ...cut.values,
    },
  };
}

/**
 * A tombstone where nothing was written: a reserve that arrives late finds it and fails. It opens
 * the counter, so that the rollover function finds the tombstone once it can go.
 */
export const fenceWrite = (id: ReservationId): CounterWrite => ({
  UpdateExpression: 'ADD ends :one SET #r = :zero, openKey = if_not_exists(openKey, :open)',
  ConditionExpression: neitherWritten,
  ExpressionAttributeNames: names(id),
  ExpressionAttributeValues: { ':zero': ZERO, ':one': ONE, ':open': OPEN },
});

/** Charges a stale reservation in full; committedUsd stays, as it held the amount already. */
export const expireWrite = (id: ReservationId, amountNanoUsd: NanoUsd): CounterWrite => ({
  UpdateExpression:
    'ADD ends :one, expired :one ' +
    'SET settledUsd = settledUsd + :a, #x = :a, inFlight = inFlight - :one REMOVE #r',
  ConditionExpression: '#r = :a',
  ExpressionAttributeNames: names(id),
  ExpressionAttributeValues: { ':a': usdNumber(amountNanoUsd), ':one': ONE },
});

/**
 * Removes what an ended reservation left: a tombstone, or the note of an expired charge; neither
 * while the journal has still to be told of it, or corrected.
 */
export const removeTombstoneWrite = (id: ReservationId): CounterWrite => ({
  UpdateExpression: 'REMOVE #r, #x, #j',
  ConditionExpression:
    '(#r = :zero and attribute_not_exists(#j)) or ' +
    '(attribute_not_exists(#r) and attribute_exists(#x) and #j = :told)',
  ExpressionAttributeNames: { ...names(id), '#j': journalledAttribute(id) },
  ExpressionAttributeValues: { ':zero': ZERO, ':told': NumberValue.from(String(TOLD)) },
});
