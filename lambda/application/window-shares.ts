/**
 * The largest shares of a window by name, and all others as one, so that a summary's size is bound.
 */
import { addUsd } from '../domain/money.ts';
import type { Share, Shares } from '../ports/ledger.ts';

/** Twice fifty names of at most 256 characters are a tenth of what an item may hold. */
const MAX_NAMED = 50;
const MAX_NAME_LENGTH = 256;

/** The dearest first; of equal ones the name decides, so that two runs name the same. */
export function sharesOf(shares: ReadonlyMap<string, Share>): Shares {
  const ordered = [...shares].sort(([nameA, a], [nameB, b]) =>
    a.settledNanoUsd === b.settledNanoUsd
      ? compare(nameA, nameB)
      : compare(b.settledNanoUsd, a.settledNanoUsd),
  );
  const named = ordered.filter(([name]) => isNameable(name)).slice(0, MAX_NAMED);
  const names = new Map(named);
  const rest = ordered.filter(([name]) => !names.has(name)).map(([, share]) => share);
  return { named: names, ...(rest.length === 0 ? {} : { others: rest.reduce(both) }) };
}

const compare = (a: string | bigint, b: string | bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const isNameable = (name: string): boolean => name !== '' && name.length <= MAX_NAME_LENGTH;

const both = (a: Share, b: Share): Share => ({
  settledNanoUsd: addUsd(a.settledNanoUsd, b.settledNanoUsd),
  requests: a.requests + b.requests,
});
