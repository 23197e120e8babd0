/**
 * OpenAI's own SDK at `/openai/v1`, by its base URL alone: answers, streams, tools, refusals, cuts;
 * of a model that Bedrock serves in OpenAI's shape, and of models that it serves by Converse.
 */
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const NATIVE = 'openai.gpt-oss-120b-1:0';
const CLAUDE = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const NOVA = 'us.amazon.nova-lite-v1:0';
const LLAMA = 'us.meta.llama3-3-70b-instruct-v1:0';

let running: RunningGateway;
let good: string;
let full: string;
let requests = 0;
beforeAll(async () => {
  running = await startRunningGateway();
  good = await running.key('good');
  await running.cap('good-daily', { keys: ['good'], limitUsd: 100 });
  full = await running.key('full');
  await running.cap('full-daily', { keys: ['full'], limitUsd: 0 });
});
beforeEach(() => {
  requests = 0;
  running.bedrock.book.reset();
});
afterAll(() => running.close());

const client = (key: string, url = running.url) =>
  new OpenAI({
    baseURL: `${url}/openai/v1`,
    apiKey: key,
    fetch: (input, init) => {
      requests += 1;
      return fetch(input, init);
    },
  });

const ask = (text: string, model: string) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: text }],
});

const asked = () => running.bedrock.book.page().records.at(-1);

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

async function drained(stream: AsyncIterable<Chunk>) {
  const chunks: Chunk[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { chunks, error: undefined };
  } catch (error) {
    return { chunks, error: error as InstanceType<typeof OpenAI.APIError> };
  }
}

const textOf = (chunks: readonly Chunk[]): string =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');

const MODELS = [
  ['by Bedrock’s own chat completions', NATIVE, 'chat-completions'],
  ['by Converse: Claude', CLAUDE, 'converse'],
  ['by Converse: Nova', NOVA, 'converse'],
  ['by Converse: Llama', LLAMA, 'converse'],
] as const;

