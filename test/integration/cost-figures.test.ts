/**
 * What docs/cost.md computes with is what the gateway and the rollover do: each figure of
 * docs/cost-figures.json is counted here, on the wire to a DynamoDB and on the functions' output.
 *
 * A figure that is wrong is corrected there; then `npm run docs:cost` writes the page anew.
 */
import { randomUUID } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../lambda/adapters/clock/system-clock.ts';
import { EMBEDDED_LEDGER_TIMEOUTS } from '../../lambda/adapters/dynamodb/connections.ts';
import { documentCalls } from '../../lambda/adapters/dynamodb/document-calls.ts';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { createLogEvents } from '../../lambda/adapters/events/log-events.ts';
import { createDynamoLedger } from '../../lambda/adapters/ledger/dynamo-ledger.ts';
import { settingItem } from '../../lambda/adapters/settings/setting-items.ts';
import { createTelemetry } from '../../lambda/adapters/telemetry/powertools-telemetry.ts';
import { ENV, METRIC_SERVICE } from '../../lambda/contract.ts';
import { TRANCHE_TOKENS } from '../../lambda/domain/progressive.ts';
import { type CounterKey, reservationId } from '../../lambda/domain/reservation.ts';
import { composeRollover } from '../../lambda/rollover/compose.ts';
import { readRolloverEnvironment } from '../../lambda/rollover/environment.ts';
import { composePriceWatch } from '../../lambda/rollover/price-watch.ts';
import { type EmbeddedDynamodb, startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { ensureTables, type TableNames } from '../../local/tables.ts';
import {
  COST_FIGURES,
  type LogName,
  type RequestName,
  type RolloverName,
} from '../../scripts/cost-figures.ts';
import { usd } from '../helpers/builders.ts';
import { type CountingDynamodb, startCountingDynamodb } from '../helpers/counting-dynamodb.ts';
import { itemBytes, type WireItem } from '../helpers/dynamodb-units.ts';
import {
  converse,
  newKey,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
const NEVER_MS = 86_400_000;
/** The longest that settings may be: nothing is read again while these tests run. */
const FRESH = { HARDCAP_SETTINGS_MAX_AGE_MS: '60000' };
const SHORT = '[[output=10]]';
/** Most of what is reserved for it; under `LITTLE_USD` there is no room for a second one. */
const COSTLY = '[[output=100]]';
const LITTLE_USD = 0.001;
const ENOUGH_USD = 1_000;
const REFUSALS = 20;
/** Under the caps of `one-of-four-spent`: its first refusal is journalled, as any key's first is. */
const AGAIN = 'one-of-four-spent-again';
/** Bedrock counts for the id without a prefix alone. */
const COUNTING_MODEL = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const COUNTED = {
  input: { converse: { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] } },
};
/** What is printed is bounded: latencies have more or fewer digits. */
const LEAST_OF_A_BOUND = 0.7;
const AFTER_HISTORY = ['admitted, 1 cap', 'admitted stream, 1 cap'] as const;
const EARLIER_REQUESTS = 1_000;
const AT_ONCE = 50;
const RUN_MS = 30_000;

let embedded: EmbeddedDynamodb;
let counting: CountingDynamodb;
let gateway: RunningGateway;
let hasty: RunningGateway;
/** Keys by how many caps cover them, and whether one or all of them are spent. */
const keys: Record<string, string> = {};
const clients: DynamoDBDocumentClient[] = [];
let printed = '';

beforeAll(async () => {
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
  embedded = await startEmbeddedDynamodb();
  counting = await startCountingDynamodb(embedded.url);
  const shared = { ledger: counting.url, rolloverIntervalMs: NEVER_MS };
  gateway = await startRunningGateway({ ...shared, env: FRESH });
  hasty = await startRunningGateway({ ...shared, env: { HARDCAP_SETTINGS_MAX_AGE_MS: '0' } });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  await makeSettings();
  // All keys are read now, and all counters opened but one.
  for (const key of Object.values(keys)) await count(key);
  const { unused: _unused, small: _small, 'small-of-four': _smallOfFour, ...opened } = keys;
  for (const key of Object.values(opened)) await ask(key, COSTLY);
  await ask(keys.one, SHORT, { to: hasty });
  keys[AGAIN] = await gateway.key(AGAIN);
  await count(keys[AGAIN]);
});

afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const client of clients) client.destroy();
  await gateway.close();
  await hasty.close();
  await counting.close();
  await embedded.close();
});

