/**
 * A window's summary out of a real journal: it adds up to what was settled, to the nano-dollar.
 */
import { PutCommand, type QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoKeyList } from '../../lambda/adapters/settings/dynamo-key-list.ts';
import { addUsd, type NanoUsd, parseUsd, sumUsd, ZERO_USD } from '../../lambda/domain/money.ts';
import { counterName, type JournalEntry } from '../../lambda/ports/ledger.ts';
import { usd } from '../helpers/builders.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';
import { createRolloverBench, MINUTE_MS, type RolloverBench, TWELVE } from './rollover-bench.ts';

let table: LedgerTable;
let bench: RolloverBench;
let requests = 0;
beforeEach(async () => {
  table = await startDynaliteLedger();
  bench = createRolloverBench(table);
  requests = 0;
});
afterEach(() => table.close());

async function journal(keyId: string, modelId: string, rest: Partial<JournalEntry>) {
  requests += 1;
  await bench.ledger.appendJournal({
    requestId: `request-${requests}`,
    keyId,
    atMs: bench.clock.nowMs(),
    outcome: 'settled',
    operation: 'converse',
    modelId,
    reservedNanoUsd: usd('1'),
    costNanoUsd: ZERO_USD,
    counters: [counterName(TWELVE)],
    status: 200,
    ...rest,
  });
}

async function settled(keyId: string, modelId: string, cost: string): Promise<void> {
  await bench.ledger.settle(await bench.hold('0.5'), usd(cost));
  await journal(keyId, modelId, { costNanoUsd: usd(cost) });
}

const json = (value: unknown) => JSON.parse(JSON.stringify(value));
const dollars = (value: { value: string }): NanoUsd => parseUsd(value.value) ?? ZERO_USD;
const sumOf = (shares: Record<string, { settledUsd: { value: string } }>): NanoUsd =>
  sumUsd(Object.values(shares).map(({ settledUsd }) => dollars(settledUsd)));

async function summary() {
  const [item] = await bench.itemsOf('SUMMARY#');
  return json(item);
}

it('adds up: three models, two keys, refusals, an expired charge and one settled late', async () => {
  await settled('red', 'small', '0.000000001');
  await settled('red', 'large', '0.123456789');
  await settled('blue', 'small', '0.2');
  await settled('blue', 'third', '0.3');
  await journal('red', 'small', { outcome: 'refused', count: 3, status: 429 });
  await journal('blue', 'small', { outcome: 'refused', status: 429 });
  await bench.hold('0.7');
  const late = await bench.hold('0.9');
  bench.clock.advance(11 * MINUTE_MS);
  await bench.run();
  await bench.ledger.settle(late, usd('0.4'));
  await journal('red', 'third', { costNanoUsd: usd('0.4') });
  // Its gateway died before it told the journal.
  await bench.ledger.settle(await bench.hold('0.5'), usd('0.05'));
  bench.afterWindow(10 * MINUTE_MS);
  await bench.run();
  await bench.run();

  const written = await summary();

  expect(written).toMatchObject({
    settledUsd: { value: '1.77345679' },
    requests: { value: '7' },
    refusals: { value: '4' },
    peakReservedUsd: { value: '1.6' },
    expired: { value: '1' },
    expiredUsd: { value: '0.7' },
    unattributedUsd: { value: '0.05' },
    journal: 'whole',
    byModel: { small: { requests: { value: '2' } }, third: { settledUsd: { value: '0.7' } } },
    byKey: { red: { requests: { value: '3' } }, blue: { settledUsd: { value: '0.5' } } },
  });
  const rest = addUsd(dollars(written.expiredUsd), dollars(written.unattributedUsd));
  for (const shares of [written.byModel, written.byKey]) {
    expect(addUsd(sumOf(shares), rest)).toBe(dollars(written.settledUsd));
  }
});

it('takes what this counter was charged where a request was charged differently elsewhere', async () => {
  await bench.ledger.settle(await bench.hold('0.5'), usd('0.3'));
  const own = counterName(TWELVE);
  await journal('red', 'small', {
    outcome: 'cut',
    costNanoUsd: usd('0.5'),
    counters: [own, 'COUNTER#other/lifetime'],
    charged: { [own]: usd('0.3'), 'COUNTER#other/lifetime': usd('0.5') },
  });
  bench.afterWindow(10 * MINUTE_MS);

  await bench.run();

  expect(await summary()).toMatchObject({
    unattributedUsd: { value: '0' },
    byKey: { red: { settledUsd: { value: '0.3' } } },
  });
});

it('tells what a key spent that is no longer there as not attributed', async () => {
  await settled('red', 'small', '0.1');
  await settled('gone', 'small', '0.2');
  bench.afterWindow(10 * MINUTE_MS);

  await bench.run();

  expect(await summary()).toMatchObject({
    unattributedUsd: { value: '0.2' },
    byKey: { red: { settledUsd: { value: '0.1' } } },
  });
});

it('leaves an entry out that cannot be read, and is written all the same', async () => {
  await settled('red', 'small', '0.1');
  await settled('red', 'small', '0.2');
  const Item = {
    pk: 'JOURNAL#2026-03-02#red',
    sk: '2026-03-02T12:30:00.000Z#spoilt',
    outcome: 'settled',
    counters: [counterName(TWELVE)],
    costUsd: 'much',
  };
  await bench.client.send(new PutCommand({ TableName: table.tableName, Item }));
  bench.afterWindow(10 * MINUTE_MS);

  await bench.run();

  expect(await summary()).toMatchObject({
    byKey: { red: { settledUsd: { value: '0.3' }, requests: { value: '2' } } },
  });
});

it('comes out of every page of the journal, and only of the stretch of the window', async () => {
  const long = 'x'.repeat(200_000);
  for (let count = 0; count < 8; count += 1) {
    await bench.ledger.settle(await bench.hold('0.5'), usd('0.1'));
    await journal('red', 'small', { costNanoUsd: usd('0.1'), reason: long });
  }
  let pages = 0;
  bench.client.middlewareStack.add(
    (next) => (args) => {
      if (JSON.stringify(args.input).includes('JOURNAL#2026-03-02#red')) pages += 1;
      return next(args);
    },
    { step: 'initialize' },
  );
  bench.afterWindow(10 * MINUTE_MS);

  await bench.run();

  expect(pages).toBeGreaterThan(1);
  expect(await summary()).toMatchObject({ byModel: { small: { settledUsd: { value: '0.8' } } } });
});

it('names the keys of the settings, all pages, and asks for no other attribute', async () => {
  const client = bench.client;
  const asked: Record<string, unknown>[] = [];
  client.send = (async (command: QueryCommand) => {
    asked.push({ ...command.input });
    const isFirst = command.input.ExclusiveStartKey === undefined;
    const Items = [{ pk: 'KEY', sk: isFirst ? 'red' : 'blue' }];
    return isFirst ? { Items, LastEvaluatedKey: Items[0] } : { Items };
  }) as typeof client.send;

  const keys = await createDynamoKeyList({
    dynamo: documentCalls(client),
    tableName: 'settings',
  }).readIds();

  expect(keys).toEqual({ keyIds: ['red', 'blue'], isWhole: true });
  expect(asked[0]).toMatchObject({
    ProjectionExpression: '#pk, #sk',
    Select: 'SPECIFIC_ATTRIBUTES',
  });
});
