/**
 * DynamoDB's numbers: exact decimals of at most 38 digits, as a bigint of fixed decimals.
 *
 * Invariant: nothing is rounded. What this form cannot hold exactly is an error, never a number.
 */
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { NotModelledError, validationError } from './store-errors.ts';

/** Digits after the point; money needs nine. DynamoDB itself goes down to 1E-130. */
const DECIMALS = 20;
const MAX_DIGITS = 38;
/** DynamoDB's largest magnitude is 9.99...E+125. */
const MAX_INTEGER_DIGITS = 126;
/** The largest amount of units that surely has at most 38 digits. */
const SURELY_SHORT = 10n ** BigInt(MAX_DIGITS);

const ZERO = '0'.charCodeAt(0);
const PLAIN = /^([+-]?)(\d*)(?:\.(\d*))?$/;
const SCIENTIFIC = /^([^eE]+)[eE]([+-]?\d{1,3})$/;

/** A number attribute; its outer forms are made when they are first asked for, and then kept. */
export class ExactNumber {
  readonly type = 'N';
  /** The number times 10^20. */
  readonly units: bigint;
  #text: string | undefined;
  #native: NumberValue | undefined;
  #bytes: number | undefined;

  constructor(units: bigint) {
    this.units = units;
  }

  /** The shortest plain decimal text, as the store answers it: "12.5", "0.000000001". */
  get text(): string {
    this.#text ??= textOf(this.units);
    return this.#text;
  }

  /** As the document client gives it; frozen, as many items may share it. */
  get native(): NumberValue {
    this.#native ??= Object.freeze(NumberValue.from(this.text));
    return this.#native;
  }

  /**
   * The bytes that DynamoDB's size rule counts: one, and one for each two digits as they lie in
   * pairs from the point on, and one for a sign.
   */
  get bytes(): number {
    this.#bytes ??= bytesOf(this);
    return this.#bytes;
  }
}

/**
 * The number of a decimal text, plain or with an exponent.
 *
 * @throws ValidationException where it is no number or has more than 38 digits
 * @throws NotModelledError where it is finer than 1E-20
 */
export function parseNumber(text: string): ExactNumber {
  let number = parsed.get(text);
  if (number === undefined) {
    number = readNumber(text);
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(text, number);
  }
  return number;
}

const MAX_PARSED = 10_000;
/** The same amounts come again and again, in every condition and every end of a reservation. */
const parsed = new Map<string, ExactNumber>();

function readNumber(text: string): ExactNumber {
  const scientific = SCIENTIFIC.exec(text);
  const [, mantissa = text, exponent = '0'] = scientific ?? [];
  const plain = PLAIN.exec(mantissa);
  const [, sign, whole = '', fraction = ''] = plain ?? [];
  if (plain === null || whole + fraction === '') {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const shift = DECIMALS - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : shiftedDown(digits, -shift, text);
  return checked(new ExactNumber(sign === '-' ? -magnitude : magnitude));
}

function shiftedDown(digits: bigint, places: number, text: string): bigint {
  const divisor = 10n ** BigInt(places);
  if (digits % divisor !== 0n) throw new NotModelledError(`numbers finer than 1E-20 (${text})`);
  return digits / divisor;
}

/** @throws ValidationException where the sum has more than 38 digits. */
export const add = (a: ExactNumber, b: ExactNumber): ExactNumber =>
  checked(new ExactNumber(a.units + b.units));

/** @throws ValidationException where the difference has more than 38 digits. */
export const subtract = (a: ExactNumber, b: ExactNumber): ExactNumber =>
  checked(new ExactNumber(a.units - b.units));

function bytesOf({ text, units }: ExactNumber): number {
  if (units === 0n) return 1;
  const { digits, exponent } = significant(text);
  const splitPairs = digits % 2 === 0 && exponent % 2 === 0 ? 1 : 0;
  return 1 + Math.ceil(digits / 2) + splitPairs + (units < 0n ? 1 : 0);
}

function checked(number: ExactNumber): ExactNumber {
  if (number.units < SURELY_SHORT && number.units > -SURELY_SHORT) return number;
  const { digits, exponent } = significant(number.text);
  if (exponent >= MAX_INTEGER_DIGITS) {
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  if (digits > MAX_DIGITS) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
  return number;
}

/** How many digits there are without zeros at the ends, and the power of ten of the first. */
function significant(text: string): { digits: number; exponent: number } {
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  const point = unsigned.indexOf('.');
  const whole = point === -1 ? unsigned : unsigned.slice(0, point);
  const all = point === -1 ? unsigned : whole + unsigned.slice(point + 1);
  let first = 0;
  while (all[first] === '0') first += 1;
  let last = all.length - 1;
  while (all[last] === '0') last -= 1;
  return { digits: last - first + 1, exponent: whole.length - 1 - first };
}

function textOf(units: bigint): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(DECIMALS + 1, '0');
  const point = digits.length - DECIMALS;
  let end = digits.length;
  while (end > point && digits.charCodeAt(end - 1) === ZERO) end -= 1;
  const whole = sign + digits.slice(0, point);
  return end === point ? whole : `${whole}.${digits.slice(point, end)}`;
}
