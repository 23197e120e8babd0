/**
 * Each call of each client: answered, refused by a full cap with either status, cut in its stream.
 *
 * Every call has a key and a cap of its own, so they all run at once and each is counted apart.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Arrivals, countArrivals } from '../helpers/arrivals.ts';
import { converse, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';
import { CALLS, type ClientCall, type Said } from './client-calls.ts';

/** What one call came to. */
interface Outcome {
  readonly said: Said;
  readonly error: Error | undefined;
  /** Requests that reached the gateway. */
  readonly requests: number;
  readonly settledUsd: string;
  readonly reservations: number;
}

/** The class of what a client raises, and how often it asks the gateway. */
interface Expected {
  readonly at429: readonly [errorClass: string, requests: number];
  readonly at402: string;
  readonly cut: string;
}

const AWS: Expected = {
  at429: ['BedrockRuntimeServiceException', 3],
  at402: 'BedrockRuntimeServiceException',
  cut: 'ValidationException',
};
const ANTHROPIC: Expected = {
  at429: ['RateLimitError', 1],
  at402: 'PaymentRequiredError',
  cut: 'APIError',
};
const OPENAI: Expected = { at429: ['RateLimitError', 1], at402: 'APIError', cut: 'APIError' };
const AI: Expected = {
  at429: ['RetryError', 3],
  at402: 'APICallError',
  cut: 'StreamProviderError',
};

const EXPECTED: Readonly<Record<string, Expected>> = {
  'AWS SDK over HTTP/2': AWS,
  'AWS SDK over HTTP/1.1': AWS,
  'Anthropic SDK, Bedrock mode': ANTHROPIC,
  'Anthropic SDK, direct': ANTHROPIC,
  'OpenAI SDK, native model': OPENAI,
  'OpenAI SDK, translated model': OPENAI,
  'AI SDK, Converse': AI,
  'AI SDK, Anthropic': AI,
  'LangChain, aws': AWS,
  'LangChain, openai, native model': OPENAI,
  'LangChain, openai, translated model': OPENAI,
  // It brings an older SDK of Anthropic's than the project's, without a class for 402.
  'LangChain, anthropic': { ...ANTHROPIC, at402: 'APIError' },
};

const nameOf = ({ client, operation }: ClientCall): string => `${client}: ${operation}`;
const capOf = (call: ClientCall): string => `of-call-${CALLS.indexOf(call)}`;
const expectedOf = (call: ClientCall): Expected => {
  const expected = EXPECTED[call.client];
  if (expected === undefined) throw new Error(`nothing is expected of ${call.client}`);
  return expected;
};

/** The cap's name in quotes, as it is in a message or in JSON within a message. */
const namesCapOf = (call: ClientCall): RegExp => new RegExp(`cap \\\\?"${capOf(call)}\\\\?"`);

async function withGateway<T>(
  env: Readonly<Record<string, string>>,
  work: (running: RunningGateway) => Promise<T>,
): Promise<T> {
  const running = await startRunningGateway({ env });
  try {
    return await work(running);
  } finally {
    await running.close();
  }
}

/** Runs the call to its end, however it ends. */
async function outcomeOf(
  { running, arrivals }: { readonly running: RunningGateway; readonly arrivals: Arrivals },
  call: ClientCall,
  key: string,
  prompt: string,
  said: Said,
): Promise<Outcome> {
  const error = await call.run({ url: running.url, key }, prompt, said).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  const counters = await running.counterItems(capOf(call));
  const { settledUsd, reservations } =
    counters.length === 0
      ? { settledUsd: '0.00', reservations: 0 }
      : await running.counter(capOf(call));
  return { said, error, requests: arrivals.of(key), settledUsd, reservations };
}

/** Keys and caps are all there before the first request, so that one reading serves them. */
async function keysOf(running: RunningGateway, calls: readonly ClientCall[], limitUsd: number) {
  const keys = new Map<ClientCall, string>();
  for (const call of calls) {
    const id = capOf(call);
    await running.cap(id, { keys: [id], limitUsd });
    keys.set(call, await running.key(id));
  }
  return keys;
}

/** Enough that those who wait to try again hold up nobody, few enough for a busy machine. */
const AT_ONCE = 8;

/** All calls, several at once, each with a fresh cap of this limit. */
const runAll = (env: Readonly<Record<string, string>>, limitUsd: number, prompt: string) =>
  withGateway({ ...env, HARDCAP_SETTINGS_MAX_AGE_MS: '5000' }, async (running) => {
    const waiting = [...(await keysOf(running, CALLS, limitUsd))];
    const arrivals = countArrivals(running.url);
    const outcomes = new Map<ClientCall, Outcome>();
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [call, key] = next;
        const said = { text: '', tools: [] };
        outcomes.set(call, await outcomeOf({ running, arrivals }, call, key, prompt, said));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    arrivals.stop();
    return { outcomes, asked: running.bedrock.book.page().requests };
  });

