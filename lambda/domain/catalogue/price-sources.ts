/**
 * What the letters in a row's `sources` stand for, and the day that each list was copied.
 *
 * No page of AWS itself was read: every figure is from a stored copy. Where lists differ, the
 * higher figure stands, and a row's `note` says which. Lists copy one another, so that two which
 * agree prove less than it seems; `high`, `med` and `low` say how far a figure was confirmed.
 */

export type PriceSourceLetter = 'A' | 'G' | 'P' | 'L' | 'M' | 'X';

/** A list of prices as it stood on one day. */
export interface PriceSource {
  readonly name: string;
  /** The day of the copy. */
  readonly asOf: string;
}

export const PRICE_SOURCES: Readonly<Record<PriceSourceLetter, PriceSource>> = {
  A: { name: 'the AWS Price List, as aToy0m0/bedrock-pricing copies it', asOf: '2026-08-21' },
  G: { name: '@pydantic/genai-prices 0.1.8', asOf: '2026-09-23' },
  P: { name: 'Portkey-AI/models', asOf: '2026-08-21' },
  L: { name: "litellm's map, as Prajwalsrinvas/token-tariff copies it", asOf: '2026-08-01' },
  M: { name: 'models.dev', asOf: '2026-07-02' },
  X: { name: 'single public files that quote a rate card', asOf: '2026-09-26' },
};
