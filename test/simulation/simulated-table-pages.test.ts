/**
 * Query and Scan of the simulated table, page by page beside the reference.
 */
import {
  PutCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answered,
  type Outcome,
  type ReferenceTable,
  refused,
  startReferenceTable,
} from './reference-table.ts';
import { createRandom, type Random } from './seeded-random.ts';
import { createSimulatedTable, type SimulatedTable, type TableCommand } from './simulated-table.ts';

const SORT_KEYS = ['a', 'aa', 'ab', 'b', 'bé', 'b\u{1F600}', 'b\uFFFD', 'c', 'ca', 'd'] as const;
/** The reference tests start keys in the order of UTF-16, which for these is not its items'. */
const BOUNDS = SORT_KEYS.filter((sk) => !/[\u{10000}-\u{10FFFF}\uFFFD]/u.test(sk));
const PARTITIONS = ['P', 'PP', 'Q'] as const;
const MAX_PAGES = 20;

let reference: ReferenceTable;
const table = createSimulatedTable();

const onTable = (on: SimulatedTable, command: TableCommand): Outcome => {
  try {
    return answered(on.apply(command));
  } catch (error) {
    return refused(error);
  }
};

beforeAll(async () => {
  reference = await startReferenceTable();
  const random = createRandom(1);
  for (const pk of PARTITIONS) {
    for (const sk of SORT_KEYS) {
      const open = random.chance(0.5) ? { openKey: random.pick(['open', 'other']) } : {};
      const command = new PutCommand({ TableName: 'ledger', Item: { pk, sk, n: 1, ...open } });
      table.apply(command);
      await reference.outcomeOf(command);
    }
  }
  // Some leave the index, and some come to it, by updates.
  for (const [sk, UpdateExpression] of [
    ['a', 'REMOVE openKey'],
    ['b', 'SET openKey = if_not_exists(openKey, pk)'],
  ] as const) {
    for (const pk of PARTITIONS) {
      const command = new UpdateCommand({ TableName: 'ledger', Key: { pk, sk }, UpdateExpression });
      expect(onTable(table, command)).toEqual(await reference.outcomeOf(command));
    }
  }
});
afterAll(() => reference.close());

type Item = Readonly<Record<string, unknown>>;
interface PageAnswer {
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}

/** Every page, each begun where the one before it ended. */
async function pagesOf(
  outcomeOf: (command: TableCommand) => Promise<Outcome> | Outcome,
  command: (ExclusiveStartKey: Item | undefined) => TableCommand,
): Promise<Outcome[]> {
  const pages: Outcome[] = [];
  let start: Item | undefined;
  do {
    const page = await outcomeOf(command(start));
    pages.push(page);
    start = page.kind === 'answered' ? (page.answer as PageAnswer).LastEvaluatedKey : undefined;
  } while (start !== undefined && pages.length < MAX_PAGES);
  return pages;
}

const SORT_CONDITIONS = [
  '',
  ' AND sk = :a',
  ' and #sk < :a',
  ' AND sk <= :a',
  ' AND sk > :a',
  ' AND sk >= :a',
  ' AND :a > sk',
  ' AND sk BETWEEN :a AND :b',
  ' AND begins_with(sk, :a)',
] as const;

function queryInput(random: Random): QueryCommandInput {
  const sort = random.pick(SORT_CONDITIONS);
  const [a = '', b = ''] = [random.pick(BOUNDS), random.pick(BOUNDS)].sort((x, y) =>
    Buffer.compare(Buffer.from(x), Buffer.from(y)),
  );
  return {
    TableName: 'ledger',
    KeyConditionExpression: `pk = :pk${sort}`,
    ExpressionAttributeValues: {
      ':pk': random.pick([...PARTITIONS, 'nowhere']),
      ...(sort.includes(':a') ? { ':a': a } : {}),
      ...(sort.includes(':b') ? { ':b': b } : {}),
    },
    ...(sort.includes('#sk') ? { ExpressionAttributeNames: { '#sk': 'sk' } } : {}),
    ...(random.chance(0.6) ? { Limit: 1 + random.int(5) } : {}),
    ...(random.chance(0.3) ? { ScanIndexForward: false } : {}),
    ConsistentRead: random.chance(0.5),
  };
}

const started = (ExclusiveStartKey: Item | undefined) =>
  ExclusiveStartKey === undefined ? {} : { ExclusiveStartKey };