const STREAMS = CALLS.filter(({ streams }) => streams);
/** 20 seconds if nobody cuts it. */
const LONG = '[[output=400]] [[chunks=400]] [[delay=50]]';

/** All streams at once; when each has said something, all their caps are lowered to nothing. */
const cutAll = () =>
  withGateway({ HARDCAP_SETTINGS_MAX_AGE_MS: '500' }, async (running) => {
    const keys = await keysOf(running, STREAMS, 10);
    for (const key of keys.values()) {
      await (await converse(running.url, key, 'something to be settled')).arrayBuffer();
    }
    const arrivals = countArrivals(running.url);
    const saids = new Map(STREAMS.map((call) => [call, { text: '', tools: [] } as Said]));
    const ends = [...saids].map(async ([call, said]) => {
      const key = keys.get(call) ?? '';
      return [call, await outcomeOf({ running, arrivals }, call, key, LONG, said)] as const;
    });
    await vi.waitFor(
      () => expect([...saids.values()].filter(({ text }) => text === '')).toEqual([]),
      { timeout: 15_000 },
    );
    await Promise.all(
      STREAMS.map((call) => running.cap(capOf(call), { keys: [capOf(call)], limitUsd: 0 })),
    );
    const outcomes = await Promise.all(ends);
    const next = await Promise.all(
      [...keys.values()].map(async (key) => (await converse(running.url, key, 'next')).status),
    );
    arrivals.stop();
    return { outcomes: new Map(outcomes), next };
  });

let answered: Awaited<ReturnType<typeof runAll>>;
let at429: Awaited<ReturnType<typeof runAll>>;
let at402: Awaited<ReturnType<typeof runAll>>;
let cut: Awaited<ReturnType<typeof cutAll>>;

const outcomeIn = (of: { outcomes: ReadonlyMap<ClientCall, Outcome> }, call: ClientCall) => {
  const outcome = of.outcomes.get(call);
  if (outcome === undefined) throw new Error(`${nameOf(call)} was not run`);
  return outcome;
};

const QUESTION = '[[output=9]] [[tool=look_up]]';

beforeAll(async () => {
  answered = await runAll({}, 1, QUESTION);
  at402 = await runAll({ HARDCAP_OVER_CAP_STATUS: '402' }, 0, QUESTION);
  at429 = await runAll({ HARDCAP_OVER_CAP_STATUS: '429' }, 0, QUESTION);
  cut = await cutAll();
});

describe('a call is answered, with the tool that the model called, by one request', () => {
  it.each(CALLS.map((call) => [nameOf(call), call] as const))('%s', (_name, call) => {
    const { error, said, requests, settledUsd, reservations } = outcomeIn(answered, call);

    expect(error).toBeUndefined();
    expect(said.text).toMatch(/\w/);
    expect(said.tools).toEqual(['look_up']);
    expect(requests).toBe(1);
    expect(Number(settledUsd)).toBeGreaterThan(0);
    expect(reservations).toBe(0);
  });
});

describe.each([429, 402] as const)('a full cap with status %i', (status) => {
  const all = () => (status === 429 ? at429 : at402);

  it.each(CALLS.map((call) => [nameOf(call), call] as const))('is told by %s', (_name, call) => {
    const { error, said, requests, settledUsd } = outcomeIn(all(), call);
    const [errorClass, most] =
      status === 429 ? expectedOf(call).at429 : ([expectedOf(call).at402, 1] as const);

    expect(error?.constructor.name).toBe(errorClass);
    expect(error?.message).toMatch(namesCapOf(call));
    expect(requests).toBe(most);
    expect(said).toEqual({ text: '', tools: [] });
    expect(settledUsd).toBe('0.00');
  });

  it('lets nothing reach Bedrock', () => {
    expect(all().asked).toBe(0);
  });
});

describe('a stream that a lowered cap cuts', () => {
  it.each(STREAMS.map((call) => [nameOf(call), call] as const))(
    'raises an error that names the cap, after one request: %s',
    (_name, call) => {
      const { error, said, requests, settledUsd, reservations } = outcomeIn(cut, call);

      expect(said.text).not.toBe('');
      expect(error?.constructor.name).toBe(expectedOf(call).cut);
      expect(error?.message).toContain('budget_exceeded');
      expect(error?.message).toMatch(namesCapOf(call));
      expect(requests).toBe(1);
      expect(Number(settledUsd)).toBeGreaterThan(0);
      expect(reservations).toBe(0);
    },
  );

  it('leaves the next request of its key refused', () => {
    expect(new Set(cut.next)).toEqual(new Set([429]));
  });
});

it('says of each client what it raises', () => {
  expect(Object.keys(EXPECTED)).toEqual([...new Set(CALLS.map(({ client }) => client))]);
});
