/**
 * The tier and latency that served: what the answer says decides the price, not what was asked for.
 */
import { describe, expect, it } from 'vitest';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { type JsonObject, parseBody } from '../../lambda/domain/request-body.ts';
import { createUsageMeter, type Usage } from '../../lambda/domain/usage.ts';
import { eventFrame } from '../../local/simulated-stream.ts';
import { answered, ended, modelOf, prepare, verdict } from '../helpers/asked-requests.ts';
import { price, usd } from '../helpers/builders.ts';
import {
  createFakePorts,
  guardedRequest,
  guardOptions,
  jsonBytes,
  response,
} from '../helpers/fake-ports.ts';
import { createVirtualClock } from '../helpers/virtual-clock.ts';

/** Priority costs 1.75 times as much, optimised latency twice. */
const priced = price({
  priority: { numerator: 175n, denominator: 100n },
  optimized: { inputNanoUsdPerMillion: usd('2'), outputNanoUsdPerMillion: usd('10') },
});
const model = modelOf('anthropic', { price: priced });
const converse = { operation: 'converse' } as const;
const counts = { inputTokens: 1_000, outputTokens: 100, totalTokens: 1_100 };
const DEFAULT_NANO_USD = 1_000_000n + 500_000n;

const asking = (members: JsonObject): JsonObject => ({ messages: [], ...members });
const priority = prepare(model, asking({ serviceTier: { type: 'priority' } }), converse);
const standard = prepare(model, asking({}), converse);
const optimized = prepare(model, asking({ performanceConfig: { latency: 'optimized' } }), converse);

describe('a Converse answer is settled', () => {
  const settle = (prepared: typeof priority, members: JsonObject) =>
    ended(model, prepared, answered(model, { usage: counts, ...members }, converse));

  it('T21 at the tier that was asked for, where the answer names none', () => {
    expect(settle(priority, {}).costNanoUsd).toBe((DEFAULT_NANO_USD * 175n) / 100n);
    expect(settle(optimized, {}).costNanoUsd).toBe(DEFAULT_NANO_USD * 2n);
  });

  it.each(['default', 'flex', 'reserved'])(
    'T21 at the default price where priority was asked for and %s served',
    (type) => {
      expect(settle(priority, { serviceTier: { type } }).costNanoUsd).toBe(DEFAULT_NANO_USD);
    },
  );

  it('T21 at the priority price where that served unasked', () => {
    const ending = settle(standard, { serviceTier: { type: 'priority' } });

    expect(ending.costNanoUsd).toBe((DEFAULT_NANO_USD * 175n) / 100n);
  });

  it('at the latency that served, each way', () => {
    const plain = { performanceConfig: { latency: 'standard' } };
    const fast = { performanceConfig: { latency: 'optimized' } };

    expect(settle(optimized, plain).costNanoUsd).toBe(DEFAULT_NANO_USD);
    expect(settle(standard, fast).costNanoUsd).toBe(DEFAULT_NANO_USD * 2n);
  });

  it.each([
    [{ serviceTier: { type: 'gold' } }, 'the answer was served at a tier of unknown name'],
    [{ serviceTier: { type: 7 } }, 'the answer was served at a tier of unknown name'],
    [{ serviceTier: { type: 'toString' } }, 'the answer was served at a tier of unknown name'],
    [
      { performanceConfig: { latency: 'instant' } },
      'the answer was served at a latency of unknown name',
    ],
  ] as [JsonObject, string][])('threat 19: in full, and says so, with %j', (members, why) => {
    expect(settle(priority, members)).toMatchObject({
      outcome: 'charged-in-full',
      costNanoUsd: priority.boundNanoUsd,
      reason: `usage unknown: ${why}`,
    });
  });

  it('in full where what served has no price', () => {
    const onlyDefault = modelOf('anthropic');
    const prepared = prepare(onlyDefault, asking({}), converse);
    const answer = { usage: counts, serviceTier: { type: 'priority' } };

    expect(ended(onlyDefault, prepared, answered(onlyDefault, answer, converse))).toMatchObject({
      outcome: 'charged-in-full',
      reason: 'usage unknown: served at no price',
    });
    expect(verdict(onlyDefault, asking({ serviceTier: { type: 'priority' } }), converse)).toBe(
      'unpriced_field serviceTier.type',
    );
  });
});

