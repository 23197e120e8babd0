/**
 * Rules of the simulated table one by one: those that the reference cannot show, and those that
 * random scripts would seldom meet.
 */
import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  GetCommand,
  NumberValue,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { sdkErrorOf } from './sdk-answers.ts';
import { createSimulatedTable, type SimulatedTable } from './simulated-table.ts';
import { NotModelledError } from './store-errors.ts';

const Key = { pk: 'P', sk: 'S' };
const number = (text: string): NumberValue => NumberValue.from(text);

const tableWith = (attributes: Record<string, unknown>): SimulatedTable => {
  const table = createSimulatedTable();
  table.apply(new PutCommand({ TableName: 'ledger', Item: { ...Key, ...attributes } }));
  return table;
};
const update = (members: Omit<UpdateCommandInput, 'TableName' | 'Key'>): UpdateCommand =>
  new UpdateCommand({ TableName: 'ledger', Key, ...members });
const setting = (UpdateExpression: string, values: Record<string, unknown> = {}): UpdateCommand =>
  update({
    UpdateExpression,
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  });
const numberOf = (table: SimulatedTable, name: string): string =>
  String(table.item(Key.pk, Key.sk)?.[name]);

function errorOf(table: SimulatedTable, command: UpdateCommand): unknown {
  try {
    table.apply(command);
    return undefined;
  } catch (error) {
    return error;
  }
}

const isTrue = (
  table: SimulatedTable,
  ConditionExpression: string,
  values?: Record<string, unknown>,
): boolean => {
  const error = errorOf(
    table,
    update({
      ConditionExpression,
      ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
    }),
  );
  if (error === undefined) return true;
  if (error instanceof ConditionalCheckFailedException) return false;
  throw error;
};

