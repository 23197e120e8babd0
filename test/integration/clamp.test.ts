/**
 * Caps that clamp, through a real SDK client, the real handler and ledger, and a Bedrock that
 * always writes as much as max_tokens lets it.
 */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { HttpResponse } from '@smithy/protocol-http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatUsd, nanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import {
  converse,
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';
import { claudeBody, novaBody } from './bedrock-fixture.ts';

let running: RunningGateway;
let client: BedrockRuntimeClient;
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
  client = clientOf(key);
  running.bedrock.book.reset();
});

/** An SDK client of the gateway; what it is answered in headers is kept. */
function clientOf(token: string): BedrockRuntimeClient {
  const created = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: running.url,
    token: { token },
    authSchemePreference: ['httpBearerAuth'],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  created.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (HttpResponse.isInstance(result.response)) lastHeaders = result.response.headers;
      return result;
    },
    { step: 'deserialize', name: 'keepHeaders' },
  );
  return created;
}
let lastHeaders: Readonly<Record<string, string>> = {};

const useCap = (limitUsd: string, rest: Readonly<Record<string, unknown>> = {}) =>
  running.cap(capId, { keys: [`caller-${turn}`], limitUsd, action: 'clamp', ...rest });

/** Writes until it is stopped. */
const GREEDY = '[[output=999999]]';
/** The dearest that the catalogue prices a token of Haiku's output at, in nano-dollars. */
const OUTPUT_NANO_USD = 5_500n;

const nano = (amount: string): bigint => parseUsd(amount) ?? -1n;
const settledNanoUsd = async () => nano((await running.counter(capId)).settledUsd);
const operations = () => running.bedrock.book.page().records.map(({ operation }) => operation);
const billed = () => running.bedrock.book.page().billed;

