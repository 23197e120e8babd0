/**
 * What a request says of itself: its tags, the most that it may cost, its model by another name;
 * and the reservation that Bedrock is told of.
 */
import Anthropic from '@anthropic-ai/sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
} from '@aws-sdk/client-bedrock-runtime';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  converse,
  HAIKU,
  NOVA,
  type RunningGateway,
  startRunningGateway,
} from '../helpers/running-gateway.ts';

const MAX_TAG_COUNTERS = 4;

let running: RunningGateway;
let agent: string;
beforeAll(async () => {
  running = await startRunningGateway({
    env: { HARDCAP_MAX_TAG_COUNTERS: String(MAX_TAG_COUNTERS) },
  });
  agent = await running.key('agent', { tags: { stage: 'prod' } });
  await running.cap('agent-daily', { keys: ['agent'], limitUsd: 100 });
});
beforeEach(() => running.bedrock.book.reset());
afterAll(() => running.close());

/** A key of its own, covered by a wide cap, so that it has opened no counter yet. */
async function newcomer(id: string): Promise<string> {
  const key = await running.key(id);
  await running.cap(`${id}-daily`, { keys: [id], limitUsd: 100 });
  return key;
}

const tagged = (tags: string) => ({ headers: { 'x-hardcap-tag': tags } });
const asked = () => running.bedrock.book.page().records.at(-1);

async function counterPks(capId: string): Promise<string[]> {
  const { Items = [] } = await running.dynamo.send(
    new ScanCommand({ TableName: running.gateway.ledgerTable, ConsistentRead: true }),
  );
  const pks = Items.map(({ pk }) => String(pk));
  return pks.filter((pk) => pk.startsWith(`COUNTER#${capId}`)).sort();
}

/** An AWS SDK whose every request carries this header. */
function awsClient(key: string, tags: string): BedrockRuntimeClient {
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: running.url,
    token: { token: key },
    authSchemePreference: ['httpBearerAuth'],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { headers: Record<string, string> };
      request.headers['x-hardcap-tag'] = tags;
      return next(args);
    },
    { step: 'build' },
  );
  return client;
}

const question = (text: string, rest: Partial<ConverseCommandInput> = {}) =>
  new ConverseCommand({
    modelId: HAIKU,
    messages: [{ role: 'user', content: [{ text }] }],
    inferenceConfig: { maxTokens: 100 },
    ...rest,
  });

