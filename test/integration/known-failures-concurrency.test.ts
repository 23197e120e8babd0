/**
 * What other gateways got wrong where requests come together, or to several gateways: each test
 * carries its number in docs/known-failures.md. Two gateways here share one ledger.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type LocalGateway, startLocalGateway } from '../../local/local-gateway.ts';
import {
  converse,
  HAIKU,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

const MAX_TOKENS = 1_000;
/** Dollars a token of Haiku, from Bedrock's price list and not from the catalogue under test. */
const RATES = { input: 1.1e-6, output: 5.5e-6 };
/** The output alone of one such request is $0.0055: there is room for nine at most. */
const LIMIT_USD = 0.05;
const MOST_ADMITTED = 9;
/** Every request uses nearly all that is reserved for it, and all are in flight together. */
const GREEDY = `[[output=${MAX_TOKENS}]] [[first=150]]`;

let first: RunningGateway;
let second: LocalGateway;
let key: string;
let turn = 0;
let capId = '';

beforeAll(async () => {
  first = await startRunningGateway();
  second = await startLocalGateway({
    port: 0,
    upstream: first.bedrock.url,
    ledger: first.gateway.dynamoEndpoint ?? '',
    env: { HARDCAP_SETTINGS_MAX_AGE_MS: '0', AWS_REGION: 'us-east-1' },
  });
});
afterAll(async () => {
  await second.close();
  await first.close();
});
beforeEach(async () => {
  turn += 1;
  capId = `cap-${turn}`;
  key = await first.key(`caller-${turn}`);
  first.bedrock.book.reset();
});

const setCap = (attributes: Readonly<Record<string, unknown>> = {}) =>
  first.cap(capId, { keys: [`caller-${turn}`], limitUsd: String(LIMIT_USD), ...attributes });

const ask = (url: string, text = GREEDY, maxTokens = MAX_TOKENS) =>
  converse(url, key, text, { maxTokens }).then(async (response) => {
    await response.arrayBuffer();
    return response;
  });

/** Dollars by Bedrock's own book. */
function billedUsd(): number {
  const { inputTokens, outputTokens } = first.bedrock.book.page().billed;
  return inputTokens * RATES.input + outputTokens * RATES.output;
}

async function burst(urls: readonly string[], requests: number): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, index) => ask(urls[index % urls.length] ?? '')),
  );
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  return statuses.filter((status) => status === 200).length;
}

it('T1 lets no more of 40 parallel requests in than the one cap pays for', async () => {
  await setCap();

  const admitted = await burst([first.url], 40);

  expect(admitted).toBeLessThanOrEqual(MOST_ADMITTED);
  expect(billedUsd()).toBeLessThanOrEqual(LIMIT_USD);
});

it('T2 holds a default cap for the first requests of a key that was never seen', async () => {
  await setCap({ keys: [`caller-${turn}`, `newcomer-${turn}`], splitBy: 'key' });
  await ask(first.url);
  first.bedrock.book.reset();
  key = await first.key(`newcomer-${turn}`);

  const admitted = await burst([first.url], 30);

  expect(admitted).toBeLessThanOrEqual(MOST_ADMITTED);
  expect(billedUsd()).toBeLessThanOrEqual(LIMIT_USD);
});

it('T4 gives two gateways one cap, not one each', async () => {
  await setCap();

  const admitted = await burst([first.url, second.url], 40);

  expect(admitted).toBeLessThanOrEqual(MOST_ADMITTED);
  expect(billedUsd()).toBeLessThanOrEqual(LIMIT_USD);
});

it('T5 reserves what a request may cost, not what requests have cost on average', async () => {
  await setCap();
  for (let i = 0; i < 10; i += 1) await ask(first.url, '[[output=1]]', 10);

  const admitted = await burst([first.url], 20);

  expect(admitted).toBeLessThanOrEqual(MOST_ADMITTED);
  expect(billedUsd()).toBeLessThanOrEqual(LIMIT_USD);
});

it('T6 refuses at once what another gateway has just spent', async () => {
  await setCap();
  expect((await ask(second.url, '[[output=1]]', 10)).status).toBe(200);
  // Eight cost $0.044 and more: one worst case may be left, two are not.
  for (let i = 0; i < 8; i += 1) await ask(first.url);

  const statuses = [await ask(second.url), await ask(second.url)].map(({ status }) => status);

  expect(statuses).toContain(429);
  expect(billedUsd()).toBeLessThanOrEqual(LIMIT_USD);
});

it('T12 knows after a restart exactly what was spent before it', async () => {
  await setCap();
  await ask(first.url);
  const { settledUsd } = await first.counter(capId);
  const restarted = await startLocalGateway({
    port: 0,
    upstream: first.bedrock.url,
    ledger: first.gateway.dynamoEndpoint ?? '',
    env: { AWS_REGION: 'us-east-1' },
  });

  try {
    const response = await ask(restarted.url, '[[input=0]] [[output=0]]', 1);

    const remaining = Number(response.headers.get('x-hardcap-remaining-usd'));
    expect(remaining).toBeCloseTo(LIMIT_USD - Number(settledUsd), 9);
    expect(Number(settledUsd)).toBeGreaterThan(0);
  } finally {
    await restarted.close();
  }
});

it('T34 lets no route reach Bedrock without a decision: all else is unknown', async () => {
  await setCap({ limitUsd: 0 });
  const paths = [
    ...['invoke', 'converse', 'invoke-with-response-stream', 'converse-stream'],
    ...['async-invoke', 'invoke-with-bidirectional-stream', 'invoke/', 'embed', ''],
  ].map((operation) => `/model/${encodeURIComponent(HAIKU)}/${operation}`);
  const others = [
    ...['/async-invoke', '/guardrail/g/version/1/apply', '/v1/messages', '/openai/v1'],
    ...['/openai/v1/chat/completions', '/openai/v1/responses', '/openai/v1/embeddings'],
  ];
  const bodies = [
    { messages: [{ role: 'user', content: [{ text: 'hello' }] }] },
    {
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'hello' }],
    },
    ...[HAIKU, 'openai.gpt-oss-120b-1:0'].map((model) => ({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'hello' }],
    })),
  ];
  const statuses = new Set<number>();

  for (const path of [...paths, ...others]) {
    for (const method of ['POST', 'GET', 'PUT']) {
      for (const body of bodies) {
        const response = await fetch(first.url + path, {
          method,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
        });
        await response.arrayBuffer();
        statuses.add(response.status);
      }
    }
  }

  expect(statuses).toEqual(new Set([400, 404, 429]));
  expect(first.bedrock.book.page().requests).toBe(0);
});
