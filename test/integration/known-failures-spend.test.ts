/**
 * What other gateways lost or counted twice of what Bedrock bills: each test carries its number
 * in docs/known-failures.md. The truth is the simulated Bedrock's own book.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  converse,
  HAIKU,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

/** Dollars a token of Haiku, from Bedrock's price list and not from the catalogue under test. */
const RATES = { input: 1.1e-6, output: 5.5e-6, cacheRead: 0.11e-6, cacheWrite: 1.375e-6 };
const PATIENCE = { timeout: 10_000, interval: 50 };

let running: RunningGateway;
let key: string;
let turn = 0;
let capId = '';

beforeAll(async () => {
  running = await startRunningGateway();
});
afterAll(() => running.close());
beforeEach(async () => {
  turn += 1;
  capId = `cap-${turn}`;
  key = await running.key(`caller-${turn}`);
  await running.cap(capId, { keys: [`caller-${turn}`] });
  running.bedrock.book.reset();
});

function billedUsd(): number {
  const { billed } = running.bedrock.book.page();
  return (
    billed.inputTokens * RATES.input +
    billed.outputTokens * RATES.output +
    billed.cacheReadTokens * RATES.cacheRead +
    billed.cacheWrite5mTokens * RATES.cacheWrite
  );
}

const ask = async (text: string, operation = 'converse') => {
  const response = await converse(running.url, key, text, { operation });
  await response.arrayBuffer().catch(() => undefined);
  return response;
};

/** Asks for a stream and leaves once this many chunks have come. */
async function leaveAfter(chunks: number, text: string): Promise<void> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const asking = converse(running.url, key, text, { operation: 'converse-stream', signal });
  if (chunks < 0) {
    // Before the first byte: Bedrock thinks, and the client goes.
    setTimeout(() => leaving.abort(), 60);
    await asking.catch(() => undefined);
    return;
  }
  const reader = (await asking).body?.getReader();
  for (let read = 0; read < chunks; read += 1) await reader?.read();
  leaving.abort();
  await reader?.closed.catch(() => undefined);
}

/** The counter once nothing is in flight and this many requests were billed. */
async function settledBooks(billedRequests: number) {
  await expect
    .poll(async () => {
      const { reservations } = await running.counter(capId);
      return [running.bedrock.book.page().billedRequests, reservations];
    }, PATIENCE)
    .toEqual([billedRequests, 0]);
  return Number((await running.counter(capId)).settledUsd);
}

const STREAM = '[[input=1000]] [[output=60]] [[chunks=8]] [[delay=15]]';

it('T13 bills a stream what it bills the same answer in one piece', async () => {
  const text = '[[input=100]] [[output=60]] [[cache-read=200]] [[cache-write=40]]';
  await ask(text);
  const whole = await settledBooks(1);
  await ask(text, 'converse-stream');

  expect((await settledBooks(2)) - whole).toBeCloseTo(whole, 9);
  expect(whole).toBeCloseTo(billedUsd() / 2, 8);
});

it('T14 records the spend of a stream whose client has gone', async () => {
  await leaveAfter(1, STREAM);

  expect(await settledBooks(1)).toBeGreaterThan(0);
});

it('T15 settles a stream whose client has gone at what Bedrock bills, no less', async () => {
  await leaveAfter(2, STREAM);

  expect(await settledBooks(1)).toBeCloseTo(billedUsd(), 9);
});

it('T18 gives no output away to a client that leaves right before each end', async () => {
  for (let i = 0; i < 5; i += 1) await leaveAfter(9, STREAM);

  // The prompts are billed too, not the output alone.
  expect(await settledBooks(5)).toBeCloseTo(billedUsd(), 9);
  expect(billedUsd()).toBeCloseTo(5 * (1000 * RATES.input + 60 * RATES.output), 9);
});

it('threat 7: a client that leaves pays the same at each chunk, and before the first', async () => {
  for (let chunks = -1; chunks <= 8; chunks += 1) {
    await leaveAfter(chunks, `${STREAM} [[first=120]]`);
  }

  expect(await settledBooks(10)).toBeCloseTo(billedUsd(), 9);
});

it('T11 keeps a counter that is the sum of its journal, whatever happened', async () => {
  await ask('[[input=10]] [[output=5]]');
  await ask('[[input=20]] [[output=6]]', 'converse-stream');
  await ask('[[error=ThrottlingException]]');
  await ask('[[error=InternalServerException]]');
  await ask('[[no-usage]]');
  await ask('[[cut=2]]', 'converse-stream');
  await ask('[[exception=throttlingException]]', 'converse-stream');
  await ask('[[reset]]');
  await leaveAfter(1, STREAM);
  await nativeMessage();

  const own = async () =>
    (await running.journal()).filter(({ keyId }) => keyId === `caller-${turn}`);
  await expect.poll(async () => (await own()).length, PATIENCE).toBe(10);

  const journalled = (await own()).reduce((sum, entry) => sum + Number(entry.costUsd), 0);
  const books = await running.counter(capId);
  expect(journalled).toBeCloseTo(Number(books.settledUsd), 9);
  expect(books.committedUsd).toBe(books.settledUsd);
  expect(journalled).toBeGreaterThanOrEqual(billedUsd());
});

async function nativeMessage(): Promise<void> {
  const response = await fetch(
    `${running.url}/model/${encodeURIComponent(HAIKU)}/invoke-with-response-stream`,
    {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        anthropic_version: 'bedrock-2023-05-31',
        max_tokens: 50,
        messages: [{ role: 'user', content: '[[input=30]] [[output=7]]' }],
      }),
    },
  );
  await response.arrayBuffer();
}

it.each([
  ['ThrottlingException', 429],
  ['ServiceUnavailableException', 503],
  ['InternalServerException', 500],
  ['ModelTimeoutException', 408],
])('threat 21: asks Bedrock once though it answers %s', async (type, status) => {
  const response = await ask(`[[error=${type}]]`);

  expect(response.status).toBe(status);
  expect(running.bedrock.book.page().requests).toBe(1);
});

it('threat 21: asks Bedrock once though the connection is reset', async () => {
  await ask('[[reset]]');

  expect(running.bedrock.book.page().requests).toBe(1);
});

it('T28 counts a caller who lives on the cache by what it costs, not by its tokens', async () => {
  await ask('[[input=0]] [[cache-read=100000]] [[output=1]]');

  const spent = await settledBooks(1);
  expect(spent).toBeCloseTo(100_000 * RATES.cacheRead + RATES.output, 9);
  expect(spent).toBeLessThan((100_001 * RATES.input) / 9);
});

it('threat 22: pays for a repeated request again, and holds it to the cap', async () => {
  const text = '[[input=100]] [[output=50]]';
  for (let i = 0; i < 3; i += 1) await ask(text);

  expect(await settledBooks(3)).toBeCloseTo(3 * (100 * RATES.input + 50 * RATES.output), 9);
});