describe('one run of an agent', () => {
  it('has a limit of its own under the key’s, by the AWS SDK (T32: both hold)', async () => {
    const key = await newcomer('runner');
    await running.cap('each-run', {
      keys: ['runner'],
      limitUsd: '0.0015',
      window: 'lifetime',
      splitBy: 'tag:session',
    });
    const first = awsClient(key, 'session=one');

    await first.send(question('[[input=10]] [[output=100]]'));
    await first.send(question('[[input=10]] [[output=100]]'));
    await expect(first.send(question('[[input=10]] [[output=100]]'))).rejects.toMatchObject({
      name: 'BudgetExceededException',
      message: expect.stringContaining('cap "each-run"'),
    });
    await awsClient(key, 'session=two').send(question('hi'));

    expect(await counterPks('each-run')).toEqual([
      'COUNTER#each-run##one',
      'COUNTER#each-run##two',
    ]);
    expect((await running.counter('runner-daily')).reservations).toBe(0);
  });

  it('has it by Anthropic’s SDK and its default headers, and by request metadata', async () => {
    const key = await newcomer('shapes');
    await running.cap('each-shape', {
      keys: ['shapes'],
      limitUsd: 1,
      window: 'lifetime',
      splitBy: 'request-tag:session',
    });
    const anthropic = new Anthropic({
      baseURL: running.url,
      apiKey: key,
      defaultHeaders: { 'x-hardcap-tag': 'session=a1, step=2' },
    });
    await anthropic.messages.create({
      model: 'claude-haiku-4-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hi' }],
    });
    await awsClient(key, 'step=3').send(question('hi', { requestMetadata: { session: 'b2' } }));

    expect(await counterPks('each-shape')).toEqual([
      'COUNTER#each-shape##a1',
      'COUNTER#each-shape##b2',
    ]);
    const entries = (await running.journal()).filter(({ keyId }) => keyId === 'shapes');
    expect(entries.map(({ requestTags }) => requestTags)).toEqual(
      expect.arrayContaining([
        { session: 'a1', step: '2' },
        { session: 'b2', step: '3' },
      ]),
    );
    // The table of the door made an id of the name; the journal keeps both.
    expect(entries.map(({ askedModel }) => askedModel)).toContain('claude-haiku-4-5');
  });

  it('is no cover: a key that has only such a cap is refused', async () => {
    const key = await running.key('bare');
    await running.cap('only-runs', { keys: ['bare'], splitBy: 'tag:session' });

    const answer = await converse(running.url, key, 'hi', tagged('session=1'));

    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-hardcap-reason')).toBe('no_cap_applies');
  });

  it('never takes the place of the key’s own tag (T31)', async () => {
    await running.cap('each-stage', { keys: ['agent'], splitBy: 'tag:stage' });

    const answer = await converse(running.url, agent, 'hi', tagged('stage=dev'));

    expect(answer.status).toBe(200);
    expect(await counterPks('each-stage')).toEqual(['COUNTER#each-stage#prod']);
  });

  it('may be selected by its tags, and others are not (T30)', async () => {
    await running.cap('no-tests', { requestTags: { purpose: ['test*'] }, limitUsd: 0 });

    const selected = await converse(running.url, agent, 'hi', tagged('purpose=testing'));
    const other = await converse(running.url, agent, 'hi', tagged('purpose=work'));
    const none = await converse(running.url, agent, 'hi');
    await running.removeCap('no-tests');

    expect([selected.status, other.status, none.status]).toEqual([429, 200, 200]);
    expect(selected.headers.get('x-hardcap-cap')).toBe('no-tests');
  });

  it('opens no more counters a day than the setting allows (threat 3)', async () => {
    const key = await newcomer('flood');
    await running.cap('each-flood', { keys: ['flood'], splitBy: 'tag:id', window: 'lifetime' });

    const statuses: number[] = [];
    for (let id = 0; id < MAX_TAG_COUNTERS + 2; id += 1) {
      const answer = await converse(running.url, key, 'hi', tagged(`id=${id}`));
      await answer.text();
      statuses.push(answer.status);
    }
    const again = await converse(running.url, key, 'hi', tagged('id=0'));
    const refused = await converse(running.url, key, 'hi', tagged('id=more'));

    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    expect(again.status).toBe(200);
    expect(refused.headers.get('x-hardcap-reason')).toBe('tag-counter-limit');
    expect(refused.headers.has('x-hardcap-resets-at')).toBe(false);
    expect(((await refused.json()) as { message: string }).message).toContain('maxTagCounters');
    expect(await counterPks('each-flood')).toHaveLength(MAX_TAG_COUNTERS);
    expect((await running.counter('flood-daily')).reservations).toBe(0);
  });
});

describe('a header of ours that is malformed (threat 14)', () => {
  it.each([
    ['x-hardcap-tag', 'session'],
    ['x-hardcap-tag', '=x'],
    ['x-hardcap-tag', 'session='],
    ['x-hardcap-tag', 'a=1,'],
    ['x-hardcap-tag', 'a=1,a=2'],
    ['x-hardcap-tag', 'a=<script>'],
    ['x-hardcap-tag', `a=${'x'.repeat(129)}`],
    ['x-hardcap-tag', Array.from({ length: 17 }, (_, n) => `t${n}=1`).join(',')],
    ['x-hardcap-tag', '__proto__=1'],
    ['x-hardcap-max-usd', '-1'],
    ['x-hardcap-max-usd', '1e3'],
    ['x-hardcap-max-usd', '$5'],
    ['x-hardcap-max-usd', '0.0000000001'],
    ['x-hardcap-max-usd', '0.01,5'],
    ['x-hardcap-max-usd', ''],
  ])('is answered 400 by its name: %s: %s', async (name, value) => {
    const answer = await converse(running.url, agent, 'hi', { headers: { [name]: value } });

    expect(answer.status).toBe(400);
    expect(((await answer.json()) as { message: string }).message).toContain(name);
    expect(running.bedrock.book.page().requests).toBe(0);
  });

  it('reaches Bedrock neither malformed nor well-formed', async () => {
    await converse(running.url, agent, 'hi', {
      headers: { 'x-hardcap-tag': 'a=1', 'x-hardcap-max-usd': '1' },
    });

    expect(Object.keys(asked()?.headers ?? {}).filter((name) => /hardcap/.test(name))).toEqual([]);
  });
});

describe('x-hardcap-max-usd', () => {
  const most = (usd: string) => ({ headers: { 'x-hardcap-max-usd': usd } });

  it('lowers what one request may cost', async () => {
    const refused = await converse(running.url, agent, 'hi', most('0.0001'));
    const passed = await converse(running.url, agent, 'hi', most('0.05'));

    expect(refused.status).toBe(400);
    expect(refused.headers.get('x-hardcap-reason')).toBe('request_too_dear');
    expect(((await refused.json()) as { message: string }).message).toContain('x-hardcap-max-usd');
    expect(passed.status).toBe(200);
  });

  it('never raises what the key allows', async () => {
    const key = await running.key('thrifty', { maxRequestUsd: '0.0001' });
    await running.cap('thrifty-daily', { keys: ['thrifty'] });

    const refused = await converse(running.url, key, 'hi', most('5'));

    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { message: string }).message).toContain('maxRequestUsd');
  });
});

