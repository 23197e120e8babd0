/**
 * What the refresh of prices reads and writes: refreshed prices, proposals and its own progress.
 */
import type { MalformedPrice, Price } from '../domain/price.ts';
import type { PriceLines } from '../domain/price-lines.ts';
import type { PriceListing } from '../domain/price-listing.ts';
import type { LineChange, PriceProposal, ProposalReason } from '../domain/price-policy.ts';

/** How far the refresh is. A pass is named by its UTC date, `2026-11-24`. */
export interface RefreshState {
  /** The last pass that ended, and when. */
  readonly finishedPass?: string;
  readonly finishedAtMs?: number;
}

/** A proposal that waits, or that was rejected and is not told again. */
export interface KeptProposal {
  readonly modelId: string;
  readonly status: 'waiting' | 'rejected';
  readonly lines: PriceLines;
  readonly reasons: readonly ProposalReason[];
  readonly changes: readonly LineChange[];
  /** ISO 8601. */
  readonly listedAt: string;
}

export interface PriceBook {
  readState(): Promise<RefreshState>;
  /**
   * Takes the pass for this run until `leaseUntilMs`; false where it has ended or another run has
   * it. One conditional write, so that two runs do not both work.
   */
  claim(pass: string, nowMs: number, leaseUntilMs: number): Promise<boolean>;
  /** Lets the next run take the pass at `atMs`. */
  yieldUntil(pass: string, atMs: number): Promise<void>;
  finish(pass: string, nowMs: number): Promise<void>;
  /** What the parts of this pass gave, by part id. */
  readListings(pass: string): Promise<ReadonlyMap<string, PriceListing>>;
  writeListing(pass: string, partId: string, listing: PriceListing): Promise<void>;

  readPrices(): Promise<ReadonlyMap<string, Price | MalformedPrice>>;
  /** Refreshed prices by id, also where an operator's stands before them. */
  readRefreshed(): Promise<ReadonlyMap<string, Price>>;
  readProposals(): Promise<ReadonlyMap<string, KeptProposal>>;
  /** False, and nothing written, where the gateway could not read it: a figure out of bounds. */
  writeRefreshed(price: Price, changes: readonly LineChange[], nowMs: number): Promise<boolean>;
  writeProposal(modelId: string, proposal: PriceProposal, nowMs: number): Promise<void>;
  removeProposal(modelId: string): Promise<void>;
}
