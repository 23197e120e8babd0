/**
 * The refresh on a table of a real DynamoDB protocol: its marker, its items, and what it takes.
 */
import { PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createDynamoPriceBook } from '../../lambda/adapters/settings/dynamo-price-book.ts';
import { createDynamoSettings } from '../../lambda/adapters/settings/dynamo-settings.ts';
import { isMalformed, settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { refreshPrices, tryRefresh } from '../../lambda/application/refresh-prices.ts';
import { METRIC } from '../../lambda/contract.ts';
import { findModel } from '../../lambda/domain/catalogue.ts';
import type { ListedLine, PriceListing } from '../../lambda/domain/price-listing.ts';
import type { PriceSource } from '../../lambda/ports/price-source.ts';
import { usd } from '../helpers/builders.ts';
import { createFakeTelemetry } from '../helpers/fake-ports.ts';
import { type LedgerTable, startDynaliteLedger } from '../helpers/ledger-table.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const US = `us.${HAIKU}`;
const OPTIONS = { regions: ['us-east-1'] };

const open: LedgerTable[] = [];
let bench: Awaited<ReturnType<typeof createBench>>;

beforeEach(async () => {
  bench = await createBench();
});

afterAll(async () => {
  for (const table of open) await table.close();
});

const geo = (line: ListedLine['line'], text: string): ListedLine => ({
  baseModelId: HAIKU,
  listedAs: ['bare', 'geo'],
  region: 'us-east-1',
  line,
  nanoUsd: usd(text),
});

/** A table of its own, and parts that a test lists prices in. */
async function createBench() {
  const table = await startDynaliteLedger();
  open.push(table);
  const client = table.connect();
  const clock = createVirtualClock();
  const telemetry = createFakeTelemetry();
  const told: string[] = [];
  const reads: string[] = [];
  const bench = {
    clock,
    telemetry,
    told,
    reads,
    client,
    tableName: table.tableName,
    book: createDynamoPriceBook({
      dynamo: documentCalls(client),
      tableName: table.tableName,
      timeoutMs: 10_000,
    }),
    /** What each part gives, or why it fails. */
    parts: { one: [] as readonly ListedLine[] } as Record<string, readonly ListedLine[] | Error>,
    /** Milliseconds that a part takes. */
    partMs: 0,
    ports: () => ({
      sources: [source],
      book: bench.book,
      clock,
      telemetry,
      events: {
        emit: async (name: string, detail: { readonly eventId: string }) => {
          told.push(`${name} ${detail.eventId}`);
        },
      },
    }),
    run: (lastsMs = 10 * MINUTE_MS) =>
      refreshPrices(bench.ports(), { ...OPTIONS, deadlineAtMs: clock.nowMs() + lastsMs }),
    put: (sk: string, attributes: Record<string, unknown>) =>
      client.send(
        new PutCommand({ TableName: table.tableName, Item: settingItem('PRICE', sk, attributes) }),
      ),
    items: async (pk: string) =>
      ((await client.send(new ScanCommand({ TableName: table.tableName }))).Items ?? []).filter(
        (item) => item.pk === pk,
      ),
    /** What the gateway reads. */
    gatewayPrices: async () =>
      (
        await createDynamoSettings({
          dynamo: documentCalls(client),
          tableName: table.tableName,
          clock,
        }).read('ci', 0)
      ).prices,
    inputOf: async (modelId: string) =>
      findModel(modelId, await bench.gatewayPrices()).price.tokens.inputNanoUsdPerMillion,
  };
  const source: PriceSource = {
    parts: () =>
      Object.entries(bench.parts).map(([id, lines]) => ({
        id,
        read: async (): Promise<PriceListing> => {
          reads.push(id);
          clock.advance(bench.partMs);
          if (lines instanceof Error) throw lines;
          return { lines, unmapped: [{ name: `${id}: x`, why: 'is in no table' }] };
        },
      })),
  };
  return bench;
}

describe('a rise', () => {
  test('is taken at once, told, counted, and held by the gateway', async () => {
    bench.parts = { one: [geo('input', '1.2')] };

    const report = await bench.run();

    expect(report).toMatchObject({ isComplete: true, partsRead: 1, partsFailed: 0 });
    expect(await bench.inputOf(US)).toBe(usd('1.2'));
    expect(await bench.inputOf(`eu.${HAIKU}`)).toBe(usd('1.1'));
    expect(bench.told).toEqual([
      `hardcap.price.changed ${HAIKU}:input 1.10 -> 1.20`,
      `hardcap.price.changed ${US}:input 1.10 -> 1.20`,
    ]);
  });

  test('is taken once: the next day finds it as it is', async () => {
    bench.parts = { one: [geo('input', '1.2')] };
    await bench.run();
    bench.clock.advance(DAY_MS);
    bench.told.length = 0;

    const report = await bench.run();

    expect(report?.verdicts.every(({ taken, proposed }) => taken === proposed)).toBe(true);
    expect(bench.told).toEqual([]);
  });

  test('that an operator overrides is a warning, and the operator’s price stays', async () => {
    await bench.put(US, { inputUsdPerMillion: '1.05', outputUsdPerMillion: '5' });
    bench.parts = { one: [geo('input', '1.2')] };

    await bench.run();

    expect(await bench.inputOf(US)).toBe(usd('1.05'));
    expect(bench.telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining(`${US}: input is listed at 1.20`),
      }),
    );
  });

  test('adds to what was approved, and stays approved', async () => {
    await bench.put(`auto:${US}`, {
      inputUsdPerMillion: '0.9',
      outputUsdPerMillion: '5.5',
      approved: true,
    });
    bench.parts = { one: [geo('input', '1')] };

    await bench.run();

    expect(await bench.inputOf(US)).toBe(usd('1'));
    expect((await bench.gatewayPrices()).get(US)).toMatchObject({ refreshed: 'approved' });
  });
});

