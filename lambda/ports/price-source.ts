/**
 * Where listed prices come from, in parts that are each read within seconds.
 */
import type { PriceListing } from '../domain/price-listing.ts';

/** One part of a source, such as one region of a price list. */
export interface PricePart {
  /** Names it for good: what was read is kept under it. 1 to 128 characters. */
  readonly id: string;
  /**
   * Reads it.
   *
   * @throws Error that says what was asked and why it failed; it holds no token and no address
   */
  read(signal: AbortSignal): Promise<PriceListing>;
}

export interface PriceSource {
  /** The parts for these models and regions, in the order to read them. */
  parts(models: readonly ModelToList[], regions: readonly string[]): readonly PricePart[];
}

/** A base model whose price is looked for. */
export interface ModelToList {
  readonly baseModelId: string;
  readonly vendor: string;
}
