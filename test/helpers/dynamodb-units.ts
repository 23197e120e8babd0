/**
 * What DynamoDB bills for one operation, in request units, by the rules that its guide gives.
 *
 * Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 * Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 * Index: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** An item as it goes over the wire. */
export type WireItem = Readonly<Record<string, AttributeValue>>;

const BYTES_A_WRITE_UNIT = 1_024;
const BYTES_A_READ_UNIT = 4_096;
const COLLECTION_BYTES = 3;
const ELEMENT_BYTES = 1;

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Bytes of an item that are billed: of its names and its values. */
export const itemBytes = (item: WireItem): number =>
  sum(Object.entries(item).map(([name, value]) => utf8Bytes(name) + valueBytes(value)));

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return utf8Bytes(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.BOOL !== undefined || value.NULL !== undefined) return 1;
  if (value.SS !== undefined) return sum(value.SS.map(utf8Bytes));
  if (value.NS !== undefined) return sum(value.NS.map(numberBytes));
  if (value.BS !== undefined) return sum(value.BS.map((bytes) => bytes.byteLength));
  if (value.L !== undefined) {
    return COLLECTION_BYTES + sum(value.L.map((each) => ELEMENT_BYTES + valueBytes(each)));
  }
  const members = Object.entries(value.M ?? {});
  const each = ([name, member]: [string, AttributeValue]) =>
    ELEMENT_BYTES + utf8Bytes(name) + valueBytes(member);
  return COLLECTION_BYTES + sum(members.map(each));
}

/** One byte for two significant digits, and one more; a sign takes another. */
function numberBytes(decimal: string): number {
  const [mantissa = ''] = decimal.replace('-', '').split(/e/i);
  const digits = mantissa.replace('.', '').replace(/^0+|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (decimal.startsWith('-') ? 1 : 0);
}

/**
 * Write units of one PutItem, UpdateItem or DeleteItem: by the larger of the item before and after.
 * A failed condition is billed by what stood there.
 */
export const writeUnits = (before: WireItem | undefined, after: WireItem | undefined): number =>
  Math.max(1, ...[before, after].map((item) => unitsOf(item, BYTES_A_WRITE_UNIT)));

/** Read units of one GetItem or Query; half of them where it is only eventually consistent. */
export const readUnits = (items: readonly WireItem[], isConsistent: boolean): number => {
  const bytes = sum(items.map(itemBytes));
  return Math.max(1, Math.ceil(bytes / BYTES_A_READ_UNIT)) * (isConsistent ? 1 : 0.5);
};

/**
 * Further write units for an index of keys alone: one where the item enters or leaves it, none
 * where its key in the index stays what it was.
 */
export function indexWriteUnits(
  before: WireItem | undefined,
  after: WireItem | undefined,
  indexKey: string,
): number {
  const was = before?.[indexKey]?.S;
  const is = after?.[indexKey]?.S;
  if (was === is) return 0;
  return (was === undefined ? 0 : 1) + (is === undefined ? 0 : 1);
}

const unitsOf = (item: WireItem | undefined, bytesAUnit: number): number =>
  item === undefined ? 0 : Math.ceil(itemBytes(item) / bytesAUnit);
