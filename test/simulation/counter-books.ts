/**
 * A counter's books as the judge reads them: past the adapter, from the item's attributes alone.
 */
type Item = Readonly<Record<string, unknown>>;

/** Dollars are in nano-dollars. */
export interface Books {
  readonly committed: bigint;
  readonly settled: bigint;
  readonly reservations: ReadonlyMap<string, bigint>;
  readonly expired: ReadonlyMap<string, bigint>;
  readonly inFlight: number;
  readonly cutUntilMs: number;
  readonly isOpen: boolean;
}

const NANO_DIGITS = 9;
/** What stands in place of a reservation that has ended. */
export const TOMBSTONE = 0n;

/** Decimal dollars as nano-dollars. */
export function nano(value: unknown): bigint {
  const text = String(value);
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
  const amount = BigInt(whole + fraction.padEnd(NANO_DIGITS, '0').slice(0, NANO_DIGITS));
  return text.startsWith('-') ? -amount : amount;
}

export function booksOf(item: Item | undefined): Books {
  const reservations = new Map<string, bigint>();
  const expired = new Map<string, bigint>();
  for (const name in item) {
    if (name.startsWith('r:')) reservations.set(name.slice(2), nano(item[name]));
    else if (name.startsWith('x:')) expired.set(name.slice(2), nano(item[name]));
  }
  return {
    committed: nano(item?.committedUsd ?? 0),
    settled: nano(item?.settledUsd ?? 0),
    reservations,
    expired,
    inFlight: Number(String(item?.inFlight ?? 0)),
    cutUntilMs: Number(String(item?.cutUntilMs ?? 0)),
    isOpen: item?.openKey !== undefined,
  };
}

export const counterName = (pk: string, sk: string): string => `${pk}/${sk}`;
export const capIdOf = (counter: string): string => counter.split(/[#/]/)[1] ?? '';

/** Reservations that stand, without tombstones. */
export const standingIn = ({ reservations }: Books): bigint[] =>
  [...reservations.values()].filter((amount) => amount !== TOMBSTONE);

/**
 * What a counter looks like with its dollars left out: two counters of one shape go on in the
 * same ways. `limit` is the newest that its cap has.
 */
export function shapeOf(books: Books, limit: bigint | undefined, smallest: bigint): string {
  const standing = standingIn(books);
  const room = limit === undefined ? 0n : (limit - books.committed) / smallest;
  const roomLeft = room < 0n ? 'over' : room > MOST_ROOM ? 'much' : room.toString();
  return [
    standing.length,
    books.reservations.size - standing.length,
    books.expired.size,
    books.settled === 0n ? 'unspent' : 'spent',
    roomLeft,
    books.cutUntilMs === 0 ? '' : 'cut',
    books.isOpen ? '' : 'closed',
  ].join();
}

const MOST_ROOM = 4n;