describe('a native answer is settled', () => {
  const usage = { input_tokens: 1_000, output_tokens: 100 };
  const served = (headers: Record<string, string>, members: JsonObject = {}) =>
    ended(model, priority, answered(model, { usage, ...members }, { headers })).costNanoUsd;

  it('T21 at the tier and latency of its headers', () => {
    expect(served({ 'x-amzn-bedrock-service-tier': 'default' })).toBe(DEFAULT_NANO_USD);
    expect(
      served({
        'x-amzn-bedrock-service-tier': 'default',
        'x-amzn-bedrock-performanceconfig-latency': 'optimized',
      }),
    ).toBe(DEFAULT_NANO_USD * 2n);
    expect(served({ 'x-amzn-bedrock-service-tier': 'gold' })).toBe(priority.boundNanoUsd);
  });

  it('T21 dearer by the word of the vendor, but never cheaper', () => {
    const body = { usage: { ...usage, service_tier: 'priority' } };
    const dear = (DEFAULT_NANO_USD * 175n) / 100n;

    expect(ended(model, standard, answered(model, body)).costNanoUsd).toBe(dear);
    expect(served({}, { usage: { ...usage, service_tier: 'standard' } })).toBe(dear);
    expect(served({}, { service_tier: 'default' })).toBe(dear);
    expect(served({}, { service_tier: 'scale' })).toBe(priority.boundNanoUsd);
  });
});

describe('a stream is settled', () => {
  it('T21 at the tier of its metadata', () => {
    const meter = createUsageMeter({
      operation: 'converse-stream',
      model,
      oneHourCacheWrites: false,
    });
    const metadata = { usage: counts, serviceTier: { type: 'default' } };
    meter.event('event', 'metadata', Buffer.from(JSON.stringify(metadata)));

    expect(ended(model, priority, meter.usage()).costNanoUsd).toBe(DEFAULT_NANO_USD);
  });

  const nativeStream = (headers: Record<string, string>): Usage => {
    const meter = createUsageMeter({
      operation: 'invoke-with-response-stream',
      model,
      headers,
      oneHourCacheWrites: false,
    });
    const metrics = { inputTokenCount: 1_000, outputTokenCount: 100 };
    const chunk = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics };
    const bytes = Buffer.from(JSON.stringify(chunk)).toString('base64');
    meter.event('event', 'chunk', Buffer.from(JSON.stringify({ bytes })));
    return meter.usage();
  };

  it('T21 at the tier of its headers, and in full where they name an unknown one', () => {
    const header = 'x-amzn-bedrock-service-tier';

    expect(ended(model, priority, nativeStream({ [header]: 'flex' })).costNanoUsd).toBe(
      DEFAULT_NANO_USD,
    );
    expect(nativeStream({ [header]: 'gold' }).kind).toBe('unknown');
  });

  it.each([
    ['default', DEFAULT_NANO_USD],
    ['gold', undefined],
  ])('T21 by the head of the answer: %s', async (tier, cost) => {
    const clock = createVirtualClock();
    const ports = createFakePorts(clock);
    const metrics = { inputTokenCount: 1_000, outputTokenCount: 100 };
    const chunk = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics };
    const payload = { bytes: Buffer.from(jsonBytes(chunk)).toString('base64') };
    const frame = eventFrame({ type: 'chunk', payload, isChunk: true }, 3);
    const head = { 'x-amzn-bedrock-service-tier': tier };
    ports.upstream.respond = async () => response(200, [frame], head);
    const body = parseBody(jsonBytes({ messages: [], max_tokens: 5_000 }));

    const guard = createSpendGuard(ports, guardOptions());
    const asked = { operation: 'invoke-with-response-stream', body } as const;
    await (await guard.handle(guardedRequest(clock, ports.sink, asked))).done;

    const { settledNanoUsd } = ports.ledger.books('COUNTER#team-budget');
    if (cost !== undefined) expect(settledNanoUsd).toBe(cost);
    // 5,000 output tokens are reserved, at $5 a million.
    else expect(settledNanoUsd).toBeGreaterThan(25_000_000n);
  });
});