describe('the reservation', () => {
  const journalled = async (key: string) =>
    (await running.journal()).filter(({ keyId }) => keyId === key).map((e) => e.reservationId);

  it('is in the metadata of the request, beside the client’s own, by Converse', async () => {
    const key = await newcomer('noted');
    await (await converse(running.url, key, 'hi')).text();
    const plain = asked()?.requestMetadata;
    const body = { requestMetadata: { app: 'web' } };
    await (await converse(running.url, key, 'hi', { body })).text();
    const own = asked()?.requestMetadata;

    expect(own?.app).toBe('web');
    expect([plain, own].map((metadata) => metadata?.['hardcap-reservation']).sort()).toEqual(
      (await journalled('noted')).sort(),
    );
  });

  it('is left out where the client’s metadata is full, and cannot be forged', async () => {
    const full = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`m${n}`, 'x']));
    await converse(running.url, agent, 'hi', { body: { requestMetadata: full } });
    expect(asked()?.requestMetadata).toEqual(full);

    const forged = { 'hardcap-reservation': 'another' };
    await converse(running.url, agent, 'hi', { body: { requestMetadata: forged } });
    expect(asked()?.requestMetadata?.['hardcap-reservation']).toMatch(/^[0-9a-z]{16}$/);
  });

  it('is in the header of InvokeModel, and its body is as it was', async () => {
    const body = JSON.stringify({
      anthropic_version: 'bedrock-2023-05-31',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'hi' }],
    });
    const answer = await fetch(`${running.url}/model/${encodeURIComponent(HAIKU)}/invoke`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${agent}`,
        'x-amzn-bedrock-request-metadata': '{"app":"caf\\u00e9"}',
      },
      body,
    });

    expect(answer.status).toBe(200);
    expect(asked()?.requestBodyBytes).toBe(body.length);
    expect(asked()?.requestMetadata).toEqual({
      app: 'café',
      'hardcap-reservation': expect.stringMatching(/^[0-9a-z]{16}$/),
    });
  });

  it('is not told where the setting says so', async () => {
    const silent = await startRunningGateway({ env: { HARDCAP_UPSTREAM_METADATA: 'none' } });
    try {
      const key = await silent.key('k');
      await silent.cap('c', { limitUsd: 1 });
      await converse(silent.url, key, 'hi');
      expect(silent.bedrock.book.page().records.at(-1)?.requestMetadata).toBeUndefined();
    } finally {
      await silent.close();
    }
  });
});

describe('an operator’s alias', () => {
  it('is a model’s name at every door, before the door’s own table', async () => {
    await running.put('ALIAS', 'fast', { model: NOVA });
    await running.put('ALIAS', 'claude-haiku-4-5', {
      model: 'global.anthropic.claude-haiku-4-5-20251001-v1:0',
    });
    await converse(running.url, agent, 'hi', { modelId: 'fast' });
    expect(asked()?.modelId).toBe(NOVA);

    const anthropic = new Anthropic({ baseURL: running.url, apiKey: agent });
    const message = { max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }] };
    await anthropic.messages.create({ model: 'claude-haiku-4-5', ...message });
    expect(asked()?.modelId).toBe('global.anthropic.claude-haiku-4-5-20251001-v1:0');
    const names = (await running.journal()).map(({ askedModel }) => askedModel);
    expect(names).toContain('fast');
  });

  it('is held to the key’s list by what it stands for (threat 11)', async () => {
    await running.put('ALIAS', 'innocent', { model: HAIKU });
    const key = await running.key('nova-only', { models: ['amazon.*', 'innocent'] });

    const answer = await converse(running.url, key, 'hi', { modelId: 'innocent' });

    expect(answer.headers.get('x-hardcap-reason')).toBe('model_not_allowed');
  });

  it('never takes the place of an id that hardcap knows', async () => {
    await running.put('ALIAS', HAIKU, { model: NOVA });

    await converse(running.url, agent, 'hi');

    expect(asked()?.modelId).toBe(HAIKU);
  });

  it('that cannot be read refuses whom it covers, and nobody else', async () => {
    await running.put('ALIAS', 'broken', { modle: NOVA });

    const broken = await converse(running.url, agent, 'hi', { modelId: 'broken' });
    const other = await converse(running.url, agent, 'hi');

    expect(broken.headers.get('x-hardcap-reason')).toBe('settings_malformed');
    expect(await broken.text()).toContain('modle: is not an attribute');
    expect(other.status).toBe(200);
  });
});
