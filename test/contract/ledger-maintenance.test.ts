/**
 * How open counters are listed when the table is large, changing, or spoilt in places.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  NumberValue,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoMaintenance } from '../../lambda/adapters/ledger/dynamo-maintenance.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'us-east-1' }));
const dynamo = mockClient(client);
const maintenance = createDynamoMaintenance({
  dynamo: documentCalls(client),
  tableName: 'ledger',
  clock: createVirtualClock(),
});
/** The same with the clock's next random characters. */
const drawing = (characters: string) =>
  createDynamoMaintenance({
    dynamo: documentCalls(client),
    tableName: 'ledger',
    clock: { ...createVirtualClock(), randomCharacters: () => characters },
  });

const key = (name: string) => ({ pk: `COUNTER#${name}`, sk: 'lifetime' });
const item = { committedUsd: NumberValue.from('1'), settledUsd: NumberValue.from('1') };

/** The names of the counters that were listed, and the error that ended the list. */
async function listed(from = maintenance) {
  const names: string[] = [];
  try {
    for await (const { counter } of from.openCounters()) {
      names.push(counter.pk.slice('COUNTER#'.length));
    }
  } catch (error) {
    return { names, error };
  }
  return { names, error: undefined };
}

beforeEach(() => {
  dynamo.reset();
  dynamo.on(GetCommand).resolves({ Item: item });
});

it('lists the counters of every page', async () => {
  dynamo
    .on(QueryCommand)
    .resolvesOnce({ Items: [key('a'), key('b')], LastEvaluatedKey: key('b') })
    .resolvesOnce({ Items: [key('c')] });

  expect(await listed()).toEqual({ names: ['a', 'b', 'c'], error: undefined });
  const [first, second] = dynamo.commandCalls(QueryCommand).map(({ args }) => args[0].input);
  expect(first?.ExclusiveStartKey).toBeUndefined();
  expect(second?.ExclusiveStartKey).toEqual(key('b'));
});

it('passes over a counter that the index names and the table no longer has', async () => {
  dynamo.on(QueryCommand).resolves({ Items: [key('gone'), key('b')] });
  dynamo.on(GetCommand, { Key: key('gone') }).resolves({});

  expect(await listed()).toEqual({ names: ['b'], error: undefined });
});

it('lists all other counters before it fails for one that cannot be read', async () => {
  dynamo.on(QueryCommand).resolves({ Items: [key('spoilt'), key('b')] });
  dynamo.on(GetCommand, { Key: key('spoilt') }).resolves({ Item: { committedUsd: 'much' } });

  const { names, error } = await listed();

  expect(names).toEqual(['b']);
  expect(error).toMatchObject({
    code: 'invariant_broken',
    message: expect.stringContaining('COUNTER#spoilt / lifetime'),
  });
});

it.each([
  ['000000', ['a', 'b', 'c', 'd']],
  ['i00000', ['c', 'd', 'a', 'b']],
  ['zzzzzz', ['d', 'a', 'b', 'c']],
])(
  'begins where chance says (%s), so that a short time leaves out no counter always',
  async (characters, order) => {
    dynamo.on(QueryCommand).resolves({ Items: ['a', 'b', 'c', 'd'].map(key) });

    expect((await listed(drawing(characters))).names).toEqual(order);
  },
);

it('lists the counters of the pages that came before it fails for one that did not', async () => {
  dynamo
    .on(QueryCommand)
    .resolvesOnce({ Items: [key('a')], LastEvaluatedKey: key('a') })
    .rejectsOnce(new Error('no answer'));

  expect(await listed()).toMatchObject({ names: ['a'], error: { code: 'ledger_unavailable' } });
});

it('fails as unavailable where the index does not answer', async () => {
  dynamo.on(QueryCommand).rejects(new Error('no answer'));

  expect((await listed()).error).toMatchObject({ code: 'ledger_unavailable' });
});
