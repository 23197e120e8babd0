/**
 * What becomes of a usage that cannot be right: a named outcome for each, and never a cheap one.
 */
import { describe, expect, it } from 'vitest';
import { inFull } from '../../lambda/application/endings.ts';
import { openSettlement } from '../../lambda/application/settlement.ts';
import { METRIC } from '../../lambda/contract.ts';
import { answered, ended, modelOf, prepare } from '../helpers/asked-requests.ts';
import { price, subject, usd } from '../helpers/builders.ts';
import { callerKey, createFakePorts } from '../helpers/fake-ports.ts';
import { createVirtualClock, NOON_MS } from '../helpers/virtual-clock.ts';

const converse = { operation: 'converse' } as const;
const tokens = {
  inputNanoUsdPerMillion: usd('1'),
  outputNanoUsdPerMillion: usd('5'),
  cacheReadNanoUsdPerMillion: usd('0.1'),
  cacheWrite5mNanoUsdPerMillion: usd('1.25'),
  cacheWrite1hNanoUsdPerMillion: usd('2'),
};
const model = modelOf('anthropic', { price: price({ tokens }) });
const body = { messages: [], inferenceConfig: { maxTokens: 100 } };
const prepared = prepare(model, body, converse);
const endingWith = (usage: unknown) => ended(model, prepared, answered(model, { usage }, converse));

describe('a usage', () => {
  it.each([
    ['absent', undefined, 'the answer carries no usage'],
    ['without output', { inputTokens: 1 }, 'the count of output tokens is missing'],
    ['without input', { outputTokens: 1 }, 'the count of input tokens is missing'],
    ['negative', { inputTokens: -1, outputTokens: 1 }, 'the count "inputTokens" is not a whole'],
    [
      'a fraction',
      { inputTokens: 1, outputTokens: 0.5 },
      'the count "outputTokens" is not a whole',
    ],
    ['text', { inputTokens: '1', outputTokens: 1 }, 'the count "inputTokens" is not a whole'],
    ['absurd', { inputTokens: 1, outputTokens: 1e12 }, 'the count "outputTokens" is not a whole'],
    [
      'another sum in all than in its parts',
      { inputTokens: 1, outputTokens: 1, totalTokens: 9 },
      'the usage has a total that is not the sum of its parts',
    ],
    [
      'of server tools',
      { inputTokens: 1, outputTokens: 1, serverToolUsage: { webSearchRequests: 1 } },
      'the usage holds "serverToolUsage", which has no price here',
    ],
  ])('threat 19: that is %s is charged in full, and the reason is told', (_name, usage, why) => {
    const ending = endingWith(usage);

    expect(ending.outcome).toBe('charged-in-full');
    expect(ending.costNanoUsd).toBe(prepared.boundNanoUsd);
    expect(ending.reason).toContain(`usage unknown: ${why}`);
  });

  it('T20 threat 15: has its cached tokens billed, each lifetime of a write at its own price', () => {
    const ending = endingWith({
      inputTokens: 0,
      outputTokens: 0,
      cacheReadInputTokens: 1_000,
      cacheWriteInputTokens: 3_000,
      totalTokens: 4_000,
      cacheDetails: [
        { ttl: '1h', inputTokens: 2_000 },
        { ttl: '5m', inputTokens: 1_000 },
      ],
    });

    expect(ending.costNanoUsd).toBe(100_000n + 4_000_000n + 1_250_000n);
  });
});

describe('a usage above the bound', () => {
  async function finished(usage: unknown) {
    const ports = createFakePorts(createVirtualClock());
    const ending = endingWith(usage);
    const admission = {
      key: callerKey(),
      subject: subject(),
      model,
      prepared,
      charges: [],
      fit: {},
    };
    const settlement = openSettlement(ports, {
      requestId: 'request-1',
      operation: 'converse',
      admission,
      held: [],
      startedAtMs: NOON_MS,
    });
    await settlement.finish(ending);
    return { ports, ending };
  }

  it('threat 19: is recorded as it is, counted as an overrun, and tells the alarm', async () => {
    const { ports, ending } = await finished({ inputTokens: 900_000, outputTokens: 100_000 });

    expect(ending.outcome).toBe('settled');
    expect(ending.costNanoUsd).toBe(usd('0.9') + usd('0.5'));
    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBe(1);
  });

  it('is no overrun where the request is charged in full', async () => {
    const { ports } = await finished(undefined);

    expect(ports.telemetry.metrics.get(METRIC.overruns)).toBeUndefined();
    const admission = {
      key: callerKey(),
      subject: subject(),
      model,
      prepared,
      charges: [],
      fit: {},
    };
    expect(inFull(admission, 200, 'x').costNanoUsd).toBe(prepared.boundNanoUsd);
  });
});

describe('the rate of the bound', () => {
  it('threat 15: is the write price though no cache point is asked for, as caching is implicit', () => {
    const asPlain = BigInt(prepared.inputTokens) * 1_250n;

    expect(prepared.boundNanoUsd).toBeGreaterThanOrEqual(asPlain + 500_000n);
  });

  it('T19 threat 15: is the hour price where one block of any kind asks for an hour', () => {
    const point = { cachePoint: { type: 'default', ttl: '1h' } };
    for (const members of [
      { system: [point] },
      { messages: [{ role: 'user', content: [point] }] },
      { toolConfig: { tools: [point] } },
    ]) {
      const hour = prepare(model, { ...body, ...members }, converse);

      expect(hour.oneHourCacheWrites).toBe(true);
      expect(hour.boundNanoUsd).toBeGreaterThanOrEqual(BigInt(hour.inputTokens) * 2_000n);
    }
  });

  it('T22 threat 17: is the long-context price from one token past the threshold on', () => {
    const long = { inputNanoUsdPerMillion: usd('10'), outputNanoUsdPerMillion: usd('50') };
    const at = (thresholdTokens: number) =>
      prepare(
        modelOf('anthropic', {
          price: price({ tokens, longContext: { thresholdTokens, tokens: long } }),
        }),
        body,
        converse,
      ).boundNanoUsd;

    expect(at(prepared.inputTokens)).toBe(prepared.boundNanoUsd);
    expect(at(prepared.inputTokens - 1)).toBeGreaterThan(prepared.boundNanoUsd * 5n);
  });
});