describe('a fall', () => {
  beforeEach(() => {
    bench.parts = { one: [geo('input', '0.9')] };
  });

  test('waits in an item that the gateway does not read', async () => {
    await bench.run();

    expect(await bench.inputOf(US)).toBe(usd('1.1'));
    expect([...(await bench.gatewayPrices()).keys()]).toEqual([]);
    expect((await bench.book.readProposals()).get(US)).toMatchObject({
      status: 'waiting',
      reasons: ['fall'],
      lines: { input: usd('0.9') },
      changes: [{ line: 'input', fromNanoUsd: usd('1.1'), toNanoUsd: usd('0.9') }],
    });
    expect(bench.told).toContain(`hardcap.price.proposed ${US}:input=900000000`);
  });

  test('in one called region is none, where another that is dearer does not list it', async () => {
    const id = 'amazon.nova-lite-v1:0';
    const here = { baseModelId: id, listedAs: ['bare'], region: 'us-east-1' } as const;
    bench.parts = { one: [{ ...here, line: 'input', nanoUsd: usd('0.05') }] };
    const options = { ...OPTIONS, deadlineAtMs: bench.clock.nowMs() + MINUTE_MS, again: true };

    await refreshPrices(bench.ports(), { ...options, regions: ['us-east-1', 'eu-west-1'] });
    expect((await bench.book.readProposals()).get(id)).toBeUndefined();

    bench.clock.advance(MINUTE_MS);
    await refreshPrices(bench.ports(), {
      ...options,
      deadlineAtMs: bench.clock.nowMs() + MINUTE_MS,
      regions: ['us-east-1'],
    });
    expect((await bench.book.readProposals()).get(id)?.reasons).toEqual(['fall']);
  });

  test('is told once, also where it was rejected, until it has another figure', async () => {
    await bench.run();
    await bench.client.send(
      new PutCommand({
        TableName: bench.tableName,
        Item: {
          ...(await bench.items('PRICE-PROPOSAL')).find(({ sk }) => sk === US),
          status: 'rejected',
        },
      }),
    );
    bench.told.length = 0;
    bench.clock.advance(DAY_MS);
    await bench.run();

    expect(bench.told).toEqual([]);
    expect((await bench.book.readProposals()).get(US)?.status).toBe('rejected');

    bench.parts = { one: [geo('input', '0.8')] };
    bench.clock.advance(DAY_MS);
    await bench.run();

    expect(bench.told).toContain(`hardcap.price.proposed ${US}:input=800000000`);
    expect((await bench.book.readProposals()).get(US)?.status).toBe('waiting');
  });

  test('goes away when the list does no longer have it', async () => {
    await bench.run();
    bench.parts = { one: [geo('input', '1.1')] };
    bench.clock.advance(DAY_MS);
    await bench.run();

    expect((await bench.book.readProposals()).size).toBe(0);
  });
});

