/**
 * What becomes of a listed price: taken at once, kept for an approval, or told as a warning.
 *
 * Invariant: nothing is made cheaper without an approval. A rise is taken; a fall, a new id, a line
 *            that the price did not have, or a change of more than half waits; zero is never taken.
 */
import { formatUsd, nanoUsd } from './money.ts';
import type { Price } from './price.ts';
import { linesOf, ownLines, type PriceLines, withLines } from './price-lines.ts';
import { idsListed, type LineName, type ListedLine } from './price-listing.ts';

type PriceBody = Omit<Price, 'modelId'>;

/** One line that is listed with another figure than the one that holds. */
export interface LineChange {
  readonly line: LineName;
  /** Absent where the price had no such line. */
  readonly fromNanoUsd?: bigint;
  readonly toNanoUsd: bigint;
}

/** What is listed for one id in one region that is called, and what holds there. */
export interface RegionListing {
  readonly region: string;
  readonly listed: PriceLines;
  /** The catalogue's price, with what was refreshed and without what an operator set. */
  readonly current?: PriceBody;
}

export interface IdListing {
  readonly modelId: string;
  readonly baseModelId: string;
  readonly regions: readonly RegionListing[];
  /** What holds in the called regions that do not list it: an item would hold there too. */
  readonly elsewhere?: readonly PriceBody[];
  /** The refreshed item of this id. */
  readonly refreshed?: Price;
  /** The operator's price that holds for this id. */
  readonly operator?: Price;
}

export const PROPOSAL_REASONS = ['fall', 'new id', 'new line', 'over 50 %'] as const;
export type ProposalReason = (typeof PROPOSAL_REASONS)[number];

export interface PriceProposal {
  /** The lines that wait, as they are listed. */
  readonly lines: PriceLines;
  readonly reasons: readonly ProposalReason[];
  readonly changes: readonly LineChange[];
}

export interface Verdict {
  readonly modelId: string;
  /** Holds from now on; `refreshed` tells whether the one before it had been approved. */
  readonly taken?: { readonly price: PriceBody; readonly changes: readonly LineChange[] };
  readonly proposed?: PriceProposal;
  /** What a person should know, in words. */
  readonly warnings: readonly string[];
}

