/**
 * A counter's item: how its attributes are named, written and read.
 *
 * Owns:      the attribute names of counters; decimal dollars in, NanoUsd out.
 * Invariant: a number that cannot be read is an error, never zero.
 */
import { NumberValueImpl as NumberValue } from '@aws-sdk/util-dynamodb';
import { HardcapError } from '../../domain/errors.ts';
import { formatUsd, type NanoUsd, parseUsd, ZERO_USD } from '../../domain/money.ts';
import type { ReservationId } from '../../domain/reservation.ts';
import type { CounterState } from '../../ports/ledger.ts';

/** Items as they come from the document client, or raw inside a ConditionalCheckFailed. */
export type CounterItem = Readonly<Record<string, unknown>>;

const RESERVATION_PREFIX = 'r:';
const EXPIRED_PREFIX = 'x:';
const JOURNALLED_PREFIX = 'j:';

/** Reserved dollars of a reservation in flight; zero is a tombstone. */
export const reservationAttribute = (id: ReservationId): string => `${RESERVATION_PREFIX}${id}`;
/** Dollars charged when a reservation expired; a late settle finds them here. */
export const expiredAttribute = (id: ReservationId): string => `${EXPIRED_PREFIX}${id}`;
/** What the journal says of an expired reservation: 1 being told, 2 told. */
export const journalledAttribute = (id: ReservationId): string => `${JOURNALLED_PREFIX}${id}`;

/** The partition of the sparse index that holds every counter still open. */
export const OPEN = 'open';

/** Money as DynamoDB keeps it: an exact decimal number of dollars. */
export const usdNumber = (amount: NanoUsd): NumberValue => NumberValue.from(formatUsd(amount));

/** The decimal text of a number attribute in any of the three shapes the SDK gives it. */
function numberText(attribute: unknown): string | undefined {
  if (attribute instanceof NumberValue) return attribute.toString();
  if (typeof attribute === 'number' || typeof attribute === 'bigint') return String(attribute);
  if (typeof attribute === 'object' && attribute !== null && 'N' in attribute) {
    return String(attribute.N);
  }
  return undefined;
}

/** Dollars of one attribute; undefined where the item has no such attribute. */
export function usdOf(item: CounterItem, attribute: string): NanoUsd | undefined {
  const value = item[attribute];
  if (value === undefined) return undefined;
  const amount = parseUsd(numberText(value) ?? '');
  if (amount === undefined) {
    throw new HardcapError('invariant_broken', `counter attribute ${attribute} is not dollars`, {
      details: { attribute },
    });
  }
  return amount;
}

/** A whole number of one attribute, such as `inFlight`; absent reads as zero. */
export function countOf(item: CounterItem, attribute: string): number {
  const value = item[attribute];
  const count = value === undefined ? 0 : Number(numberText(value));
  if (!Number.isFinite(count)) {
    throw new HardcapError('invariant_broken', `counter attribute ${attribute} is not a number`, {
      details: { attribute },
    });
  }
  return count;
}

/** The books of a counter item. */
export const stateOf = (item: CounterItem): CounterState => ({
  settledNanoUsd: usdOf(item, 'settledUsd') ?? ZERO_USD,
  committedNanoUsd: usdOf(item, 'committedUsd') ?? ZERO_USD,
  inFlight: countOf(item, 'inFlight'),
});

/** `j:<id>` of an expired reservation that the journal tells of. */
export const TOLD = 2;

/** Every reservation that the journal tells of as expired, or that is being told. */
export const journalledOf = (item: CounterItem): ReservationId[] =>
  Object.keys(item)
    .filter((name) => name.startsWith(JOURNALLED_PREFIX))
    .map((name) => name.slice(JOURNALLED_PREFIX.length));

/** A reservation's attribute on a counter. */
export interface StandingAmount {
  readonly id: ReservationId;
  readonly amountNanoUsd: NanoUsd;
}

function amountsUnder(item: CounterItem, prefix: string): StandingAmount[] {
  const found: StandingAmount[] = [];
  for (const name of Object.keys(item)) {
    if (!name.startsWith(prefix)) continue;
    const amountNanoUsd = usdOf(item, name);
    if (amountNanoUsd === undefined) continue;
    found.push({ id: name.slice(prefix.length), amountNanoUsd });
  }
  return found;
}

/** Every reservation attribute of an item, tombstones included. */
export const reservationsOf = (item: CounterItem): StandingAmount[] =>
  amountsUnder(item, RESERVATION_PREFIX);

/** Every reservation that was charged in full when it expired, and not settled since. */
export const expiredOf = (item: CounterItem): StandingAmount[] =>
  amountsUnder(item, EXPIRED_PREFIX);
