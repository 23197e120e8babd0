/**
 * A price as named lines and back: for comparing prices line by line and for showing them.
 *
 * Invariant: a line that a price leaves to another one (a cached token billed as input) has the
 *            other's figure here, as that is what it costs.
 */
import { divCeil } from './money.ts';
import { type Price, type TokenPrices, tokenRates } from './price.ts';
import { type LineName, TOKEN_LINES, type TokenLine } from './price-listing.ts';
import { UNITS, type Unit } from './unit.ts';

/** Nano-dollars for a million tokens, or for one unit. */
export type PriceLines = Readonly<Partial<Record<LineName, bigint>>>;

/** Every line that a price has, those that follow another one included. */
export function linesOf(price: Omit<Price, 'modelId'>): PriceLines {
  const { tokens, longContext, priority, units = {} } = price;
  const lines: Partial<Record<LineName, bigint>> = {};
  const base = tokenLines(tokens);
  if (tokens.inputNanoUsdPerMillion > 0n) Object.assign(lines, base);
  if (tokens.outputNanoUsdPerMillion === 0n) delete lines.output;
  if (longContext !== undefined) {
    for (const [line, amount] of Object.entries(tokenLines(longContext.tokens))) {
      lines[`long-${line as TokenLine}`] = amount;
    }
  }
  if (priority !== undefined) {
    const { numerator, denominator } = priority;
    lines['priority-input'] = divCeil(base.input * numerator, denominator);
    lines['priority-output'] = divCeil(base.output * numerator, denominator);
  }
  return { ...lines, ...units };
}

/**
 * The lines that a price tells itself: none that follows another one, and no factor's. To be put
 * into a price again: a line that follows must go on following.
 */
export function ownLines(price: Omit<Price, 'modelId'>): PriceLines {
  const { tokens, longContext } = price;
  const follows = (line: string): boolean => {
    const lines = line.startsWith('long-') ? longContext?.tokens : tokens;
    switch (line.replace('long-', '')) {
      case 'cache-read':
        return lines?.cacheReadNanoUsdPerMillion === undefined;
      case 'cache-write-5m':
        return lines?.cacheWrite5mNanoUsdPerMillion === undefined;
      case 'cache-write-1h':
        return lines?.cacheWrite1hNanoUsdPerMillion === undefined;
      default:
        return line.startsWith('priority-');
    }
  };
  return Object.fromEntries(Object.entries(linesOf(price)).filter(([line]) => !follows(line)));
}

const tokenLines = (tokens: TokenPrices): Record<TokenLine, bigint> => {
  const rates = tokenRates(tokens);
  return {
    input: rates.input,
    output: tokens.outputNanoUsdPerMillion,
    'cache-read': rates.cacheRead,
    'cache-write-5m': rates.cacheWrite5m,
    'cache-write-1h': rates.cacheWrite1h,
  };
};

/**
 * The price with these lines in place of its own. Undefined where a long-context line comes to a
 * price whose threshold nobody has told.
 */
export function withLines<P extends Omit<Price, 'modelId'>>(
  price: P,
  lines: PriceLines,
): P | undefined {
  const isLong = TOKEN_LINES.some((line) => lines[`long-${line}`] !== undefined);
  if (isLong && price.longContext === undefined) return undefined;
  const tokens = withTokenLines(price.tokens, lines, '');
  const priority = priorityOf(price, lines, tokens);
  const units = Object.fromEntries(
    UNITS.flatMap((unit: Unit) => {
      const amount = lines[unit] ?? price.units?.[unit];
      return amount === undefined ? [] : [[unit, amount]];
    }),
  );
  return {
    ...price,
    tokens,
    ...(price.longContext && {
      longContext: {
        ...price.longContext,
        tokens: withTokenLines(price.longContext.tokens, lines, 'long-'),
      },
    }),
    ...(priority && { priority }),
    units,
  };
}

function withTokenLines(tokens: TokenPrices, lines: PriceLines, prefix: '' | 'long-'): TokenPrices {
  const read = lines[`${prefix}cache-read`] ?? tokens.cacheReadNanoUsdPerMillion;
  const write5m = lines[`${prefix}cache-write-5m`] ?? tokens.cacheWrite5mNanoUsdPerMillion;
  const write1h = lines[`${prefix}cache-write-1h`] ?? tokens.cacheWrite1hNanoUsdPerMillion;
  return {
    inputNanoUsdPerMillion: lines[`${prefix}input`] ?? tokens.inputNanoUsdPerMillion,
    outputNanoUsdPerMillion: lines[`${prefix}output`] ?? tokens.outputNanoUsdPerMillion,
    ...(read !== undefined && { cacheReadNanoUsdPerMillion: read }),
    ...(write5m !== undefined && { cacheWrite5mNanoUsdPerMillion: write5m }),
    ...(write1h !== undefined && { cacheWrite1hNanoUsdPerMillion: write1h }),
  };
}

/** The factor that gives no priority line less than is listed. */
function priorityOf(
  price: Omit<Price, 'modelId'>,
  lines: PriceLines,
  tokens: TokenPrices,
): Price['priority'] {
  let dearest = price.priority;
  for (const [listed, base] of [
    [lines['priority-input'], tokens.inputNanoUsdPerMillion],
    [lines['priority-output'], tokens.outputNanoUsdPerMillion],
  ] as const) {
    if (listed === undefined || base === 0n || listed < base) continue;
    const isDearer =
      dearest === undefined || listed * dearest.denominator > dearest.numerator * base;
    if (isDearer) dearest = { numerator: listed, denominator: base };
  }
  return dearest;
}
