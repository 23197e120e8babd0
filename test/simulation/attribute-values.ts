/**
 * Attribute values as the simulated table keeps them, and their three outer forms: as the document
 * client takes and gives them, marshalled as an exception carries them, and in bytes.
 *
 * Invariant: a value is never changed, so items and copies of the table may share it.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { ExactNumber, parseNumber } from './exact-number.ts';
import { NotModelledError, validationError } from './store-errors.ts';

export interface TextValue {
  readonly type: 'S';
  readonly text: string;
}

/** What expressions only move about and test for equality. */
export interface OpaqueValue {
  readonly type: 'BOOL' | 'NULL' | 'L' | 'M' | 'SS' | 'NS' | 'BS' | 'B';
  readonly marshalled: AttributeValue;
  /** Two values are equal when their types and these texts are. */
  readonly canonical: string;
}

export type Value = ExactNumber | TextValue | OpaqueValue;

/** An item as the document client gives it. */
export type NativeItem = Record<string, unknown>;

/**
 * A value from what a command carries: NumberValue, number, bigint, string, boolean, null, bytes,
 * a set, an array or a plain object. Members that are undefined are left out, as the project's
 * client does.
 *
 * @throws ValidationException where DynamoDB would not take it
 */
export function fromNative(native: unknown): Value {
  if (native instanceof NumberValue) return parseNumber(native.toString());
  if (typeof native === 'string') return { type: 'S', text: native };
  if (typeof native === 'number' || typeof native === 'bigint') return parseNumber(String(native));
  if (typeof native === 'boolean') return opaque('BOOL', { BOOL: native }, String(native));
  if (native === null) return opaque('NULL', { NULL: true }, '');
  if (native instanceof Uint8Array) return fromBytes(native);
  if (native instanceof Set) return fromSet([...native].map(fromNative));
  if (Array.isArray(native)) return fromList(native.filter(isDefined).map(fromNative));
  if (typeof native === 'object' && Object.getPrototypeOf(native) === Object.prototype) {
    return fromEntries(
      Object.entries(native)
        .filter(([, part]) => isDefined(part))
        .map(([name, part]) => [name, fromNative(part)]),
    );
  }
  throw new NotModelledError(`values such as ${String(native)}`);
}

const isDefined = (part: unknown): boolean => part !== undefined;

const opaque = (
  type: OpaqueValue['type'],
  marshalled: AttributeValue,
  canonical: string,
): OpaqueValue => ({ type, marshalled, canonical });

function fromBytes(native: Uint8Array): OpaqueValue {
  const bytes = Uint8Array.from(native);
  return opaque('B', { B: bytes }, Buffer.from(bytes).toString('base64'));
}

function fromList(parts: readonly Value[]): OpaqueValue {
  return opaque('L', { L: parts.map(toMarshalled) }, `[${parts.map(canonicalOf).join()}]`);
}

function fromEntries(entries: readonly (readonly [string, Value])[]): OpaqueValue {
  const sorted = [...entries].sort(([a], [b]) => compareText(a, b));
  return opaque(
    'M',
    { M: marshalledItem(entries) },
    `{${sorted.map(([name, part]) => `${JSON.stringify(name)}:${canonicalOf(part)}`).join()}}`,
  );
}

function fromSet(members: readonly Value[]): OpaqueValue {
  const [first] = members;
  if (first === undefined) {
    throw validationError('One or more parameter values were invalid: a set may not be empty');
  }
  const texts = members.map(canonicalOf);
  if (new Set(texts).size !== texts.length || members.some(({ type }) => type !== first.type)) {
    throw validationError('One or more parameter values were invalid: a set of unlike members');
  }
  const canonical = texts.toSorted().join();
  switch (first.type) {
    case 'N':
      return opaque('NS', { NS: members.map((member) => (member as ExactNumber).text) }, canonical);
    case 'S':
      return opaque('SS', { SS: members.map((member) => (member as TextValue).text) }, canonical);
    default:
      throw new NotModelledError(`sets of ${first.type}`);
  }
}

/** One text for each value, of all types; two equal values have the same. */
function canonicalOf(value: Value): string {
  if (value.type === 'N') return value.text;
  return value.type === 'S' ? JSON.stringify(value.text) : `${value.type}(${value.canonical})`;
}