describe.each(MODELS)('a completion %s', (_how, model, operation) => {
  it('is answered whole, with its usage', async () => {
    const answer = await client(good).chat.completions.create(
      ask('[[input=11]][[output=7]][[cache-read=5]]', model),
    );

    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: expect.stringMatching(/\w/) },
    });
    expect(answer.usage).toMatchObject({
      prompt_tokens: 16,
      completion_tokens: 7,
      total_tokens: 23,
      prompt_tokens_details: { cached_tokens: 5 },
    });
    expect(asked()).toMatchObject({ modelId: model, operation, outcome: 'billed' });
  });

  it('streams the same text as it answers whole, and no usage unasked', async () => {
    const question = ask('[[output=40]][[chunks=5]]', model);

    const whole = await client(good).chat.completions.create(question);
    const stream = await client(good).chat.completions.create({ ...question, stream: true });
    const { chunks, error } = await drained(stream);

    expect(error).toBeUndefined();
    expect(textOf(chunks)).toBe(whole.choices[0]?.message.content);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.every(({ usage }) => usage === undefined || usage === null)).toBe(true);
    expect(asked()).toMatchObject({ operation: `${operation}-stream`, outcome: 'billed' });
  });

  it('streams its usage in a last chunk where it is asked for', async () => {
    const stream = await client(good).chat.completions.create({
      ...ask('[[input=11]][[output=7]]', model),
      stream: true,
      stream_options: { include_usage: true },
    });
    const { chunks } = await drained(stream);

    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 },
    });
  });

  it('is cut by its output limit, under either name', async () => {
    for (const limit of [{ max_tokens: 3 }, { max_completion_tokens: 3, max_tokens: null }]) {
      const answer = await client(good).chat.completions.create({
        ...ask('[[output=9]]', model),
        ...limit,
      });

      expect(answer.choices[0]?.finish_reason).toBe('length');
      expect(asked()?.maxTokens).toBe(3);
    }
  });

  it('calls tools, several at a time, and takes their results', async () => {
    const tools = [
      { type: 'function' as const, function: { name: 'look_up', parameters: { type: 'object' } } },
    ];
    const question = { ...ask('[[tool=look_up@2]]', model), tools };
    const completions = client(good).chat.completions;

    const whole = await completions.create({ ...question, parallel_tool_calls: true });
    const streamed = await completions.stream(question).finalChatCompletion();

    const [choice] = whole.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const calls = choice?.message.tool_calls ?? [];
    expect(calls).toMatchObject([
      { type: 'function', function: { name: 'look_up', arguments: '{"call":0,"of":1.0}' } },
      { type: 'function', function: { name: 'look_up', arguments: '{"call":1,"of":1.0}' } },
    ]);
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject(calls);

    const next = await completions.create({
      ...question,
      messages: [
        ...question.messages,
        ...(choice === undefined ? [] : [choice.message]),
        ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: '42' })),
        { role: 'user', content: 'and now?' },
      ],
    });
    expect(next.choices[0]?.finish_reason).toBe('stop');
  });

  it('T13 costs the same streamed as whole, to the nano-dollar', async () => {
    const text = '[[input=1000]][[output=77]][[cache-read=300]]';
    const costs: string[] = [];
    for (const isStreamed of [false, true]) {
      const id = `t13-${operation}-${model.split('.').at(-1)?.slice(0, 6)}-${isStreamed}`;
      const key = await running.key(id);
      await running.cap(id, { keys: [id], limitUsd: 5 });

      const { data } = await client(key)
        .chat.completions.create({ ...ask(text, model), stream: isStreamed })
        .withResponse();
      if ('controller' in data) await drained(data);

      await expect.poll(async () => (await running.counter(id)).reservations).toBe(0);
      costs.push((await running.counter(id)).settledUsd);
    }

    expect(Number(costs[0])).toBeGreaterThan(0);
    expect(costs[1]).toBe(costs[0]);
  });

  it('that Bedrock refuses tells its message and status, and costs nothing', async () => {
    const id = `refused-${model.split('.').at(-1)?.slice(0, 6)}`;
    const key = await running.key(id);
    await running.cap(id, { keys: [id], limitUsd: 5 });

    for (const stream of [false, true]) {
      const refused = await client(key)
        .chat.completions.create({ ...ask('[[error=ValidationException]]', model), stream })
        .catch((error) => error);

      expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
      expect(refused.message).toContain('simulated ValidationException');
    }
    expect(await running.counter(id)).toMatchObject({ settledUsd: '0.00', reservations: 0 });
  });

  it('that goes wrong in its stream raises Bedrock’s message after what came before', async () => {
    const stream = await client(good).chat.completions.create({
      ...ask('[[chunks=6]][[exception=throttlingException@2]]', model),
      stream: true,
    });
    const { chunks, error } = await drained(stream);

    expect(textOf(chunks)).not.toBe('');
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error?.message).toContain('simulated throttlingException');
    expect(requests).toBe(1);
  });

  it('T14 whose connection to Bedrock breaks raises an error, and is charged in full', async () => {
    const id = `broken-${model.split('.').at(-1)?.slice(0, 6)}`;
    const key = await running.key(id);
    await running.cap(id, { keys: [id], limitUsd: 5 });

    const { data: stream, response } = await client(key)
      .chat.completions.create({ ...ask('[[chunks=6]][[cut=2]]', model), stream: true })
      .withResponse();
    const { error } = await drained(stream);

    expect(error?.message).toContain('upstream_failed');
    expect(error?.code).toBe('upstream_failed');
    expect((await running.counter(id)).settledUsd).toBe(
      response.headers.get('x-hardcap-reserved-usd'),
    );
  });

  it('T14 whose client leaves is settled as if it had stayed', async () => {
    const id = `left-${model.split('.').at(-1)?.slice(0, 6)}`;
    const key = await running.key(id);
    await running.cap(id, { keys: [id], limitUsd: 5 });
    const question = ask('[[input=1000]][[output=90]][[chunks=20]][[delay=10]]', model);
    await client(key).chat.completions.create(question);
    const cost = Number((await running.counter(id)).settledUsd);

    const stream = await client(key).chat.completions.create({ ...question, stream: true });
    for await (const _chunk of stream) break;

    await expect
      .poll(async () => Number((await running.counter(id)).settledUsd), { timeout: 5_000 })
      .toBeCloseTo(2 * cost, 9);
    expect((await running.counter(id)).reservations).toBe(0);
  });

  it('that is cut by a lowered cap raises an error that names the cap', async () => {
    const id = `lowered-${model.split('.').at(-1)?.slice(0, 6)}`;
    const key = await running.key(id);
    await running.cap(id, { keys: [id], limitUsd: 1 });
    await client(key).chat.completions.create(ask('[[output=90]]', model));

    const stream = await client(key).chat.completions.create({
      ...ask('[[chunks=100]][[delay=100]]', model),
      stream: true,
    });
    const end = drained(stream);
    await running.cap(id, { keys: [id], limitUsd: 0 });
    const { error } = await end;

    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error?.code).toBe('budget_exceeded');
    expect(error?.message).toContain(`cap "${id}"`);
    expect((await running.counter(id)).reservations).toBe(0);
    expect(requests).toBe(2);
  });
});

