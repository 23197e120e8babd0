/**
 * Four gateway processes on one ledger, before a Bedrock that keeps its own book: what was billed
 * never passes a cap, also where gateways are killed while requests are in flight.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLedgerClient } from '../../lambda/adapters/dynamodb/document-client.ts';
import { hashKey } from '../../lambda/domain/caller-key.ts';
import { type EmbeddedDynamodb, startEmbeddedDynamodb } from '../../local/embedded-dynamodb.ts';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';
import { type RunningProgram, startProgram, temporaryFolder } from '../helpers/processes.ts';
import { booksOf, converse, HAIKU, NOVA, newKey } from '../helpers/running-gateway.ts';

const GATEWAYS = 4;
const REQUESTS = 400;
const IN_PARALLEL = 64;
const MAX_TOKENS = 300;
/** Short only where gateways are killed: what they held then expires while the test waits. */
const SHORT_TIMEOUT_MS = 6_000;
const LONG_TIMEOUT_MS = 120_000;
const RESERVATION_MARGIN_MS = 500;

/** US dollars; each cap is of another size, and none has room for all 400 requests. */
const LIMITS = { all: 0.1, haiku: 0.08, nova: 0.003 } as const;

/** Dollars a token, from Bedrock's price list and not from the catalogue under test. */
const RATES = {
  [HAIKU]: { input: 1.1e-6, output: 5.5e-6 },
  [NOVA]: { input: 0.035e-6, output: 0.14e-6 },
} as const;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let dynamodb: EmbeddedDynamodb;
let bedrock: SimulatedBedrock;
let gateways: RunningProgram[] = [];
let key: string;
let turn = 0;

beforeAll(async () => {
  folder = await temporaryFolder();
  dynamodb = await startEmbeddedDynamodb();
  bedrock = await startSimulatedBedrock({ port: 0 });
});
afterAll(async () => {
  await bedrock.close();
  await dynamodb.close();
  await folder.remove();
});

async function startGateways(timeoutMs: number): Promise<void> {
  turn += 1;
  bedrock.book.reset();
  key = newKey('load');
  const seed = path.join(folder.path, `seed-${turn}.json`);
  await writeFile(
    seed,
    JSON.stringify({
      keys: [{ id: 'load', secretSha256: hashKey(key) }],
      caps: [
        { id: 'all', limitUsd: String(LIMITS.all), window: 'daily' },
        { id: 'haiku', limitUsd: String(LIMITS.haiku), window: 'monthly', models: ['*haiku*'] },
        { id: 'nova', limitUsd: String(LIMITS.nova), window: 'lifetime', models: ['*nova*'] },
      ],
    }),
  );
  gateways = await Promise.all(
    Array.from({ length: GATEWAYS }, (_, index) => startGateway(seed, index, timeoutMs)),
  );
}

afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.end()));
});

const startGateway = (seed: string, index: number, timeoutMs: number) =>
  startProgram(
    'bin/local.ts',
    ['--port', '0', '--upstream', bedrock.url, '--ledger', dynamodb.url, '--seed', seed].concat(
      ['--data-dir', path.join(folder.path, `gateway-${turn}-${index}`)],
      ['--function-timeout-ms', String(timeoutMs)],
      ['--rollover-interval-ms', '500'],
    ),
    {
      cwd: folder.path,
      env: {
        HARDCAP_SETTINGS_TABLE: `settings-${turn}`,
        HARDCAP_LEDGER_TABLE: `ledger-${turn}`,
        HARDCAP_RESERVATION_MARGIN_MS: String(RESERVATION_MARGIN_MS),
        AWS_REGION: 'us-east-1',
      },
    },
  );

/** Dollars that Bedrock has billed, by its own book. */
function billedUsd(): { haiku: number; nova: number } {
  const { billedByModel } = bedrock.book.page();
  const of = (model: typeof HAIKU | typeof NOVA) => {
    const billed = billedByModel[model];
    if (billed === undefined) return 0;
    return billed.inputTokens * RATES[model].input + billed.outputTokens * RATES[model].output;
  };
  return { haiku: of(HAIKU), nova: of(NOVA) };
}

interface Tally {
  readonly statuses: Map<number | 'lost', number>;
  worstCaseUsd: number;
}

