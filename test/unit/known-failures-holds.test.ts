/**
 * What other gateways got wrong between a request's admission and its end: each test carries its
 * number in docs/known-failures.md. The ports are in memory, their books are true.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { createSpendGuard } from '../../lambda/application/spend-guard.ts';
import { formatUsd } from '../../lambda/domain/money.ts';
import { parseBody } from '../../lambda/domain/request-body.ts';
import { UpstreamFailure, type UpstreamResponse } from '../../lambda/ports/upstream.ts';
import { cap, usd } from '../helpers/builders.ts';
import {
  callerKey,
  createFakePorts,
  deltaFrame,
  errorResponse,
  guardedRequest,
  guardOptions,
  HAIKU,
  jsonBytes,
  metadataFrame,
  response,
  settingsTable,
  settleDown,
} from '../helpers/fake-ports.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const TEAM = 'COUNTER#team-budget';
const ACCOUNT = 'arn:aws:bedrock:us-east-1:123456789012';
const FUNCTION_TIME_MS = 60_000;

let clock: VirtualClock;
let ports: ReturnType<typeof createFakePorts>;
beforeEach(() => {
  clock = createVirtualClock({ sleepsAtOnce: false });
  ports = createFakePorts(clock);
});

const useSettings = (rest: Parameters<typeof settingsTable>[0]): void => {
  ports.settings.table = settingsTable(rest);
  ports.settings.last = { ...ports.settings.table, readAtMs: clock.nowMs() };
};

/** The request's way to its very end; a refusal for anything but a cap is its code. */
async function outcomeOf(rest: Parameters<typeof guardedRequest>[2] = {}): Promise<string> {
  const guard = createSpendGuard(ports, guardOptions());
  try {
    const answer = await guard.handle(guardedRequest(clock, ports.sink, rest));
    await answer.done;
    return answer.kind === 'refused' ? answer.refusal.reason : answer.kind;
  } catch (error) {
    await settleDown();
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const settled = (pk = TEAM) => formatUsd(ports.ledger.books(pk).settledNanoUsd);
const reserved = () => ports.ledger.journal.at(-1)?.reservedNanoUsd ?? usd('0');
const spend = (pk: string, amount: string, sk = 'daily:2026-03-02T00+00:00@UTC') => {
  ports.ledger.counters.set(`${pk}/${sk}`, {
    settledNanoUsd: usd(amount),
    reservations: new Map(),
    cutUntilMs: 0,
  });
};
const asking = (maxTokens: number) =>
  parseBody(
    jsonBytes({
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
      inferenceConfig: { maxTokens },
    }),
  );

describe('admission', () => {
  it.each([
    ['model', { models: ['*haiku*'] }],
    ['vendor', { vendors: ['anthropic'] }],
    ['key', { keys: ['ci'] }],
  ])(
    'T3 never admits with a shrunken reservation where a %s cap has too little',
    async (_, own) => {
      useSettings({
        caps: [cap(), cap({ capId: 'tight', selectors: own, limitNanoUsd: usd('1') })],
      });
      spend('COUNTER#tight', '0.9999');

      expect(await outcomeOf()).toBe('spent');

      expect(ports.upstream.sent).toEqual([]);
      expect(new Set(ports.ledger.told.map((hold) => hold.reservedNanoUsd))).toEqual(
        new Set([reserved()]),
      );
      expect([settled('COUNTER#tight'), settled(), ports.ledger.standing()]).toEqual([
        '0.9999',
        '0.00',
        [],
      ]);
    },
  );

  it('T7 decides on every request of a key, not only on its first', async () => {
    useSettings({ caps: [cap({ limitNanoUsd: usd('0.002') })] });
    const outcomes: string[] = [];
    for (let i = 0; i < 20; i += 1) outcomes.push(await outcomeOf());

    expect(outcomes[0]).toBe('complete');
    expect(outcomes.at(-1)).toBe('spent');
    expect(ports.upstream.sent).toHaveLength(outcomes.filter((kind) => kind === 'complete').length);
  });

  it.each([
    ['a router', { modelId: `${ACCOUNT}:default-prompt-router/anthropic.claude:1` }],
    ['a prompt that names its model', { modelId: `${ACCOUNT}:prompt/ABCDEFGHIJ:1` }],
    ['a fallback in the body', { body: { ...asking(9), fallbacks: [{ model: 'dearer' }] } }],
    [
      'a model in the body beside that of the path',
      {
        modelId: 'openai.gpt-oss-20b-1:0',
        operation: 'invoke' as const,
        body: { messages: [], model: 'openai.gpt-oss-120b-1:0' },
      },
    ],
  ])('T25 sends nothing where %s could run what was not priced', async (_, asked) => {
    expect(await outcomeOf(asked)).toMatch(/^(model_not_priced|unpriced_field|invalid_request)$/);

    expect(ports.upstream.sent).toEqual([]);
    expect(ports.ledger.standing()).toEqual([]);
  });

  it('T25 asks the model that it priced, by the id that was asked for', async () => {
    useSettings({ caps: [cap()] });
    const paths: string[] = [];
    const upstreamPath = (id: string) => {
      paths.push(id);
      return `/model/${encodeURIComponent(id)}/converse`;
    };
    await outcomeOf({ modelId: HAIKU, upstreamPath });

    expect(paths).toEqual([HAIKU]);
    expect(ports.ledger.journal).toMatchObject([{ modelId: HAIKU }]);
  });

  it('T44 bounds an absurd max_tokens by what the model can write, and names the reason', async () => {
    const body = asking(999_999_999);
    useSettings({ caps: [cap({ limitNanoUsd: usd('3') })] });
    ports.upstream.respond = async () => response(200, [Buffer.from('{}')]);

    expect(await outcomeOf({ body })).toBe('complete');

    // 200,000 tokens of output at $5 a million, and the little input.
    expect(Number(formatUsd(reserved()))).toBeLessThan(1.01);
    useSettings({ caps: [cap({ limitNanoUsd: usd('0.5') })] });
    expect(await outcomeOf({ body })).toBe('larger-than-limit');
  });

  it('T44 tells a caller who is kept out only by what others hold that it is in flight', async () => {
    useSettings({ caps: [cap({ limitNanoUsd: usd('1.2') })] });
    const { promise: gate, resolve: open } = Promise.withResolvers<UpstreamResponse>();
    ports.upstream.respond = () => gate;
    const pinned = outcomeOf({ body: asking(999_999_999) });
    await settleDown();

    expect(await outcomeOf({ body: asking(100_000) })).toBe('reserved-in-flight');

    open(errorResponse(429, 'ThrottlingException', 'slow down'));
    await pinned;
  });

  it('threat 23: one key with 100 dear requests leaves the rest of the cap to others', async () => {
    const caps = [cap(), cap({ capId: 'each', splitBy: 'key', limitNanoUsd: usd('2') })];
    useSettings({ caps });
    const { promise: gate, resolve: open } = Promise.withResolvers<UpstreamResponse>();
    ports.upstream.respond = () => gate;
    const greedy = Array.from({ length: 100 }, () => outcomeOf({ body: asking(100_000) }));
    await settleDown();
    expect(ports.upstream.sent).toHaveLength(3);

    const other = callerKey({ keyId: 'other' });
    useSettings({ caps, key: other });
    const modest = outcomeOf({ keyId: 'other', body: asking(100_000) });
    await settleDown();

    expect(ports.upstream.sent).toHaveLength(4);
    open(errorResponse(429, 'ThrottlingException', 'slow down'));
    await Promise.all([...greedy, modest]);
  });

  it.each(['lost', 'throws'] as const)(
    'T35 admits nothing without its ledger (%s)',
    async (fault) => {
      ports.ledger.fault = () => fault;

      expect(await outcomeOf()).toBe('ledger_unavailable');
      expect(ports.upstream.sent).toEqual([]);
    },
  );

  it('T35 admits nothing without settings', async () => {
    ports.settings.last = undefined;
    ports.settings.fault = () => {
      throw new Error('no table');
    };

    expect(await outcomeOf()).not.toBe('complete');
    expect(ports.upstream.sent).toEqual([]);
  });
});

/** Every way in which Bedrock can end a request, and whether it is then certain to be free. */
const WAYS_OUT: readonly (readonly [
  name: string,
  operation: 'converse' | 'converse-stream',
  isFree: boolean,
  respond: () => Promise<UpstreamResponse>,
])[] = [
  ['404', 'converse', true, async () => errorResponse(404, 'ResourceNotFoundException', 'no')],
  ['429', 'converse', true, async () => errorResponse(429, 'ThrottlingException', 'slow')],
  ['400', 'converse', true, async () => errorResponse(400, 'ValidationException', 'no field')],
  ['403', 'converse', true, async () => errorResponse(403, 'AccessDeniedException', 'no')],
  ['503', 'converse', true, async () => errorResponse(503, 'ServiceUnavailableException', 'x')],
  ['400 of a guardrail', 'converse', false, async () => guardrail()],
  ['408', 'converse', false, async () => errorResponse(408, 'ModelTimeoutException', 'slow')],
  ['424', 'converse', false, async () => errorResponse(424, 'ModelErrorException', 'broke')],
  ['500', 'converse', false, async () => errorResponse(500, 'InternalServerException', 'x')],
  ['an error without a type', 'converse', false, async () => response(500, [jsonBytes({})])],
  ['an answer without usage', 'converse', false, async () => response(200, [jsonBytes({})])],
  ['an answer that breaks off', 'converse', false, async () => response(200, breaking())],
  ['a connection never made', 'converse', true, () => Promise.reject(failure('not-sent'))],
  ['a reset after sending', 'converse', false, () => Promise.reject(failure('unknown'))],
  ['a stream that breaks off', 'converse-stream', false, async () => response(200, breaking())],
  ['a stream without usage', 'converse-stream', false, async () => response(200, [deltaFrame()])],
];
const guardrail = () => errorResponse(400, 'ValidationException', 'the guardrail intervened');
const failure = (sent: 'not-sent' | 'unknown') => new UpstreamFailure(sent, 'reset', undefined);
async function* breaking(): AsyncGenerator<Uint8Array> {
  yield deltaFrame();
  throw new Error('reset');
}
async function* hanging(): AsyncGenerator<Uint8Array> {
  yield deltaFrame();
  await new Promise(() => undefined);
}

/** Each reservation that was told of has exactly one end. */
const expectOneEndEach = (): void => {
  const ended = ports.ledger.ends.map(({ hold }) => hold.reservationId);
  expect(ended.sort()).toEqual(ports.ledger.told.map((hold) => hold.reservationId).sort());
  expect(ports.ledger.standing()).toEqual([]);
};

describe('the end of a reservation', () => {
  it.each(WAYS_OUT)('T8 comes exactly once after %s', async (_, operation, __, respond) => {
    ports.upstream.respond = respond;

    await outcomeOf({ operation });

    expectOneEndEach();
  });

  it.each(WAYS_OUT)(
    'threat 20: gives money back after %s only where it is certainly free',
    async (_, operation, isFree, respond) => {
      ports.upstream.respond = respond;

      await outcomeOf({ operation });

      expect(settled()).toBe(isFree ? '0.00' : formatUsd(reserved()));
      expect(reserved()).toBeGreaterThan(0n);
    },
  );

  it.each(['converse', 'converse-stream'] as const)(
    'T8 comes exactly once where %s runs out of the function’s time',
    async (operation) => {
      ports.upstream.respond = async (_, signal) => {
        const answer = response(200, hanging());
        signal.addEventListener('abort', answer.abort);
        return answer;
      };
      const outcome = outcomeOf({ operation });
      await settleDown();

      clock.advance(FUNCTION_TIME_MS);
      await outcome;

      expectOneEndEach();
      expect(settled()).toBe(formatUsd(reserved()));
    },
  );

  it('threat 6: comes in time though the client stops reading its stream', async () => {
    ports.sink.room = () => new Promise(() => undefined);
    ports.upstream.respond = async () => response(200, [deltaFrame(), metadataFrame(100, 10)]);
    const outcome = outcomeOf({ operation: 'converse-stream' });
    await settleDown();
    expect(ports.ledger.standing()).toHaveLength(1);

    clock.advance(FUNCTION_TIME_MS);
    await outcome;

    expectOneEndEach();
    expect(ports.sink.isEnded).toBe(true);
  });
});

describe('a usage that cannot be believed', () => {
  it.each([
    ['absent', {}],
    ['null', { usage: null }],
    ['negative', { usage: { inputTokens: -1, outputTokens: 10, totalTokens: 9 } }],
    ['a fraction', { usage: { inputTokens: 1.5, outputTokens: 10, totalTokens: 11.5 } }],
    ['text', { usage: { inputTokens: '1', outputTokens: 10, totalTokens: 11 } }],
    ['without output', { usage: { inputTokens: 100 } }],
  ])('threat 19: is charged in full where it is %s', async (_, body) => {
    ports.upstream.respond = async () => response(200, [jsonBytes(body)]);

    await outcomeOf();

    expect(settled()).toBe(formatUsd(reserved()));
  });

  it('threat 19: is settled as it is, and reported, where it is past the bound', async () => {
    const usage = { inputTokens: 3_000_000, outputTokens: 0, totalTokens: 3_000_000 };
    ports.upstream.respond = async () => response(200, [jsonBytes({ usage })]);

    await outcomeOf();

    expect(settled()).toBe('3.00');
    expect(ports.telemetry.lines.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^overrun/),
    );
  });
});