/** Lifetime windows, so that none turns while a test runs. */
async function makeSettings(): Promise<void> {
  const [much, little] = [ENOUGH_USD, LITTLE_USD];
  const limits = {
    one: [much],
    two: [much, much],
    four: [much, much, much, much],
    'one-spent': [little],
    'one-of-four-spent': [little, much, much, much],
    'four-spent': [little, little, little, little],
    unused: [much],
    small: [0.000_001],
    'small-of-four': [0.000_001, much, much, much],
  };
  for (const [id, caps] of Object.entries(limits)) {
    for (const [index, limitUsd] of caps.entries()) {
      const covered = [id, `${id}-again`];
      await gateway.cap(`${id}-${index}`, { keys: covered, window: 'lifetime', limitUsd });
    }
    keys[id] = await gateway.key(id);
  }
  const soft = { keys: ['soft'], window: 'lifetime', limitUsd: much, streaming: 'progressive' };
  await gateway.cap('soft', soft);
  keys.soft = await gateway.key('soft');
}

interface Asking {
  readonly status?: number;
  readonly to?: RunningGateway;
  readonly operation?: string;
  readonly modelId?: string;
  readonly maxTokens?: number;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** One request, whose answer is read whole and must have this status. */
async function ask(key: string | undefined, text = SHORT, asking: Asking = {}): Promise<void> {
  const { status = 200, to = gateway, ...options } = asking;
  const response = await converse(to.url, key ?? '', text, options);
  await response.text();
  expect(response.status).toBe(status);
}

const count = (key: string | undefined): Promise<void> =>
  ask(key, SHORT, { operation: 'count-tokens', modelId: COUNTING_MODEL, body: COUNTED });

const REFUSED = { status: 429 };
const UNKNOWN = { status: 401 };
const stranger = newKey('nobody');

/** What each figure is of. In this order: some look at what the one before them left. */
const REQUESTS: Readonly<Record<RequestName, () => Promise<void>>> = {
  'admitted, 1 cap': () => ask(keys.one),
  'admitted, 2 caps': () => ask(keys.two),
  'admitted, 4 caps': () => ask(keys.four),
  'admitted stream, 1 cap': () => ask(keys.one, SHORT, { operation: 'converse-stream' }),
  'first of a window, 1 cap': () => ask(keys.unused),
  'admitted by settings that are too old, 1 cap': () => ask(keys.one, SHORT, { to: hasty }),
  'refused, 1 cap': () => ask(keys['one-spent'], SHORT, REFUSED),
  'refused by 1 of 4 caps': () => ask(keys['one-of-four-spent'], SHORT, REFUSED),
  'refused by 1 of 4 caps, again': () => ask(keys[AGAIN], SHORT, REFUSED),
  'refused by all of 4 caps': () => ask(keys['four-spent'], SHORT, REFUSED),
  'larger than its cap': () => ask(keys.small, SHORT, REFUSED),
  'larger than 1 of 4 caps': () => ask(keys['small-of-four'], SHORT, REFUSED),
  'a key of the right form that does not exist': () => ask(stranger, SHORT, UNKNOWN),
  'that key again within the settings age': () => ask(stranger, SHORT, UNKNOWN),
  'no key, or none of the right form': () => ask('hc_nobody', SHORT, UNKNOWN),
  CountTokens: () => count(keys.one),
};

/** Runs of the rollover on tables of their own, with as many open counters; the first is done. */
async function startRollover(counters: number): Promise<() => Promise<void>> {
  const names = { settingsTable: `settings-${counters}`, ledgerTable: `ledger-${counters}` };
  const config = { region: 'us-east-1', endpoint: counting.url, credentials: CREDENTIALS };
  const client = createLedgerClient(config, EMBEDDED_LEDGER_TIMEOUTS);
  clients.push(client);
  await ensureTables(client, names);
  for (let index = 0; index < counters; index += 1) {
    const cap = settingItem('CAP', `c${index}`, { limitUsd: 10, window: 'lifetime' });
    await client.send(new PutCommand({ TableName: names.settingsTable, Item: cap }));
    await reserveAndSettle(client, names.ledgerTable, { pk: `COUNTER#c${index}`, sk: 'lifetime' });
  }
  const run = composeRun(client, names);
  // The first one of a day looks at the price lists.
  await run();
  return run;
}

/** One run of the rollover function, without sources of prices. */
function composeRun(client: DynamoDBDocumentClient, names: TableNames): () => Promise<void> {
  const environment = readRolloverEnvironment({
    [ENV.settingsTable]: names.settingsTable,
    [ENV.ledgerTable]: names.ledgerTable,
  });
  const telemetry = createTelemetry(METRIC_SERVICE.rollover);
  const events = createLogEvents(telemetry);
  const parts = { client, environment, clock: systemClock, telemetry, events };
  const rollover = composeRollover(parts);
  const watchPrices = composePriceWatch({ ...parts, sources: [] });
  return async () => {
    const deadlineAtMs = Date.now() + RUN_MS;
    const report = await rollover(deadlineAtMs);
    telemetry.info('rollover', { ...report });
    await watchPrices(deadlineAtMs);
    telemetry.flush();
    expect(report).toMatchObject({ failed: 0, broken: 0, capsRead: true, complete: true });
  };
}

async function reserveAndSettle(
  client: DynamoDBDocumentClient,
  tableName: string,
  counter: CounterKey,
): Promise<void> {
  const options = {
    dynamo: documentCalls(client),
    tableName,
    clock: systemClock,
    maxInFlight: 100,
    journalDays: 1,
  };
  const ledger = createDynamoLedger(options);
  const id = reservationId(Date.now() + NEVER_MS, systemClock.randomCharacters(10));
  const outcome = await ledger.reserve({
    counter,
    reservationId: id,
    amountNanoUsd: usd('0.01'),
    shownLimitNanoUsd: usd('10'),
  });
  if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
  expect(await ledger.settle(outcome.hold, usd('0.000001'))).toEqual({ kind: 'ended' });
  await ledger.appendJournal({
    requestId: randomUUID(),
    keyId: 'earlier',
    atMs: Date.now(),
    outcome: 'settled',
    operation: 'converse',
    modelId: 'a.model',
    reservedNanoUsd: usd('0.01'),
    costNanoUsd: usd('0.000001'),
    counters: [`${counter.pk}/${counter.sk}`],
    status: 200,
  });
}

/** Earlier requests on this counter, by the ledger alone and not through what counts. */
async function makeHistory(pk: string): Promise<void> {
  const endpoint = embedded.url;
  const config = { region: 'us-east-1', endpoint, credentials: CREDENTIALS };
  const client = createLedgerClient(config, EMBEDDED_LEDGER_TIMEOUTS);
  clients.push(client);
  const counter = { pk, sk: 'lifetime' };
  for (let made = 0; made < EARLIER_REQUESTS; made += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, () =>
        reserveAndSettle(client, gateway.gateway.ledgerTable, counter),
      ),
    );
  }
}

