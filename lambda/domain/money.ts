/**
 * Money: whole nano-dollars as a branded bigint, decimal dollars at the edges.
 *
 * Invariant: no float ever holds money; every division rounds up, against the caller.
 */

declare const nanoUsdBrand: unique symbol;

/** An amount in nano-dollars: 1 USD = 1_000_000_000. May be negative only as a difference. */
export type NanoUsd = bigint & { readonly [nanoUsdBrand]: true };

export const NANO_USD_PER_USD = 1_000_000_000n;
const FRACTION_DIGITS = 9;

/** The largest amount that people may enter, in whole dollars: a typing error, not a cap. */
export const MAX_USD = 1_000_000_000n;

/** Brands a whole number of nano-dollars. */
export const nanoUsd = (amount: bigint): NanoUsd => amount as NanoUsd;

export const ZERO_USD: NanoUsd = nanoUsd(0n);
/** The least that a reservation holds, so that a free model's is not read as a tombstone. */
export const MIN_RESERVATION: NanoUsd = nanoUsd(1n);

export const addUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => nanoUsd(a + b);
export const subtractUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => nanoUsd(a - b);
export const maxUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => (a > b ? a : b);
export const minUsd = (a: NanoUsd, b: NanoUsd): NanoUsd => (a < b ? a : b);
export const sumUsd = (amounts: Iterable<NanoUsd>): NanoUsd => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return nanoUsd(total);
};

/** The quotient rounded up; both operands must not be negative and the divisor not zero. */
export function divCeil(dividend: bigint, divisor: bigint): bigint {
  if (dividend < 0n || divisor <= 0n) {
    throw new RangeError(`divCeil takes dividend >= 0 and divisor > 0: ${dividend} / ${divisor}`);
  }
  return (dividend + divisor - 1n) / divisor;
}

const DECIMAL_USD = /^(-?)(\d{1,18})(?:\.(\d{1,9}))?$/;
const SCIENTIFIC = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/;

/**
 * Reads decimal dollars ("12.50", "0.000000001", DynamoDB's "1E-9") exactly.
 *
 * @returns undefined where the text is not a number or is finer than a nano-dollar.
 */
export function parseUsd(text: string): NanoUsd | undefined {
  const plain = DECIMAL_USD.exec(text) ?? DECIMAL_USD.exec(expandExponent(text) ?? '');
  if (plain === null) return undefined;
  const [, sign, whole = '0', fraction = ''] = plain;
  const amount =
    BigInt(whole) * NANO_USD_PER_USD + BigInt(fraction.padEnd(FRACTION_DIGITS, '0') || '0');
  return nanoUsd(sign === '-' ? -amount : amount);
}

/** DynamoDB may answer small numbers in scientific notation; this writes them out. */
function expandExponent(text: string): string | undefined {
  const match = SCIENTIFIC.exec(text);
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > 40) return undefined;
  const point = whole.length + exponent;
  const digits = (whole + fraction).padStart(whole.length + fraction.length + 40, '0');
  const shiftedPoint = point + 40;
  const padded = digits.padEnd(shiftedPoint, '0');
  const integerPart = padded.slice(0, shiftedPoint).replace(/^0+(?=\d)/, '');
  const fractionPart = padded.slice(shiftedPoint).replace(/0+$/, '');
  return sign + (integerPart || '0') + (fractionPart ? `.${fractionPart}` : '');
}

/** Decimal dollars with as many digits as are needed and at least two: "12.50". */
export function formatUsd(amount: NanoUsd): string {
  const absolute = amount < 0n ? -amount : amount;
  const whole = absolute / NANO_USD_PER_USD;
  const fraction = (absolute % NANO_USD_PER_USD).toString().padStart(FRACTION_DIGITS, '0');
  const shown = fraction.replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0n ? '-' : ''}${whole}.${shown}`;
}