describe('a request under a cap that clamps', () => {
  it('ends at or under the cap to the nano-dollar, having written all that it could', async () => {
    await useCap('0.01');
    const messages = [{ role: 'user' as const, content: [{ text: GREEDY }] }];
    const command = new ConverseCommand({ modelId: HAIKU, messages });

    const answer = await client.send(command);

    const clamped = Number(lastHeaders['x-hardcap-clamped-max-tokens']);
    expect(answer.usage?.outputTokens).toBe(clamped);
    expect(clamped).toBeGreaterThan(1_700);
    const settled = await settledNanoUsd();
    expect(settled <= nano('0.01')).toBe(true);
    // Only the input is bounded more loosely than it is billed: some 200 bytes for 5 tokens.
    expect(nano('0.01') - settled < 60n * OUTPUT_NANO_USD).toBe(true);
  });

  it('is billed to the last nano-dollar where its input is bounded exactly', async () => {
    // All of the input is billed as written to the cache, the dearest that it can be.
    const textOf = (writes: bigint) =>
      `${GREEDY} [[input=0]] [[cache-write=${String(writes).padStart(5, '0')}]]`;
    await useCap('10');
    const probe = await converse(running.url, key, textOf(0n), { maxTokens: 1_000 });
    await probe.text();
    const reserved = nano(probe.headers.get('x-hardcap-reserved-usd') ?? '');
    const inputTokens = (reserved - 1_000n * OUTPUT_NANO_USD) / 1_375n;
    const spent = await settledNanoUsd();
    await useCap(formatUsd(nanoUsd(spent + nano('0.01'))));

    const response = await converse(running.url, key, textOf(inputTokens), { maxTokens: 9_999 });
    await response.text();

    expect(response.headers.get('x-hardcap-clamped-max-tokens')).toMatch(/^1\d{3}$/);
    const cost = (await settledNanoUsd()) - spent;
    // One token more would have passed it.
    expect(cost <= nano('0.01') && cost + OUTPUT_NANO_USD + 3n > nano('0.01')).toBe(true);
  });

  it('is told so on a stream too', async () => {
    await useCap('0.01');
    const messages = [{ role: 'user' as const, content: [{ text: GREEDY }] }];
    const command = new ConverseStreamCommand({ modelId: HAIKU, messages });

    const { stream } = await client.send(command);
    let outputTokens = 0;
    for await (const event of stream ?? []) {
      outputTokens = event.metadata?.usage?.outputTokens ?? outputTokens;
    }

    expect(lastHeaders['x-hardcap-clamped-max-tokens']).toBe(String(outputTokens));
    expect((await settledNanoUsd()) <= nano('0.01')).toBe(true);
  });

  it.each([
    ['Anthropic', HAIKU, claudeBody(GREEDY, 60_000)],
    ['Nova', NOVA, { ...novaBody(GREEDY), inferenceConfig: { max_new_tokens: 60_000 } }],
  ])('by InvokeModel of %s is lowered in the vendor’s own field', async (_, modelId, body) => {
    await useCap('0.001', { limitUsd: modelId === NOVA ? '0.001' : '0.01' });
    const command = new InvokeModelCommand({ modelId, body: JSON.stringify(body) });

    await client.send(command);

    expect(billed().outputTokens).toBe(Number(lastHeaders['x-hardcap-clamped-max-tokens']));
    expect(billed().outputTokens).toBeGreaterThanOrEqual(256);
  });

  it('T43 keeps max_tokens above thinking.budget_tokens, so that Bedrock takes it', async () => {
    await useCap('0.02');
    const thinking = { type: 'enabled', budget_tokens: 2_000 };
    const body = JSON.stringify({ ...claudeBody(GREEDY, 60_000), thinking });

    await client.send(new InvokeModelCommand({ modelId: HAIKU, body }));

    expect(billed().outputTokens).toBeGreaterThanOrEqual(2_256);
    expect((await settledNanoUsd()) <= nano('0.02')).toBe(true);
  });

  it('T3 is refused once less remains than is of use, never admitted with less held', async () => {
    await useCap('0.01');
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const response = await converse(running.url, key, GREEDY, { maxTokens: 1_000 });
      await response.text();
      statuses.push(response.status);
    }

    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await settledNanoUsd()) <= nano('0.01')).toBe(true);
    expect((await running.counter(capId)).reservations).toBe(0);
  });

  it('is one of 50 at once, and they never pass the cap', async () => {
    await useCap('0.05');

    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const operation = i % 2 === 0 ? 'converse' : 'converse-stream';
        const response = await converse(running.url, key, GREEDY, { maxTokens: 2_000, operation });
        await response.arrayBuffer();
        return response;
      }),
    );

    await expect.poll(async () => (await running.counter(capId)).reservations).toBe(0);
    const admitted = answers.filter(({ status }) => status === 200);
    expect(admitted.length).toBeGreaterThanOrEqual(4);
    expect(answers.every(({ status }) => status === 200 || status === 429)).toBe(true);
    expect(admitted.some(({ headers }) => headers.has('x-hardcap-clamped-max-tokens'))).toBe(true);
    const settled = await settledNanoUsd();
    expect(settled <= nano('0.05')).toBe(true);
    expect(settled >= BigInt(billed().outputTokens) * OUTPUT_NANO_USD).toBe(true);
  });

  it('is journalled with the limit that was written', async () => {
    await useCap('0.01');
    const response = await converse(running.url, key, GREEDY, { maxTokens: 60_000 });
    await response.text();

    const written = response.headers.get('x-hardcap-clamped-max-tokens');
    await expect
      .poll(async () => {
        const entries = await running.journal();
        const entry = entries.find(({ keyId }) => keyId === `caller-${turn}`);
        return [entry?.outcome, String(entry?.clampedMaxTokens)];
      })
      .toEqual(['settled', written]);
  });
});

describe('a request that is kept out by its bytes alone', () => {
  const text = `${'a long story, told at length. '.repeat(400)}[[output=100]]`;

  it('is counted by Bedrock and let in, under a cap that blocks', async () => {
    await useCap('0.006', { action: 'block' });

    const response = await converse(running.url, key, text, { maxTokens: 100 });
    await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get('x-hardcap-clamped-max-tokens')).toBeNull();
    expect(operations()).toEqual(['count-tokens', 'converse']);
    expect((await settledNanoUsd()) <= nano('0.006')).toBe(true);
  });

  it('is not counted where it fits', async () => {
    await useCap('1', { action: 'block' });

    await (await converse(running.url, key, text, { maxTokens: 100 })).text();

    expect(operations()).toEqual(['converse']);
  });

  it('is refused by a model that cannot be counted, which is asked once', async () => {
    await useCap('0.00025', { action: 'block' });
    const ask = () => converse(running.url, key, text, { modelId: NOVA, maxTokens: 100 });

    const statuses = [(await ask()).status, (await ask()).status];

    expect(statuses).toEqual([429, 429]);
    expect(operations()).toEqual(['count-tokens']);
  });
});