describe('a refusal of the simulated table', () => {
  const command = update({
    ConditionExpression: 'committedUsd <= :room',
    ExpressionAttributeValues: { ':room': number('1') },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

  it('is the exception that the SDK makes of the answer, with the item as it came', async () => {
    const table = tableWith({ committedUsd: number('12.5'), tags: new Set(['a']), m: { b: true } });
    const fromSdk = await sdkErrorOf(
      {
        __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
        message: 'The conditional request failed',
        Item: {
          pk: { S: 'P' },
          sk: { S: 'S' },
          committedUsd: { N: '12.5' },
          tags: { SS: ['a'] },
          m: { M: { b: { BOOL: true } } },
        },
      },
      command,
    );

    const error = errorOf(table, command);

    expect(fromSdk).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(shapeOf(error)).toEqual(shapeOf(fromSdk));
  });

  it('carries no item where none was asked for, or none stood there', () => {
    const { ReturnValuesOnConditionCheckFailure: _asked, ...unasked } = command.input;
    const standing = tableWith({ committedUsd: number('2') });

    const refusals = [
      errorOf(standing, new UpdateCommand(unasked)),
      errorOf(createSimulatedTable(), command),
    ];

    for (const refusal of refusals) {
      expect(refusal).toBeInstanceOf(ConditionalCheckFailedException);
      expect(shapeOf(refusal).Item).toBeUndefined();
    }
  });

  it('is a ValidationException as the SDK makes it for a request of no meaning', async () => {
    const fromSdk = await sdkErrorOf(
      { __type: 'com.amazon.coral.validate#ValidationException', message: 'no' },
      setting('SET n = :undefined'),
    );

    const error = errorOf(createSimulatedTable(), setting('SET n = :undefined'));

    expect(fromSdk).toBeInstanceOf(DynamoDBServiceException);
    expect(error).toBeInstanceOf(DynamoDBServiceException);
    expect({ ...shapeOf(error), message: 'no' }).toEqual(shapeOf(fromSdk));
  });

  it('leaves the item as it was, whatever came before the fault in the expression', () => {
    const table = tableWith({ n: number('1') });

    const error = errorOf(table, setting('SET n = :two, m = absent REMOVE x', { ':two': 2 }));

    expect(error).toHaveProperty('name', 'ValidationException');
    expect(table.item('P', 'S')).toEqual({ ...Key, n: number('1') });
  });
});

/** What the adapters can see of an error. */
function shapeOf(error: unknown) {
  const { name, message, $fault, $metadata, Item } = error as ConditionalCheckFailedException;
  return { name, message, $fault, status: $metadata.httpStatusCode, Item };
}

describe('numbers of the simulated table', () => {
  it('are exact to 38 digits and come back as plain decimals', () => {
    const table = tableWith({ n: number('123456789012345678901234567.89012345678'), m: 1e-7 });

    table.apply(setting('SET n = n + :least', { ':least': number('0.00000000001') }));

    expect(numberOf(table, 'n')).toBe('123456789012345678901234567.89012345679');
    expect(numberOf(table, 'm')).toBe('0.0000001');
    expect(table.item('P', 'S')?.n).toBeInstanceOf(NumberValue);
  });

  it('refuse a sum of more than 38 digits', () => {
    const table = tableWith({ n: number('9'.repeat(38)) });

    const error = errorOf(table, setting('SET n = n + :x', { ':x': number('0.1') }));

    expect(error).toHaveProperty('name', 'ValidationException');
  });

  it('are not rounded where they are too fine to be held', () => {
    const table = createSimulatedTable();

    const error = errorOf(table, setting('SET n = :x', { ':x': number('1E-21') }));

    expect(error).toBeInstanceOf(NotModelledError);
  });
});

describe('an update of the simulated table', () => {
  it('reads on every right-hand side what stood before it', () => {
    const table = tableWith({ a: 1, b: 2 });

    table.apply(setting('SET a = b, b = a, c = a ADD d :one REMOVE e', { ':one': 1 }));

    expect(['a', 'b', 'c', 'd'].map((name) => numberOf(table, name))).toEqual(['2', '1', '1', '1']);
  });

  it('answers what ReturnValues asks for', () => {
    const asked = (ReturnValues: NonNullable<UpdateCommandInput['ReturnValues']>) => {
      const table = tableWith({ n: 1, m: 5, gone: 'g' });
      const input = setting('SET n = n + :one REMOVE gone', { ':one': 1 }).input;
      return table.apply(new UpdateCommand({ ...input, ReturnValues })).Attributes;
    };

    expect(asked('NONE')).toBeUndefined();
    expect(asked('UPDATED_NEW')).toEqual({ n: number('2') });
    expect(asked('UPDATED_OLD')).toEqual({ n: number('1'), gone: 'g' });
    expect(asked('ALL_NEW')).toEqual({ ...Key, n: number('2'), m: number('5') });
    expect(asked('ALL_OLD')).toEqual({ ...Key, n: number('1'), m: number('5'), gone: 'g' });
  });
});

describe('a condition of the simulated table', () => {
  it('finds an absent attribute unequal to every value, and in no order with any', () => {
    const table = tableWith({ n: 1 });
    const one = { ':one': 1 };

    expect(isTrue(table, 'absent <> :one', one)).toBe(true);
    for (const comparator of ['=', '<', '<=', '>', '>=']) {
      expect(isTrue(table, `absent ${comparator} :one`, one), comparator).toBe(false);
      expect(isTrue(table, `absent ${comparator} nowhere`), comparator).toBe(false);
    }
    expect(isTrue(table, 'absent <> nowhere')).toBe(false);
    expect(isTrue(table, 'not absent = :one', one)).toBe(true);
  });

  it('compares numbers as numbers, and never with strings', () => {
    const table = tableWith({ n: number('9'), s: '9' });

    expect(isTrue(table, 'n < :ten', { ':ten': number('10') })).toBe(true);
    expect(isTrue(table, 's < :ten', { ':ten': '10' })).toBe(false);
    expect(isTrue(table, 'n = :nine', { ':nine': number('9.000') })).toBe(true);
    expect(isTrue(table, 's = :nine', { ':nine': 9 })).toBe(false);
    expect(isTrue(table, 's <= :nine', { ':nine': 9 })).toBe(false);
  });

  it('orders strings by their bytes in UTF-8', () => {
    const table = tableWith({ s: '\uFFFD' });

    expect(isTrue(table, 's < :later', { ':later': '\u{1F600}' })).toBe(true);
  });

  it('finds sets, lists and maps equal whatever the order of their names and members', () => {
    const table = tableWith({ few: new Set(['a', 'b']), doc: { a: [1, 'x'], b: { c: null } } });

    expect(isTrue(table, 'few = :v', { ':v': new Set(['b', 'a']) })).toBe(true);
    expect(isTrue(table, 'few = :v', { ':v': new Set(['b']) })).toBe(false);
    expect(isTrue(table, 'doc = :v', { ':v': { b: { c: null }, a: [number('1.0'), 'x'] } })).toBe(
      true,
    );
    expect(isTrue(table, 'doc = :v', { ':v': { b: { c: null }, a: ['x', 1] } })).toBe(false);
  });

  it('binds NOT before AND, and AND before OR', () => {
    const table = tableWith({ n: 1 });
    const yes = 'attribute_exists(n)';
    const no = 'attribute_not_exists(n)';

    expect(isTrue(table, `${yes} OR ${yes} AND ${no}`)).toBe(true);
    expect(isTrue(table, `(${yes} OR ${yes}) AND ${no}`)).toBe(false);
    expect(isTrue(table, `NOT ${yes} AND ${no}`)).toBe(false);
    expect(isTrue(table, `NOT (${yes} AND ${no})`)).toBe(true);
  });
});

describe('a copy of the simulated table', () => {
  const change = setting('SET n = n + :one', { ':one': 1 });

  it('and its original change apart', () => {
    const table = tableWith({ n: 1, openKey: 'open' });

    const copy = table.clone();
    copy.apply(change);
    table.apply(new DeleteCommand({ TableName: 'ledger', Key }));

    expect([...table.items()]).toEqual([]);
    expect([...copy.items()]).toEqual([{ ...Key, n: number('2'), openKey: 'open' }]);
    expect(openKeysOf(copy)).toEqual([{ ...Key, openKey: 'open' }]);
    expect(openKeysOf(table)).toEqual([]);
  });

  it('shares nothing with what was given and what was answered', () => {
    const given = { list: ['a'], bytes: Uint8Array.of(1) };
    const table = tableWith({ given });
    given.list.push('b');
    given.bytes[0] = 2;

    const answered = table.item('P', 'S')?.given as typeof given;
    answered.list.push('c');
    answered.bytes[0] = 3;

    const refusal = errorOf(
      table,
      update({
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    shapeOf(refusal).Item?.given?.M?.list?.L?.push({ S: 'd' });

    expect(table.item('P', 'S')?.given).toEqual({ list: ['a'], bytes: Uint8Array.of(1) });
  });

  it('keeps the sizes of its items', () => {
    const table = tableWith({ text: 'x'.repeat(400 * 1024 - 20) });

    const error = errorOf(table.clone(), setting('SET more = :x', { ':x': 'x'.repeat(20) }));

    expect(error).toHaveProperty('name', 'ValidationException');
  });
});

const openKeysOf = (table: SimulatedTable) =>
  table.apply(
    new QueryCommand({
      TableName: 'ledger',
      IndexName: 'open',
      KeyConditionExpression: 'openKey = :open',
      ExpressionAttributeValues: { ':open': 'open' },
    }),
  ).Items;

describe('what the simulated table does not know', () => {
  const one = { ':one': 1 };

  it.each([
    ['a path into a document', setting('SET m.n = :one', one)],
    ['a place in a list', setting('REMOVE l[0]')],
    ['list_append', setting('SET l = list_append(l, :l)', { ':l': [] })],
    ['DELETE of a set', setting('DELETE s :s', { ':s': new Set(['a']) })],
    ['ADD of a set', setting('ADD s :s', { ':s': new Set(['a']) })],
    ['size', update({ ConditionExpression: 'size(n) > :one', ExpressionAttributeValues: one })],
    ['legacy members', update({ Expected: { n: { Exists: false } } })],
    ['a projection', new GetCommand({ TableName: 'ledger', Key, ProjectionExpression: 'n' })],
    ['a filter', new ScanCommand({ TableName: 'ledger', FilterExpression: 'n = :one' })],
  ])('ends the test rather than guess: %s', (_what, command) => {
    expect(() => createSimulatedTable().apply(command)).toThrow(NotModelledError);
  });
});