describe('a name that an operator gave', () => {
  it('stands for its model, also in place of a vendor’s', async () => {
    await running.put('ALIAS', 'fast', { model: NOVA });
    await running.put('ALIAS', 'claude-opus-4-1', { model: NOVA });

    for (const name of ['fast', 'claude-opus-4-1']) {
      await client(good).chat.completions.create(ask('hi', name));
      expect(asked()?.modelId).toBe(NOVA);
      await expect(client(good).models.retrieve(name)).resolves.toMatchObject({ id: NOVA });
    }
  });
});

describe('a base URL', () => {
  it('may name a region, whose profile a vendor’s name then stands for', async () => {
    const elsewhere = await startRunningGateway({
      env: { HARDCAP_REGIONS: 'us-east-1,eu-west-1' },
    });
    try {
      const key = await elsewhere.key('k');
      await elsewhere.cap('c', { limitUsd: 1 });

      await client(key, `${elsewhere.url}/bedrock/eu-west-1`).chat.completions.create(
        ask('hi', 'claude-haiku-4-5'),
      );

      expect(elsewhere.bedrock.book.page().records[0]?.modelId).toMatch(/^eu\.anthropic/);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('a refusal of a full cap', () => {
  it.each(MODELS)('%s is raised at the first request', async (_how, model) => {
    for (const stream of [false, true]) {
      requests = 0;
      const refused = await client(full)
        .chat.completions.create({ ...ask('hi', model), stream })
        .catch((error) => error);

      expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
      expect(refused).toMatchObject({ code: 'budget_exceeded', type: 'budget_exceeded' });
      expect(refused.message).toContain('cap "full-daily"');
      expect(refused.error).toMatchObject({
        param: null,
        reason: 'larger-than-limit',
        cap: 'full-daily',
        limit_usd: '0.00',
        settled_usd: '0.00',
        reserved_usd: '0.00',
        resets_at: expect.stringMatching(/Z$/),
      });
      expect(requests).toBe(1);
    }
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('with 402 is raised at the first request too', async () => {
    const strict = await startRunningGateway({ env: { HARDCAP_OVER_CAP_STATUS: '402' } });
    try {
      const key = await strict.key('k');
      await strict.cap('nothing', { limitUsd: 0 });
      requests = 0;

      const refused = await client(key, strict.url)
        .chat.completions.create(ask('hi', NATIVE))
        .catch((error) => error);

      expect(refused).toBeInstanceOf(OpenAI.APIError);
      expect(refused.status).toBe(402);
      expect(refused.message).toContain('cap "nothing"');
      expect(requests).toBe(1);
    } finally {
      await strict.close();
    }
  });
});

describe('another refusal', () => {
  it.each([
    ['a model of no known name', NATIVE, { model: 'gpt-next' }, 'model_not_priced', 'gpt-next'],
    ['an unpriced member', NATIVE, { web_search_options: {} }, 'unpriced_field', 'web_search'],
    ['a member of no counterpart', CLAUDE, { seed: 7 }, 'invalid_request', '"seed"'],
    ['several answers', CLAUDE, { n: 2 }, 'invalid_request', '"n"'],
  ])('of %s names it', async (_what, model, members, code, named) => {
    const refused = await client(good)
      .chat.completions.create({ ...ask('hi', model), ...members } as never)
      .catch((error) => error);

    expect(refused).toBeInstanceOf(OpenAI.BadRequestError);
    expect(refused.code).toBe(code);
    expect(refused.message).toContain(named);
    expect(requests).toBe(1);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('of an unknown key is an AuthenticationError', async () => {
    const refused = await client(good.slice(0, -1))
      .chat.completions.create(ask('hi', NATIVE))
      .catch((error) => error);

    expect(refused).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(refused.code).toBe('unknown_key');
  });

  it('of Bedrock’s own throttling keeps its status, and costs nothing', async () => {
    const key = await running.key('throttled');
    await running.cap('throttled', { keys: ['throttled'] });

    const refused = await client(key)
      .chat.completions.create(ask('[[error=ThrottlingException]]', NATIVE), { maxRetries: 0 })
      .catch((error) => error);

    expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
    expect((await running.counter('throttled')).settledUsd).toBe('0.00');
  });
});

describe('T34 a route that no cap could hold', () => {
  const input = 'hi';
  type Call = (openai: OpenAI) => PromiseLike<unknown>;
  const ROUTES: readonly (readonly [string, Call, string])[] = [
    ['responses', (o) => o.responses.create({ model: NATIVE, input }), 'kept'],
    ['responses by id', (o) => o.responses.retrieve('resp_1'), 'responses'],
    ['embeddings', (o) => o.embeddings.create({ model: 'e', input }), 'InvokeModel'],
    ['images', (o) => o.images.generate({ prompt: 'a cat' }), 'InvokeModel'],
    ['files', (o) => o.files.list(), 'files'],
    ['batches', (o) => o.batches.list(), 'batches'],
    ['completions', (o) => o.completions.create({ model: NATIVE, prompt: input }), 'chat/'],
    ['stored chats', (o) => o.chat.completions.list(), 'chat/completions'],
    ['moderations', (o) => o.moderations.create({ input }), 'moderations'],
    ['fine-tuning', (o) => o.fineTuning.jobs.list(), 'fine_tuning'],
    ['vector stores', (o) => o.vectorStores.list(), 'vector_stores'],
    ['deletion of models', (o) => o.models.delete('m'), 'models'],
  ];

  it.each(ROUTES)(
    '(%s) is refused by name, once, and reaches nobody',
    async (_name, call, named) => {
      const refused = await call(client(good)).then(
        () => undefined,
        (error: InstanceType<typeof OpenAI.APIError>) => error,
      );

      expect(refused).toBeInstanceOf(OpenAI.NotFoundError);
      expect(refused?.code).toBe('unknown_route');
      expect(refused?.message).toContain(named);
      expect(requests).toBe(1);
      expect(running.bedrock.book.page().requests).toBe(0);
    },
  );
});

describe('the list of models', () => {
  const listed = async (key: string) => (await client(key).models.list()).data;

  it('has what the key may use, with its prices, and reserves nothing', async () => {
    const key = await running.key('narrow', { models: ['*haiku-4-5*', 'openai.gpt-oss-120b-1:0'] });
    await running.cap('narrow', { keys: ['narrow'] });

    const models = await listed(key);

    expect(models.map(({ id }) => id).sort()).toEqual([
      'anthropic.claude-haiku-4-5-20251001-v1:0',
      'global.anthropic.claude-haiku-4-5-20251001-v1:0',
      'openai.gpt-oss-120b-1:0',
      'us.anthropic.claude-haiku-4-5-20251001-v1:0',
    ]);
    expect(models.find(({ id }) => id.startsWith('us.'))).toMatchObject({
      object: 'model',
      owned_by: 'anthropic',
      hardcap: {
        usd_per_million_tokens: {
          input: '1.10',
          output: '5.50',
          cache_read: '0.11',
          cache_write_5m: '1.375',
          cache_write_1h: '2.20',
        },
        price_version: expect.stringMatching(/^catalogue-/),
        context_window_tokens: 200_000,
        max_output_tokens: 64_000,
      },
    });
    expect(await running.counterItems('narrow')).toEqual([]);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('has an operator’s price in place of the catalogue’s', async () => {
    const key = await running.key('operator', { models: ['us.amazon.nova-pro-v1:0'] });
    await running.cap('operator', { keys: ['operator'] });
    await running.put('PRICE', 'us.amazon.nova-pro-v1:0', {
      inputUsdPerMillion: 7,
      outputUsdPerMillion: 9,
    });

    const [model] = await listed(key);

    expect(model).toMatchObject({
      hardcap: {
        usd_per_million_tokens: { input: '7.00', output: '9.00' },
        price_version: expect.stringContaining('operator'),
      },
    });
  });

  it('is empty where no cap covers the key, as every request would be refused', async () => {
    expect(await listed(await running.key('uncovered'))).toEqual([]);
  });

  it('gives one model by its id, or says why the key may not use it', async () => {
    const key = await running.key('one', { models: ['*haiku*'] });
    await running.cap('one', { keys: ['one'] });
    const { models } = client(key);

    expect(await models.retrieve(CLAUDE)).toMatchObject({ id: CLAUDE, owned_by: 'anthropic' });
    await expect(models.retrieve('claude-haiku-4-5')).resolves.toMatchObject({ id: CLAUDE });
    await expect(models.retrieve(NOVA)).rejects.toMatchObject({ code: 'model_not_allowed' });
    await expect(models.retrieve('no.such-model')).rejects.toMatchObject({
      code: 'model_not_priced',
    });
  });

  it('needs a key', async () => {
    await expect(listed('nonsense')).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});