/** A key's journal, as it goes over the wire. */
async function journalOf(keyId: string): Promise<readonly WireItem[]> {
  const TableName = gateway.gateway.ledgerTable;
  const config = { region: 'us-east-1', endpoint: embedded.url, credentials: CREDENTIALS };
  const client = new DynamoDBClient(config);
  const { Items = [] } = await client.send(new ScanCommand({ TableName }));
  client.destroy();
  return Items.filter(({ pk }) => pk?.S?.startsWith('JOURNAL#') && pk.S.endsWith(`#${keyId}`));
}

/** Bytes that the functions print while this runs. */
async function printedBy(work: () => Promise<unknown>): Promise<number> {
  await counting.counted(async () => {
    printed = '';
    await work();
  });
  return Buffer.byteLength(printed);
}

const ROLLOVERS: Readonly<Record<RolloverName, number>> = {
  'nothing open': 0,
  '10 open counters of 10 caps': 10,
};

const PRINTED: Readonly<Record<LogName, () => Promise<unknown>>> = {
  admitted: () => ask(keys.one),
  refused: () => ask(keys['four-spent'], SHORT, REFUSED),
  garbage: () => ask('hc_nobody', SHORT, UNKNOWN),
  'a key that does not exist': () => ask(stranger, SHORT, UNKNOWN),
  'a rollover run': async () => {
    const run = await startRollover(0);
    printed = '';
    await run();
  },
};

