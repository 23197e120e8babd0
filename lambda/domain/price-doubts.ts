/**
 * What looks wrong about a price that someone enters: a figure for another unit than is asked for.
 *
 * Not here: figures that no list comes near, which are malformed (adapters/settings/price-item.ts).
 */
import { priceRow } from './catalogue/priced-row.ts';
import { CATALOGUE_ROWS, CATALOGUE_VERSION } from './catalogue/rows.ts';
import { formatUsd, nanoUsd } from './money.ts';
import type { Price } from './price.ts';
import { linesOf, ownLines, type PriceLines } from './price-lines.ts';
import type { LineName } from './price-listing.ts';

/** How many times more or less than the catalogue's a line may be without a question. */
const MOST_TIMES = 10n;

interface Range {
  readonly least: bigint;
  readonly most: bigint;
}

/** The cheapest and the dearest of each line over the whole catalogue. */
const RANGES: ReadonlyMap<string, Range> = catalogueRanges();

function catalogueRanges(): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const row of CATALOGUE_ROWS) {
    for (const { price } of priceRow(row, CATALOGUE_VERSION).offers) {
      for (const [line, amount] of Object.entries(linesOf(price))) {
        const { least, most } = ranges.get(line) ?? { least: amount, most: amount };
        ranges.set(line, {
          least: amount < least ? amount : least,
          most: amount > most ? amount : most,
        });
      }
    }
  }
  return ranges;
}

/**
 * What is to be asked before this price is set, in words; empty where nothing looks wrong.
 *
 * @param catalogue the price that the catalogue has for the same id, where it has one
 */
export function doubtsOf(price: Price, catalogue?: Price): readonly string[] {
  if (price.free === true) return [];
  const known = catalogue === undefined ? {} : linesOf(catalogue);
  return Object.entries(ownLines(price)).flatMap(([line, amount]) =>
    lineDoubts(line as LineName, amount, known),
  );
}

function lineDoubts(line: LineName, amount: bigint, known: PriceLines): string[] {
  const shown = `${line} ${usd(amount)}`;
  const ours = known[line];
  if (ours !== undefined && ours > 0n) {
    if (amount > ours * MOST_TIMES) return [`${shown} is more than 10 times ${usd(ours)}, ${LIST}`];
    if (amount * MOST_TIMES < ours) {
      return [`${shown} is less than a tenth of ${usd(ours)}, ${LIST}`];
    }
  }
  const range = RANGES.get(line);
  if (range === undefined) return [];
  if (amount > range.most)
    return [`${shown} is more than the dearest of all models, ${usd(range.most)}`];
  if (amount >= range.least) return [];
  return [`${shown} is less than the cheapest of all models, ${usd(range.least)}`];
}

const LIST = "the catalogue's price of this model";
const usd = (amount: bigint): string => formatUsd(nanoUsd(amount));
