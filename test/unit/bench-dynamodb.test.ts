import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../bench/dynamodb/condition-expression.ts';
import { addDecimals, compareDecimals, subtractDecimals } from '../../bench/dynamodb/decimal.ts';
import { compileUpdate } from '../../bench/dynamodb/update-expression.ts';

const EMPTY = { item: {}, names: {}, values: {} };

describe("the benchmark's DynamoDB", () => {
  it('adds, subtracts and compares decimals exactly', () => {
    expect(addDecimals('0.1', '0.2')).toBe('0.3');
    expect(addDecimals('0.000000001', '999999999999.999999999')).toBe('1000000000000');
    expect(subtractDecimals('0.1', '0.3')).toBe('-0.2');
    expect(subtractDecimals('1', '-0.5')).toBe('1.5');
    expect(compareDecimals('1.10', '1.1')).toBe(0);
    expect(compareDecimals('-2', '1')).toBe(-1);
    expect(compareDecimals('10', '9.9')).toBe(1);
  });

  it('binds and more tightly than or', () => {
    const condition = compileCondition('attribute_exists(a) and a = :x or attribute_not_exists(b)');
    const input = { ...EMPTY, values: { ':x': { N: '1' } } };

    expect(condition({ ...input, item: { a: { N: '1' }, b: { N: '1' } } })).toBe(true);
    expect(condition({ ...input, item: { a: { N: '2' }, b: { N: '1' } } })).toBe(false);
    expect(condition({ ...input, item: { a: { N: '2' } } })).toBe(true);
  });

  it('never finds an absent attribute less than, equal to or greater than a value', () => {
    const input = { ...EMPTY, values: { ':x': { N: '1' } } };
    for (const comparison of ['=', '<', '<=', '>', '>=']) {
      expect(compileCondition(`a ${comparison} :x`)(input)).toBe(false);
    }
  });

  it('reads every operand of an update from the item as it was before', () => {
    const update = compileUpdate('SET a = b, b = a + :one REMOVE c');
    const item = { a: { N: '1' }, b: { N: '5' }, c: { S: 'x' } };

    expect(update({ item, names: {}, values: { ':one': { N: '1' } } })).toEqual([
      ['a', { N: '5' }],
      ['b', { N: '2' }],
      ['c', undefined],
    ]);
  });

  it('refuses an expression that it would not evaluate as DynamoDB does', () => {
    expect(() => compileCondition('begins_with(a, :x)')).toThrow(RangeError);
    expect(() => compileCondition('a.b = :x')).toThrow(RangeError);
    expect(() => compileCondition('a in (:x)')).toThrow(RangeError);
    expect(() => compileUpdate('SET a = list_append(a, :x)')).toThrow(RangeError);
    expect(() => compileUpdate('DELETE a :x')).toThrow(RangeError);
  });
});