/** The listed lines by id and region; of a line that is listed twice, the dearer. */
export function collectListings(
  lines: readonly ListedLine[],
  calledRegions: readonly string[],
): ReadonlyMap<string, { baseModelId: string; byRegion: ReadonlyMap<string, PriceLines> }> {
  const byId = new Map<string, { baseModelId: string; byRegion: Map<string, PriceLines> }>();
  for (const listed of lines) {
    for (const region of listed.region === undefined ? calledRegions : [listed.region]) {
      if (!calledRegions.includes(region)) continue;
      for (const modelId of idsListed({ ...listed, region })) {
        const entry = byId.get(modelId) ?? {
          baseModelId: listed.baseModelId,
          byRegion: new Map<string, PriceLines>(),
        };
        const before = entry.byRegion.get(region) ?? {};
        const dearer = larger(before[listed.line] ?? listed.nanoUsd, listed.nanoUsd);
        entry.byRegion.set(region, { ...before, [listed.line]: dearer });
        byId.set(modelId, entry);
      }
    }
  }
  return byId;
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** More than half more, or less than half. */
const isOverHalf = (from: bigint, to: bigint): boolean => 2n * to > 3n * from || 2n * to < from;

/** What becomes of what is listed for one id. */
export function judge(listing: IdListing): Verdict {
  const { modelId } = listing;
  const zeros = listing.regions.flatMap(({ listed }) => zeroLines(listed));
  const warnings = [...new Set(zeros)].map(
    (line) => `${modelId}: ${line} is listed at zero, which is never taken`,
  );
  const regions = listing.regions.map((region) => ({
    ...region,
    listed: withoutZeros(region.listed),
  }));
  const known = regions.filter(({ current }) => current !== undefined);
  if (known.length === 0) return { modelId, proposed: newId(regions), warnings };
  const changes = mergedChanges(known);
  const rises = changes.filter((change) => kindOf(change) === 'rise');
  const waiting = changes
    .filter((change) => kindOf(change) !== 'rise')
    .flatMap((change) => heldEverywhere(listing, change) ?? []);
  const taken = rises.length === 0 ? undefined : takenPrice(listing, known, rises);
  const proposed = waiting.length === 0 ? undefined : proposal(waiting);
  return {
    modelId,
    ...(taken !== undefined && { taken: { price: taken, changes: rises } }),
    ...(proposed !== undefined && { proposed }),
    warnings: [...warnings, ...overridden(listing, regions)],
  };
}

const zeroLines = (lines: PriceLines): string[] =>
  Object.entries(lines).flatMap(([line, amount]) => (amount <= 0n ? [line] : []));

const withoutZeros = (lines: PriceLines): PriceLines =>
  Object.fromEntries(Object.entries(lines).filter(([, amount]) => amount > 0n));

type ChangeKind = 'rise' | ProposalReason;

function kindOf({ fromNanoUsd: from, toNanoUsd: to }: LineChange): ChangeKind {
  if (from === undefined) return 'new line';
  if (isOverHalf(from, to)) return 'over 50 %';
  return to > from ? 'rise' : 'fall';
}

/**
 * One change a line, over all regions: a rise in any of them is one. A fall is one only where the
 * dearest of the regions falls, as an item holds for them all.
 */
function mergedChanges(regions: readonly RegionListing[]): LineChange[] {
  const names = new Set(regions.flatMap(({ listed }) => Object.keys(listed) as LineName[]));
  return [...names].flatMap((line): LineChange[] => {
    const pairs = regions.flatMap(({ listed, current }) => {
      const to = listed[line];
      const from = current === undefined ? undefined : linesOf(current)[line];
      return to === undefined ? [] : [{ from, to }];
    });
    const to = pairs.map((pair) => pair.to).reduce(larger);
    const risen = pairs.filter((pair) => pair.from !== undefined && pair.to > pair.from);
    const [first, ...rest] = risen;
    if (first !== undefined) {
      // The widest rise decides whether it is one that waits.
      const from = rest.reduce(
        (least, pair) => smaller(least, pair.from ?? least),
        first.from ?? 0n,
      );
      return [{ line, fromNanoUsd: from, toNanoUsd: risen.map((pair) => pair.to).reduce(larger) }];
    }
    const before = pairs.flatMap((pair) => (pair.from === undefined ? [] : [pair.from]));
    if (before.length === 0) return [{ line, toNanoUsd: to }];
    const from = before.reduce(larger);
    // The factor of the priority tier is one figure for both lines, so only a rise moves it.
    return to < from && !line.startsWith('priority-')
      ? [{ line, fromNanoUsd: from, toNanoUsd: to }]
      : [];
  });
}

/**
 * The change as an approval of it would hold, which is in every called region: not below what holds
 * where nobody lists the line, if that is more than the change is from, as whoever approves would
 * not see it fall. Undefined where that leaves nothing of a fall.
 */
function heldEverywhere(
  { elsewhere = [], regions }: IdListing,
  change: LineChange,
): LineChange | undefined {
  const { line, fromNanoUsd: from, toNanoUsd: listed } = change;
  const unlisted = regions.flatMap((region) =>
    (region.listed[line] ?? 0n) > 0n ? [] : (region.current ?? []),
  );
  const dearer = [...elsewhere, ...unlisted]
    .map((price) => linesOf(price)[line] ?? 0n)
    .filter((amount) => amount > (from ?? listed));
  const toNanoUsd = dearer.reduce(larger, listed);
  const isUndone = from !== undefined && listed < from && toNanoUsd > from;
  return isUndone ? undefined : { ...change, toNanoUsd };
}

/**
 * What is taken: the lines that rose, on the refreshed price before it or else on the cheapest of
 * the catalogue's, so that no region gets dearer by another's lines.
 */
function takenPrice(
  { refreshed }: IdListing,
  regions: readonly RegionListing[],
  rises: readonly LineChange[],
): PriceBody | undefined {
  const base = refreshed ?? cheapest(regions);
  const lines = Object.fromEntries(rises.map(({ line, toNanoUsd }) => [line, toNanoUsd]));
  return base === undefined ? undefined : withLines(base, lines);
}

/** Of each line the cheapest that holds in any of the regions. */
function cheapest(regions: readonly RegionListing[]): PriceBody | undefined {
  const prices = regions.flatMap(({ current }) => (current === undefined ? [] : [current]));
  const [first] = prices;
  if (first === undefined) return undefined;
  const lines: Record<string, bigint> = {};
  for (const price of prices) {
    for (const [line, amount] of Object.entries(ownLines(price))) {
      lines[line] = smaller(lines[line] ?? amount, amount);
    }
  }
  return withLines(first, lines);
}

function proposal(waiting: readonly LineChange[]): PriceProposal {
  const kinds = new Set(waiting.map(kindOf));
  return {
    lines: Object.fromEntries(waiting.map(({ line, toNanoUsd }) => [line, toNanoUsd])),
    reasons: PROPOSAL_REASONS.filter((reason) => kinds.has(reason)),
    changes: waiting,
  };
}

function newId(regions: readonly RegionListing[]): PriceProposal {
  const lines: Partial<Record<LineName, bigint>> = {};
  for (const { listed } of regions) {
    for (const [name, amount] of Object.entries(listed)) {
      const line = name as LineName;
      lines[line] = larger(lines[line] ?? amount, amount);
    }
  }
  const changes = Object.entries(lines).map(([line, toNanoUsd]) => ({
    line: line as LineName,
    toNanoUsd,
  }));
  return { lines, reasons: ['new id'], changes };
}

/**
 * The price that an approval of these lines makes: they stand in the price that holds, or are the
 * whole price of a new id. Undefined where that is not enough to make a price of.
 */
export function approvedPrice(lines: PriceLines, current?: PriceBody): PriceBody | undefined {
  if (current !== undefined) return withLines(current, lines);
  const { input, output } = lines;
  if (input === undefined || output === undefined) return undefined;
  const tokens = { inputNanoUsdPerMillion: input, outputNanoUsdPerMillion: output };
  return withLines({ version: 'listed', tokens }, lines);
}

/** An operator's price that is below the list may be a negotiated one, or one that got old. */
function overridden(listing: IdListing, regions: readonly RegionListing[]): string[] {
  const { modelId, operator } = listing;
  if (operator === undefined || operator.free === true) return [];
  const own = linesOf(operator);
  const names = new Set(regions.flatMap(({ listed }) => Object.keys(listed) as LineName[]));
  return [...names].flatMap((line) => {
    const mine = own[line];
    const listed = regions
      .flatMap((region) => region.listed[line] ?? [])
      .reduce((a, b) => larger(a, b), 0n);
    if (mine === undefined || listed <= mine) return [];
    return [
      `${modelId}: ${line} is listed at ${formatUsd(nanoUsd(listed))}, and the price set by hand ` +
        `is ${formatUsd(nanoUsd(mine))}: what Bedrock bills may pass the caps`,
    ];
  });
}

/** The same for proposals of the same lines, whatever their order. */
export const fingerprintOf = (lines: PriceLines): string =>
  Object.entries(lines)
    .map(([line, amount]) => `${line}=${amount}`)
    .sort()
    .join(';');

/** `input 3.00 -> 3.30, output (none) -> 16.50`: US dollars a million tokens, or a unit. */
export const changesText = (changes: readonly LineChange[]): string =>
  changes
    .map(({ line, fromNanoUsd: from, toNanoUsd: to }) => {
      const before = from === undefined ? '(none)' : formatUsd(nanoUsd(from));
      return `${line} ${before} -> ${formatUsd(nanoUsd(to))}`;
    })
    .join(', ');