/** Sends from a pool; `meanwhile` runs beside it. A request that got no answer counts as lost. */
async function load(requests: number, parallel: number, meanwhile?: () => Promise<void>) {
  const tally: Tally = { statuses: new Map(), worstCaseUsd: 0 };
  let sent = 0;
  const worker = async () => {
    while (sent < requests) {
      sent += 1;
      const number = sent;
      const status = await one(number, tally).catch(() => 'lost' as const);
      tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all([...Array.from({ length: parallel }, worker), meanwhile?.()]);
  return tally;
}

async function one(number: number, tally: Tally): Promise<number> {
  const gateway = gateways[number % gateways.length];
  const modelId = number % 3 === 0 ? NOVA : HAIKU;
  const operation = number % 2 === 0 ? 'converse' : 'converse-stream';
  const text = `[[output=${(number * 37) % 250}]] [[first=20]]`;
  const options = { modelId, operation, maxTokens: MAX_TOKENS };
  const response = await converse(gateway?.url ?? '', key, text, options);
  const reserved = Number(response.headers.get('x-hardcap-reserved-usd'));
  tally.worstCaseUsd = Math.max(tally.worstCaseUsd, reserved);
  await response.arrayBuffer();
  return response.status;
}

async function settledUsd(capId: string): Promise<number> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createLedgerClient({ region: 'us-east-1', endpoint: dynamodb.url, credentials });
  const page = await client.send(
    new QueryCommand({
      TableName: `ledger-${turn}`,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `COUNTER#${capId}` },
      ConsistentRead: true,
    }),
  );
  client.destroy();
  const books = (page.Items ?? []).map(booksOf);
  expect(books.map(({ reservations }) => reservations)).toEqual(books.map(() => 0));
  return books.reduce((sum, book) => sum + Number(book.settledUsd), 0);
}

function expectNothingOverBilled(): void {
  const { haiku, nova } = billedUsd();
  expect(haiku).toBeLessThanOrEqual(LIMITS.haiku);
  expect(nova).toBeLessThanOrEqual(LIMITS.nova);
  expect(haiku + nova).toBeLessThanOrEqual(LIMITS.all);
}

/** One at a time until the cap of the model refuses; a worst case of room must not be left. */
async function expectFullUse(): Promise<void> {
  for (const [capId, modelId] of [
    ['haiku', HAIKU],
    ['nova', NOVA],
  ] as const) {
    let worstCaseUsd = 0;
    let status = 200;
    for (let i = 0; i < REQUESTS && status !== 429; i += 1) {
      const gateway = gateways[i % gateways.length];
      const options = { modelId, maxTokens: MAX_TOKENS };
      const response = await converse(gateway?.url ?? '', key, '[[output=200]]', options);
      await response.arrayBuffer();
      status = response.status;
      const reserved = Number(response.headers.get('x-hardcap-reserved-usd'));
      worstCaseUsd = Math.max(worstCaseUsd, reserved);
    }
    expect(status).toBe(429);
    const limit = capId === 'haiku' ? Math.min(LIMITS.haiku, LIMITS.all) : LIMITS.nova;
    const unused = limit - (await settledUsd(capId));
    expect(unused).toBeGreaterThanOrEqual(0);
    expect(unused).toBeLessThan(worstCaseUsd === 0 ? 0.01 : worstCaseUsd);
  }
  expectNothingOverBilled();
}

describe('four gateways on one ledger', () => {
  it('bill no cap past its limit under 400 requests, 64 in parallel, and then use it up', async () => {
    await startGateways(LONG_TIMEOUT_MS);
    const tally = await load(REQUESTS, IN_PARALLEL);

    expectNothingOverBilled();
    expect(tally.statuses.get(200)).toBeGreaterThan(20);
    expect(tally.statuses.get(429)).toBeGreaterThan(20);
    expect([...tally.statuses.keys()].sort()).toEqual([200, 429]);
    await expectFullUse();
  });

  it('bill no cap past its limit where two are killed in the middle, and then use it up', async () => {
    await startGateways(SHORT_TIMEOUT_MS);
    const tally = await load(REQUESTS, IN_PARALLEL, async () => {
      await sleep(300);
      await gateways[0]?.end('SIGKILL');
      await sleep(300);
      await gateways[1]?.end('SIGKILL');
    });

    expectNothingOverBilled();
    expect(tally.statuses.get('lost')).toBeGreaterThan(0);
    gateways = gateways.slice(2);
    // Until what the dead ones held has expired and is charged.
    await sleep(SHORT_TIMEOUT_MS + RESERVATION_MARGIN_MS + 2_500);
    await expectFullUse();
  });
});