describe('requests to DynamoDB', () => {
  it.each(Object.entries(REQUESTS))('of a request: %s', async (name, request) => {
    const use = await counting.counted(request);

    expect(use).toEqual(COST_FIGURES.requests[name as RequestName]);
  });

  it('has a figure for nothing else', () => {
    expect(Object.keys(COST_FIGURES.requests)).toEqual(Object.keys(REQUESTS));
  });

  it('are two for each cap of an admitted request, and one for the journal', () => {
    for (const [caps, name] of [
      [1, 'admitted, 1 cap'],
      [2, 'admitted, 2 caps'],
      [4, 'admitted, 4 caps'],
      [1, 'admitted stream, 1 cap'],
    ] as const) {
      const { operations, writeUnits, readUnits } = COST_FIGURES.requests[name];
      expect(operations).toEqual({ UpdateItem: 2 * caps, PutItem: 1 });
      expect({ writeUnits, readUnits }).toEqual({ writeUnits: 2 * caps + 1, readUnits: 0 });
    }
  });

  it('are one more for each part of a progressive stream that is reserved ahead', async () => {
    const bytes = 4 * TRANCHE_TOKENS;
    const text = `[[output=1000]] [[bytes=${bytes}]] [[chunks=40]] [[delay=10]]`;
    const asking = { operation: 'converse-stream', maxTokens: 8_000 };
    const { operations, writeUnits } = await counting.counted(() => ask(keys.soft, text, asking));

    const { UpdateItem = 0, ...others } = operations;
    expect(others).toEqual({ PutItem: 1 });
    expect(UpdateItem).toBeGreaterThan(2);
    expect(UpdateItem).toBeLessThanOrEqual(2 + bytes / TRANCHE_TOKENS);
    expect(writeUnits).toBe(UpdateItem + 1);
  });

  it('write a journal entry of the bytes that are told', async () => {
    const entries = await journalOf('one');

    const most = Math.max(...entries.map((entry) => itemBytes(entry)));
    expect(most).toBeLessThanOrEqual(COST_FIGURES.journalBytes);
    expect(most).toBeGreaterThan(COST_FIGURES.journalBytes * LEAST_OF_A_BOUND);
  });

  it.each([
    ['its only cap', 'one-spent'],
    ['one of four caps', 'one-of-four-spent'],
  ])('of repeated refusals by %s are one each, journalled once a second', async (_, id) => {
    // The first of an instance asks all caps.
    await ask(keys[id], SHORT, REFUSED);
    const startedMs = performance.now();
    const { operations, writeUnits } = await counting.counted(async () => {
      for (let count = 0; count < REFUSALS; count += 1) {
        await ask(keys[id], SHORT, REFUSED);
      }
    });

    const { UpdateItem, PutItem = 0, ...others } = operations;
    expect(others).toEqual({});
    expect({ UpdateItem, writeUnits }).toEqual({
      UpdateItem: REFUSALS,
      writeUnits: REFUSALS + PutItem,
    });
    expect(PutItem).toBeLessThanOrEqual(1 + (performance.now() - startedMs) / 1_000);
  });

  it('are no more after a thousand earlier requests on the same counter', async () => {
    await makeHistory('COUNTER#one-0');

    for (const name of AFTER_HISTORY) {
      expect(await counting.counted(REQUESTS[name])).toEqual(COST_FIGURES.requests[name]);
    }
  });
});

describe('requests to DynamoDB of a rollover run', () => {
  it.each(Object.entries(ROLLOVERS))('with %s', async (name, openings) => {
    const use = await counting.counted(await startRollover(openings));

    expect(use).toEqual(COST_FIGURES.rollover[name as RolloverName]);
  });
});

describe('what is printed, Lambda’s own lines aside', () => {
  it.each(Object.entries(PRINTED))('by an invocation: %s', async (name, work) => {
    const bytes = await printedBy(work);

    const most = COST_FIGURES.logBytes[name as LogName];
    expect(bytes).toBeLessThanOrEqual(most);
    expect(bytes).toBeGreaterThan(most * LEAST_OF_A_BOUND);
  });
});
