/**
 * Caps that clamp, through a real SDK client, the real handler and ledger, and a Bedrock that
 * always writes as much as max_tokens lets it.
 */
import {
  type BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseUsd } from '../../lambda/domain/money.ts';
import {
  converse,
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';
import { claudeBody, novaBody } from './bedrock-fixture.ts';
import { gatewayClient, headersOfAnswer } from './gateway-client.ts';

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
  client = gatewayClient(running.url, key);
  running.bedrock.book.reset();
});

const useCap = (limitUsd: string, rest: Readonly<Record<string, unknown>> = {}) =>
  running.cap(capId, { keys: [`caller-${turn}`], limitUsd, action: 'clamp', ...rest });

/** Writes until it is stopped. */
const GREEDY = '[[output=999999]]';
/** The dearest that the catalogue prices a token of Haiku's output at, in nano-dollars. */
const OUTPUT_NANO_USD = 5_500n;

const nano = (amount: string): bigint => parseUsd(amount) ?? -1n;
const settledNanoUsd = async () => nano((await running.counter(capId)).settledUsd);
const billed = () => running.bedrock.book.page().billed;

describe('a request under a cap that clamps', () => {
  it('ends at or under the cap to the nano-dollar, having written all that it could', async () => {
    await useCap('0.01');
    const messages = [{ role: 'user' as const, content: [{ text: GREEDY }] }];
    const command = new ConverseCommand({ modelId: HAIKU, messages });
    const headers = headersOfAnswer(command);

    const answer = await client.send(command);

    const clamped = Number(headers()['x-hardcap-clamped-max-tokens']);
    expect(answer.usage?.outputTokens).toBe(clamped);
    expect(clamped).toBeGreaterThan(1_700);
    const settled = await settledNanoUsd();
    expect(settled <= nano('0.01')).toBe(true);
    // Only the input is bounded more loosely than it is billed: some 200 bytes for 5 tokens.
    expect(nano('0.01') - settled < 60n * OUTPUT_NANO_USD).toBe(true);
  });

  it('is billed to the last nano-dollar where its input is bounded exactly', async () => {
    // [[input=...]] bills what the bound by bytes says, so that nothing but rounding is left over.
    const text = `${GREEDY} [[input=00000]]`;
    await useCap('10');
    const probe = await converse(running.url, key, text, { maxTokens: 1_000 });
    await probe.text();
    const reserved = nano(probe.headers.get('x-hardcap-reserved-usd') ?? '');
    // What 1,000 tokens of output leave of the bound is the input's, at $1.375 a million, and 3.
    const input = (reserved - 1_000n * OUTPUT_NANO_USD - 3n) / 1_375n;
    await running.removeCap(capId);
    turn += 1;
    capId = `cap-${turn}`;
    key = await running.key(`caller-${turn}`);
    const writes = String(input).padStart(5, '0');
    const exact = text.replace('[[input=00000]]', `[[cache-write=${writes}]]`);
    await useCap('0.01');

    const response = await converse(running.url, key, exact, { maxTokens: 99_999 });
    await response.text();

    const settled = await settledNanoUsd();
    expect(response.headers.get('x-hardcap-clamped-max-tokens')).toMatch(/^1\d{3}$/);
    expect(settled <= nano('0.01')).toBe(true);
    expect(nano('0.01') - settled < 4n * OUTPUT_NANO_USD).toBe(true);
  });

  it('is told so on a stream too', async () => {
    await useCap('0.01');
    const messages = [{ role: 'user' as const, content: [{ text: GREEDY }] }];
    const command = new ConverseStreamCommand({ modelId: HAIKU, messages });
    const headers = headersOfAnswer(command);

    const { stream } = await client.send(command);
    let outputTokens = 0;
    for await (const event of stream ?? []) {
      outputTokens = event.metadata?.usage?.outputTokens ?? outputTokens;
    }

    expect(headers()['x-hardcap-clamped-max-tokens']).toBe(String(outputTokens));
    expect((await settledNanoUsd()) <= nano('0.01')).toBe(true);
  });

  it.each([
    ['Anthropic', HAIKU, claudeBody(GREEDY, 60_000)],
    ['Nova', NOVA, { ...novaBody(GREEDY), inferenceConfig: { max_new_tokens: 60_000 } }],
  ])('by InvokeModel of %s is lowered in the vendor’s own field', async (_, modelId, body) => {
    await useCap('0.001', { limitUsd: modelId === NOVA ? '0.001' : '0.01' });
    const command = new InvokeModelCommand({ modelId, body: JSON.stringify(body) });
    const headers = headersOfAnswer(command);

    await client.send(command);

    expect(billed().outputTokens).toBe(Number(headers()['x-hardcap-clamped-max-tokens']));
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

    expect(statuses).toEqual([200, 200, 429, 429].slice(0, statuses.length));
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

    await expect
      .poll(async () => (await running.journal()).find(({ keyId }) => keyId === `caller-${turn}`))
      .toMatchObject({
        outcome: 'settled',
        clampedMaxTokens: Number(response.headers.get('x-hardcap-clamped-max-tokens')),
      });
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
    expect(running.bedrock.book.entries().map(({ operation }) => operation)).toEqual([
      'count-tokens',
      'converse',
    ]);
    expect((await settledNanoUsd()) <= nano('0.006')).toBe(true);
  });

  it('is not counted where it fits', async () => {
    await useCap('1', { action: 'block' });

    await (await converse(running.url, key, text, { maxTokens: 100 })).text();

    expect(running.bedrock.book.entries().map(({ operation }) => operation)).toEqual(['converse']);
  });

  it('is refused by a model that cannot be counted, which is asked once', async () => {
    await useCap('0.00025', { action: 'block' });
    const ask = () => converse(running.url, key, text, { modelId: NOVA, maxTokens: 100 });

    const statuses = [(await ask()).status, (await ask()).status];

    expect(statuses).toEqual([429, 429]);
    expect(running.bedrock.book.entries().map(({ operation }) => operation)).toEqual([
      'count-tokens',
    ]);
  });
});