describe('a query of the simulated table', () => {
  it('answers the pages that the reference answers', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const input = queryInput(createRandom(seed));
      const command = (start: Item | undefined) =>
        new QueryCommand({ ...input, ...started(start) });

      const simulated = await pagesOf((page) => onTable(table, page), command);
      const real = await pagesOf(reference.outcomeOf, command);

      expect(simulated, `seed ${seed}: ${JSON.stringify(input)}`).toEqual(real);
    }
  });

  it.each([
    ['no hash condition', { KeyConditionExpression: 'sk = :v' }],
    ['a hash condition that is no equality', { KeyConditionExpression: 'pk > :v' }],
    ['OR', { KeyConditionExpression: 'pk = :v OR pk = :v' }],
    ['a difference', { KeyConditionExpression: 'pk = :v AND sk <> :v' }],
    ['an attribute of no key', { KeyConditionExpression: 'pk = :v AND n = :v' }],
    ['two sort conditions', { KeyConditionExpression: 'pk = :v AND sk > :v AND sk < :v' }],
    ['an index that is not there', { KeyConditionExpression: 'pk = :v', IndexName: 'none' }],
    [
      'a sort condition on the index',
      { KeyConditionExpression: 'openKey = :v AND sk = :v', IndexName: 'open' },
    ],
    [
      'a consistent read of the index',
      { KeyConditionExpression: 'openKey = :v', IndexName: 'open', ConsistentRead: true },
    ],
    ['a limit of nothing', { KeyConditionExpression: 'pk = :v', Limit: 0 }],
    [
      'a start elsewhere',
      { KeyConditionExpression: 'pk = :v', ExclusiveStartKey: { pk: 'Q', sk: 'a' } },
    ],
    [
      'a start outside the range',
      { KeyConditionExpression: 'pk = :v AND sk < :v', ExclusiveStartKey: { pk: 'P', sk: 'a' } },
    ],
    ['half a start', { KeyConditionExpression: 'pk = :v', ExclusiveStartKey: { pk: 'P' } }],
    [
      'a number for a key',
      { KeyConditionExpression: 'pk = :v', ExpressionAttributeValues: { ':v': 1 } },
    ],
  ])('is refused with %s', async (_what, members) => {
    const command = new QueryCommand({
      TableName: 'ledger',
      ExpressionAttributeValues: { ':v': 'P' },
      ...members,
    });

    const simulated = onTable(table, command);

    expect(simulated).toEqual(await reference.outcomeOf(command));
    expect(simulated).toEqual({ kind: 'refused', by: 'ValidationException' });
  });
});

describe('a projection of the simulated table', () => {
  it.each([
    ['of names and placeholders', '#p, v, absent', { '#p': 'pk' }],
    ['of a placeholder that the key condition has too', '#k, #v', { '#k': 'pk', '#v': 'n' }],
    ['with a placeholder that is not given', '#x', undefined],
  ])('%s answers what the reference answers', async (_what, ProjectionExpression, names) => {
    const usesName = names !== undefined && '#k' in names;
    const command = new QueryCommand({
      TableName: 'ledger',
      KeyConditionExpression: usesName ? '#k = :v' : 'pk = :v',
      ProjectionExpression,
      ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
      ExpressionAttributeValues: { ':v': 'P' },
    });

    expect(onTable(table, command)).toEqual(await reference.outcomeOf(command));
  });
});

/** The items of all pages, in the order of their keys. */
const itemsOf = (pages: readonly Outcome[]): Item[] =>
  pages
    .flatMap((page) => (page.kind === 'answered' ? ((page.answer as PageAnswer).Items ?? []) : []))
    .sort((a, b) => (JSON.stringify([a.pk, a.sk]) < JSON.stringify([b.pk, b.sk]) ? -1 : 1));

describe('the index and the scan of the simulated table', () => {
  it.each([1, 2, 3, 100])('hold in pages of %i what the reference holds', async (Limit) => {
    for (const openKey of ['open', 'other', 'P', 'nothing']) {
      const command = (start: Item | undefined) =>
        new QueryCommand({
          TableName: 'ledger',
          IndexName: 'open',
          KeyConditionExpression: 'openKey = :open',
          ExpressionAttributeValues: { ':open': openKey },
          Limit,
          ...started(start),
        });
      const simulated = await pagesOf((page) => onTable(table, page), command);
      const real = await pagesOf(reference.outcomeOf, command);
      expect(itemsOf(simulated), openKey).toEqual(itemsOf(real));
      expect(simulated).toHaveLength(real.length);
    }
    const scan = (start: Item | undefined) =>
      new ScanCommand({ TableName: 'ledger', Limit: Limit + 2, ...started(start) });
    const simulated = await pagesOf((page) => onTable(table, page), scan);
    const real = await pagesOf(reference.outcomeOf, scan);
    expect(itemsOf(simulated)).toEqual(itemsOf(real));
    expect(simulated).toHaveLength(real.length);
  });

  it('end a page with the item that brings it to 1 MB', () => {
    const large = createSimulatedTable();
    for (const sk of ['a', 'b', 'c', 'd']) {
      const Item = { pk: 'P', sk, text: 'x'.repeat(350 * 1024) };
      large.apply(new PutCommand({ TableName: 'ledger', Item }));
    }

    const page = large.apply(new ScanCommand({ TableName: 'ledger' }));

    expect(page.Items?.map(({ sk }) => sk)).toEqual(['a', 'b', 'c']);
    expect(page.LastEvaluatedKey).toEqual({ pk: 'P', sk: 'c' });
  });
});