test('T24 what is listed at zero or at more than half more is not taken', async () => {
  bench.parts = { one: [geo('input', '0'), geo('output', '9')] };

  await bench.run();

  expect((await bench.items('PRICE')).length).toBe(0);
  expect((await bench.book.readProposals()).get(US)?.reasons).toEqual(['over 50 %']);
});

test('a profile that the catalogue does not sell is no news, a new model is', async () => {
  bench.parts = {
    one: [
      { ...geo('input', '1'), baseModelId: 'acme.new-model-v1', line: 'input' },
      { ...geo('output', '1'), baseModelId: 'acme.new-model-v1', line: 'output' },
    ],
  };

  await bench.run();

  expect([...(await bench.book.readProposals()).keys()]).toEqual(['acme.new-model-v1']);
});

describe('once a day', () => {
  test('it looks, and says when it last did', async () => {
    expect(await bench.run()).toBeDefined();
    expect(await bench.run()).toBeUndefined();
    expect(await bench.book.readState()).toMatchObject({
      finishedPass: '2026-03-02',
      finishedAtMs: bench.clock.nowMs(),
    });
    expect(bench.reads).toEqual(['one']);
  });

  test('it catches up after days that were missed, once', async () => {
    await bench.run();
    bench.clock.advance(5 * DAY_MS);

    expect(await bench.run()).toMatchObject({ pass: '2026-03-07' });
    expect(await bench.run()).toBeUndefined();
  });

  test('two runs at once do the work of one', async () => {
    const both = await Promise.all([bench.run(), bench.run()]);

    expect(both.filter((report) => report !== undefined)).toHaveLength(1);
    expect(bench.reads).toEqual(['one']);
  });

  test('a run that died is taken over when its lease has ended, not before', async () => {
    const nowMs = bench.clock.nowMs();
    await bench.book.claim('2026-03-02', nowMs, nowMs + MINUTE_MS);

    expect(await bench.run()).toBeUndefined();
    bench.clock.advance(MINUTE_MS);
    expect(await bench.run()).toBeDefined();
  });

  test('by hand it looks again on the same day, and the day’s run does not', async () => {
    await bench.run();
    const options = { ...OPTIONS, again: true, deadlineAtMs: bench.clock.nowMs() + 10 * MINUTE_MS };

    expect(await refreshPrices(bench.ports(), options)).toMatchObject({ isComplete: true });
    expect(await bench.run()).toBeUndefined();
    bench.clock.advance(DAY_MS);
    expect(await bench.run()).toBeDefined();
  });
});

