/**
 * The guard that resolves application inference profiles: whom Bedrock is asked for, and when.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { withProfiles } from '../../lambda/application/spend-guard-with-profiles.ts';
import type { ProfileAnswer } from '../../lambda/ports/profile-directory.ts';
import { cap, price } from '../helpers/builders.ts';
import {
  createFakePorts,
  guardedRequest,
  guardOptions,
  HAIKU,
  settingsTable,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456';
const BASE = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const FOUND: ProfileAnswer = {
  kind: 'found',
  modelArns: ['us-east-1', 'us-west-2'].map(
    (region) => `arn:aws:bedrock:${region}::foundation-model/${BASE}`,
  ),
};

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
let atHand: ProfileAnswer | undefined;
let answer: ProfileAnswer;
let questions: string[];
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
  atHand = undefined;
  answer = FOUND;
  questions = [];
});

const profiles = {
  peek: () => atHand,
  lookUp: async (arn: string, region: string) => {
    questions.push(`${region} ${arn}`);
    return answer;
  },
};

const guarded = () => {
  const options = guardOptions();
  return withProfiles(
    createSpendGuard(ports, options),
    { ...ports, profiles },
    options.settingsMaxAgeMs,
  );
};
const handle = (rest = {}) =>
  guarded().handle(guardedRequest(clock, ports.sink, { modelId: ARN, ...rest }));
const nothingHappened = () => {
  expect(ports.upstream.sent).toEqual([]);
  expect(ports.events.filter((event) => event.startsWith('reserve'))).toEqual([]);
};

describe('T23: a request for an application inference profile', () => {
  test('is priced as the model behind it, and sent as it was asked for', async () => {
    const result = await handle();
    await result.done;

    expect(questions).toEqual([`us-east-1 ${ARN}`]);
    expect(result.kind).toBe('complete');
    expect(ports.upstream.sent[0]?.path).toBe(`/model/${encodeURIComponent(ARN)}/converse`);
  });

  test('asks nobody where the answer is at hand, and reads no settings for it', async () => {
    atHand = FOUND;

    const result = await handle();
    await result.done;

    expect([questions, ports.settings.reads]).toEqual([[], 0]);
    expect(ports.upstream.sent).toHaveLength(1);
  });

  test.each([
    ['model', { models: [`us.${BASE}`] }, 'complete'],
    ['another model', { models: ['us.amazon.*'] }, 'no cap'],
  ])('counts on caps that select its %s', async (_what, selectors, outcome) => {
    ports.settings.table = settingsTable({ caps: [cap({ selectors })] });
    ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };

    const result = handle();
    if (outcome === 'complete') await (await result).done;
    else await expect(result).rejects.toMatchObject({ code: 'no_cap_applies' });
  });

  test('is free of the model for CountTokens too, which goes out as it was asked for', async () => {
    const request = guardedRequest(clock, ports.sink, {
      modelId: ARN,
      operation: 'count-tokens',
      upstreamPath: (modelId) => `/model/${encodeURIComponent(modelId)}/count-tokens`,
    });

    await guarded().handleFree(request, Buffer.from('{}'));

    expect(questions).toHaveLength(1);
    expect(ports.upstream.sent[0]?.path).toContain(encodeURIComponent(ARN));
  });

  test("is not asked for where an operator's price describes exactly this ARN", async () => {
    const model = { family: 'anthropic', contextWindowTokens: 9_000, maxOutputTokens: 90 } as const;
    ports.settings.table = settingsTable({
      prices: new Map([[ARN, price({ modelId: ARN, model })]]),
    });
    for (const last of [undefined, { ...ports.settings.table, readAtMs: clock.nowMs() }]) {
      ports.settings.last = last;
      const result = await handle();
      await result.done;
    }

    expect([questions, ports.upstream.sent.length]).toEqual([[], 2]);
  });
});

describe('an ordinary id', () => {
  test('passes without a look at profiles or settings', async () => {
    const result = await handle({ modelId: HAIKU });
    await result.done;

    expect([questions, ports.settings.reads]).toEqual([[], 0]);
  });

  test('of CountTokens does too', async () => {
    const request = guardedRequest(clock, ports.sink, { operation: 'count-tokens' });
    await guarded().handleFree(request, Buffer.from('{}'));

    expect(questions).toEqual([]);
  });
});

describe('threat 11: a profile that is not resolved', () => {
  test.each<[string, ProfileAnswer, string]>([
    ['is unknown', { kind: 'unknown', problem: 'ResourceNotFoundException' }, 'model_not_priced'],
    ['cannot be asked for', { kind: 'unavailable', problem: 'throttled' }, 'model_unresolved'],
    ['leads nowhere', { kind: 'found', modelArns: [] }, 'model_not_priced'],
  ])('reserves and sends nothing where it %s', async (_what, given, code) => {
    answer = given;

    await expect(handle()).rejects.toMatchObject({ code });
    nothingHappened();
  });

  test('is not asked for by a key that is not known', async () => {
    const wrongKey = handle({ keyText: 'hc_ci_wrong' });

    await expect(wrongKey).rejects.toMatchObject({ code: 'unknown_key' });
    expect(questions).toEqual([]);
    nothingHappened();
  });

  test('threat 13: is not asked for in another region than the one that is called', async () => {
    await expect(handle({ region: 'eu-west-1' })).rejects.toMatchObject({
      code: 'model_not_priced',
    });
    expect(questions).toEqual([]);
    nothingHappened();
  });

  test('is refused by a guard that knows no profiles', async () => {
    const bare = createSpendGuard(ports, guardOptions());

    await expect(
      bare.handle(guardedRequest(clock, ports.sink, { modelId: ARN })),
    ).rejects.toMatchObject({ code: 'model_not_priced' });
  });
});

describe('an alias of an application inference profile', () => {
  const aliases = (modelId: string) => ({
    ...settingsTable({ aliases: new Map([['team-model', { name: 'team-model', modelId }]]) }),
    readAtMs: clock.nowMs(),
  });

  test('is priced as the model behind the profile', async () => {
    ports.settings.table = aliases(ARN);
    ports.settings.last = aliases(ARN);

    const result = await handle({ modelId: 'team-model' });
    await result.done;

    expect(questions).toEqual([`us-east-1 ${ARN}`]);
    expect(ports.upstream.sent[0]?.path).toBe(`/model/${encodeURIComponent(ARN)}/converse`);
  });

  test('that has come to stand for another profile meanwhile is refused, not priced as the old', async () => {
    const OTHER = ARN.replace('abc', 'fff');
    ports.settings.last = { ...aliases(ARN), readAtMs: clock.nowMs() - 60_000 };
    ports.settings.table = aliases(OTHER);
    atHand = FOUND;

    await expect(handle({ modelId: 'team-model' })).rejects.toMatchObject({
      code: 'model_not_priced',
    });
    expect(ports.upstream.sent).toEqual([]);
  });
});
