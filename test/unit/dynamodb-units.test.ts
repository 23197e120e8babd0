/**
 * The rules by which the tests bill DynamoDB, on sizes that were added up by hand.
 */
import { describe, expect, it } from 'vitest';
import { indexWriteUnits, itemBytes, readUnits, writeUnits } from '../helpers/dynamodb-units.ts';

const itemOf = (bytes: number) => ({ a: { S: 'x'.repeat(bytes - 1) } });

describe('the size of an item', () => {
  it.each([
    ['a string: its UTF-8 bytes', { ab: { S: 'é' } }, 4],
    ['a number: a byte for two digits and one more', { n: { N: '12345' } }, 1 + 3 + 1],
    ['a number without the zeros at its ends', { n: { N: '0.00100' } }, 1 + 1 + 1],
    ['a negative number: a byte more', { n: { N: '-12' } }, 1 + 1 + 1 + 1],
    ['zero', { n: { N: '0' } }, 1 + 1],
    ['a boolean: one byte', { b: { BOOL: true } }, 1 + 1],
    ['a list: three, and one for each element', { l: { L: [{ S: 'abc' }] } }, 1 + 3 + 1 + 3],
    ['a map: three, and one for each member', { m: { M: { k: { S: 'v' } } } }, 1 + 3 + 1 + 1 + 1],
  ])('counts %s', (_name, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe('what is billed', () => {
  it('is a write unit for each KB of the larger of the item before and after', () => {
    expect(writeUnits(undefined, itemOf(1_024))).toBe(1);
    expect(writeUnits(itemOf(1_025), itemOf(10))).toBe(2);
    expect(writeUnits(itemOf(10), itemOf(3_000))).toBe(3);
  });

  it('is one write unit for a condition that fails where nothing stands', () => {
    expect(writeUnits(undefined, undefined)).toBe(1);
  });

  it('is a read unit for each 4 KB of what is read together, and at least one', () => {
    expect(readUnits([], true)).toBe(1);
    expect(readUnits([itemOf(2_048), itemOf(2_048)], true)).toBe(1);
    expect(readUnits([itemOf(2_048), itemOf(2_049)], true)).toBe(2);
    expect(readUnits([itemOf(10)], false)).toBe(0.5);
  });

  it('is a write to the index where its key comes, goes or changes', () => {
    const open = { openKey: { S: 'open' } };
    expect(indexWriteUnits(undefined, open, 'openKey')).toBe(1);
    expect(indexWriteUnits(open, open, 'openKey')).toBe(0);
    expect(indexWriteUnits(open, {}, 'openKey')).toBe(1);
    expect(indexWriteUnits(open, { openKey: { S: 'other' } }, 'openKey')).toBe(2);
  });
});