describe('a pass that is too long for one run', () => {
  beforeEach(() => {
    bench.parts = { one: [geo('input', '1.2')], two: [], three: [] };
    bench.partMs = 20_000;
  });

  test('goes on where it ended, and judges when all is read', async () => {
    const first = await bench.run(50_000);
    expect(first).toMatchObject({ partsRead: 2, partsLeft: 1, isComplete: false, verdicts: [] });
    expect(await bench.items('PRICE')).toEqual([]);

    const second = await bench.run(50_000);

    expect(second).toMatchObject({ partsRead: 3, partsLeft: 0, isComplete: true });
    expect(bench.reads).toEqual(['one', 'two', 'three']);
    expect(await bench.inputOf(US)).toBe(usd('1.2'));
    expect(second?.unmapped.map(({ name }) => name)).toEqual(['one: x', 'two: x', 'three: x']);
  });

  test('begins no part that the time may not do for', async () => {
    const startedAtMs = bench.clock.nowMs();
    await bench.run(55_000);

    expect(bench.clock.nowMs() - startedAtMs).toBeLessThanOrEqual(55_000 + 5_000);
  });
});

describe('a part that cannot be read', () => {
  beforeEach(() => {
    bench.parts = { one: [geo('input', '1.2'), geo('output', '5')], two: new Error('denied') };
  });

  test('keeps no rise of the others from being taken, but a fall from being told', async () => {
    const report = await bench.run();

    expect(report).toMatchObject({ partsFailed: 1, isComplete: false });
    expect(await bench.inputOf(US)).toBe(usd('1.2'));
    expect((await bench.book.readProposals()).size).toBe(0);
    expect(bench.telemetry.metrics.get(METRIC.priceRefreshFailures)).toBe(1);
  });

  test('is tried again after an hour, and the day does not count as looked at', async () => {
    await bench.run();
    expect(await bench.book.readState()).not.toHaveProperty('finishedPass');
    expect(await bench.run()).toBeUndefined();

    bench.clock.advance(60 * MINUTE_MS);
    bench.parts = { ...bench.parts, two: [] };

    expect(await bench.run()).toMatchObject({ isComplete: true });
    expect(bench.reads).toEqual(['one', 'two', 'two']);
  });
});

test('a trial reads every part and writes nothing', async () => {
  bench.parts = { one: [geo('input', '1.2')] };

  const report = await tryRefresh(bench.ports(), {
    ...OPTIONS,
    deadlineAtMs: bench.clock.nowMs() + 10 * MINUTE_MS,
  });

  expect(report.verdicts.some(({ taken }) => taken !== undefined)).toBe(true);
  expect(await bench.items('PRICE')).toEqual([]);
  expect(await bench.items('PRICE-REFRESH')).toEqual([]);
  expect(bench.told).toEqual([]);
});

test('a figure out of all bounds is not written: the gateway could not read it', async () => {
  bench.parts = { one: [] };
  const price = findModel(US, new Map()).price;
  const tokens = { ...price.tokens, inputNanoUsdPerMillion: 1n };

  expect(await bench.book.writeRefreshed({ ...price, tokens }, [], 0)).toBe(false);
  expect(await bench.items('PRICE')).toEqual([]);
});

test('items of the refresh that were spoilt by hand are read as none', async () => {
  for (const item of [
    { pk: 'PRICE-REFRESH', sk: 'state', v: 1, finishedPass: ['x'] },
    { pk: 'PRICE-REFRESH', sk: 'listing:one', v: 1, pass: '2026-03-02', lines: '{', unmapped: '' },
    { pk: 'PRICE-PROPOSAL', sk: US, v: 1, status: 'approved?' },
  ]) {
    await bench.client.send(new PutCommand({ TableName: bench.tableName, Item: item }));
  }
  bench.parts = { one: [geo('input', '1.2')] };

  expect((await bench.book.readProposals()).size).toBe(0);
  expect([...(await bench.gatewayPrices()).values()].filter(isMalformed)).toEqual([]);
  expect(bench.reads).toEqual([]);
  await bench.client.send(
    new PutCommand({
      TableName: bench.tableName,
      Item: { pk: 'PRICE-REFRESH', sk: 'state', v: 1 },
    }),
  );
  expect(await bench.run()).toMatchObject({ isComplete: true });
  expect(bench.reads).toEqual(['one']);
});