/** Whether two values are of one type and the same; sets in any order. */
export function areEqual(a: Value, b: Value): boolean {
  if (a instanceof ExactNumber) return b instanceof ExactNumber && a.units === b.units;
  if (a.type === 'S') return b.type === 'S' && a.text === b.text;
  return a.type === b.type && 'canonical' in b && a.canonical === b.canonical;
}

/** Negative, zero or positive as sorting goes; undefined where the two have no common order. */
export function order(a: Value, b: Value): number | undefined {
  if (a instanceof ExactNumber) {
    if (!(b instanceof ExactNumber)) return undefined;
    return a.units < b.units ? -1 : a.units > b.units ? 1 : 0;
  }
  if (a.type === 'S') return b.type === 'S' ? compareText(a.text, b.text) : undefined;
  if (a.type === 'B' && b.type === 'B') throw new NotModelledError('the order of bytes');
  return undefined;
}

/** By the bytes of UTF-8, as DynamoDB sorts strings; JavaScript's order is of UTF-16. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));

/** As the document client gives it with wrapNumbers: numbers are NumberValue. */
export function toNative(value: Value): unknown {
  if (value.type === 'N') return value.native;
  return value.type === 'S' ? value.text : nativeOf(value.marshalled);
}

function nativeOf(marshalled: AttributeValue): unknown {
  if (marshalled.N !== undefined) return NumberValue.from(marshalled.N);
  if (marshalled.S !== undefined) return marshalled.S;
  if (marshalled.BOOL !== undefined) return marshalled.BOOL;
  if (marshalled.NULL !== undefined) return null;
  if (marshalled.B !== undefined) return Uint8Array.from(marshalled.B);
  if (marshalled.SS !== undefined) return new Set(marshalled.SS);
  if (marshalled.NS !== undefined) return new Set(marshalled.NS.map((n) => NumberValue.from(n)));
  if (marshalled.L !== undefined) return marshalled.L.map(nativeOf);
  return Object.fromEntries(
    Object.entries(marshalled.M ?? {}).map(([name, part]) => [name, nativeOf(part)]),
  );
}

/** As the wire and an exception of the SDK carry it. */
export function toMarshalled(value: Value): AttributeValue {
  if (value.type === 'N') return { N: value.text };
  return value.type === 'S' ? { S: value.text } : structuredClone(value.marshalled);
}

/** A whole item as the document client gives it. */
export function nativeItem(attributes: Iterable<readonly [string, Value]>): NativeItem {
  const item: NativeItem = {};
  for (const [name, value] of attributes) item[name] = toNative(value);
  return item;
}

/** A whole item as an exception of the SDK carries it. */
export function marshalledItem(
  attributes: Iterable<readonly [string, Value]>,
): Record<string, AttributeValue> {
  const item: Record<string, AttributeValue> = {};
  for (const [name, value] of attributes) item[name] = toMarshalled(value);
  return item;
}

/**
 * The bytes that a value counts for, its name apart, by the documented rules
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function valueBytes(value: Value): number {
  if (value instanceof ExactNumber) return value.bytes;
  return value.type === 'S' ? Buffer.byteLength(value.text) : marshalledBytes(value.marshalled);
}

const COLLECTION_BYTES = 3;
const ELEMENT_BYTES = 1;

function marshalledBytes(marshalled: AttributeValue): number {
  const sum = (parts: readonly number[]) => parts.reduce((total, part) => total + part, 0);
  if (marshalled.S !== undefined) return Buffer.byteLength(marshalled.S);
  if (marshalled.N !== undefined) return parseNumber(marshalled.N).bytes;
  if (marshalled.B !== undefined) return marshalled.B.byteLength;
  if (marshalled.SS !== undefined) {
    return sum(marshalled.SS.map((member) => Buffer.byteLength(member)));
  }
  if (marshalled.NS !== undefined) {
    return sum(marshalled.NS.map((member) => parseNumber(member).bytes));
  }
  if (marshalled.L !== undefined) {
    return (
      COLLECTION_BYTES + sum(marshalled.L.map((part) => ELEMENT_BYTES + marshalledBytes(part)))
    );
  }
  if (marshalled.M !== undefined) {
    const parts = Object.entries(marshalled.M).map(
      ([name, part]) => ELEMENT_BYTES + Buffer.byteLength(name) + marshalledBytes(part),
    );
    return COLLECTION_BYTES + sum(parts);
  }
  return 1;
}
