/**
 * DynamoDB's numbers, exactly: decimal text in, decimal text out.
 *
 * Not here: exponents and the bound of 38 digits; nothing that the ledger writes has either.
 */

interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const DECIMAL = /^(-?\d+)(?:\.(\d+))?$/;

function parse(text: string): Decimal {
  const [, whole, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`not a plain decimal number: ${text}`);
  return { units: BigInt(whole + fraction), scale: fraction.length };
}

const atScale = ({ units, scale }: Decimal, wanted: number): bigint =>
  units * 10n ** BigInt(wanted - scale);

function format(units: bigint, scale: number): string {
  if (scale === 0) return String(units);
  const sign = units < 0n ? '-' : '';
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0');
  const fraction = digits.slice(-scale).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -scale)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The sum, as the shortest plain decimal text. */
export function addDecimals(a: string, b: string): string {
  const [left, right] = [parse(a), parse(b)];
  const scale = Math.max(left.scale, right.scale);
  return format(atScale(left, scale) + atScale(right, scale), scale);
}

/** The first less the second. */
export const subtractDecimals = (a: string, b: string): string =>
  addDecimals(a, b.startsWith('-') ? b.slice(1) : `-${b}`);

/** Negative, zero or positive, as the first is less than, equal to or greater than the second. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  const scale = Math.max(left.scale, right.scale);
  const difference = atScale(left, scale) - atScale(right, scale);
  return difference < 0n ? -1 : Number(difference > 0n);
}
