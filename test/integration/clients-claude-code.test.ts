/**
 * What Claude Code 2.1.331 was seen to send at its start, sent again: a question for profiles, a
 * probe of each model that it may want, then one large request; and what it does after a cut.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAIKU, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OPUS = 'us.anthropic.claude-opus-5-5';
const VERSION = { anthropic_version: 'bedrock-2023-05-31' };
const METADATA = { metadata: { user_id: '{"device_id":"d","account_uuid":"","session_id":"s"}' } };

/** 482 bytes as it sends it. */
const probe = {
  max_tokens: 1,
  messages: [{ role: 'user', content: '.' }],
  system: ['w'.repeat(74), 's'.repeat(57)].map((text) => ({ type: 'text', text })),
  ...METADATA,
  ...VERSION,
};

const TOOL_BYTES = 6_000;
const tools = Array.from({ length: 12 }, (_, index) => ({
  name: `tool_${index}`,
  description: 'What this tool does, at length. '.repeat(TOOL_BYTES / 32),
  input_schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { path: { type: 'string', description: 'a path' } },
    required: ['path'],
    additionalProperties: false,
  },
}));

/** The one request that it is all about: 12 tools, cache marks, thinking, 32,000 tokens. */
const main = (prompt: string) => ({
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: '<system-reminder>context</system-reminder>' },
        { type: 'text', text: prompt, cache_control: { type: 'ephemeral' } },
      ],
    },
  ],
  system: [
    { type: 'text', text: 'w'.repeat(74) },
    ...['s'.repeat(62), 'How to work. '.repeat(4_000)].map((text) => ({
      type: 'text',
      text,
      cache_control: { type: 'ephemeral' },
    })),
  ],
  tools,
  ...METADATA,
  max_tokens: 32_000,
});

const bedrockMain = (prompt: string) => ({
  ...main(prompt),
  thinking: { budget_tokens: 31_999, type: 'enabled' },
  anthropic_beta: ['tool-search-tool-2025-10-19'],
  ...VERSION,
});

const anthropicMain = (prompt: string) => ({
  model: 'claude-haiku-4-5',
  ...main(prompt),
  thinking: { budget_tokens: 31_999, type: 'enabled', display: 'omitted' },
  context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  stream: true,
});

let running: RunningGateway;
beforeAll(async () => {
  running = await startRunningGateway();
});
afterAll(() => running.close());

const post = (key: string, path: string, body: object): Promise<Response> =>
  fetch(`${running.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Its SDK leaves the colon of a model id as it is. */
const invoke = (key: string, modelId: string, body: object) =>
  post(key, `/model/${modelId}/invoke`, body);

const newCaller = async (id: string, attributes: { limitUsd?: number; models?: string[] } = {}) => {
  const { limitUsd = 5, ...rest } = attributes;
  await running.cap(id, { keys: [id], limitUsd });
  running.bedrock.book.reset();
  return running.key(id, rest);
};

const askedOfBedrock = () => running.bedrock.book.page().requests;

describe('the start of Claude Code', () => {
  it('is told 404 to its question for profiles, and nothing is reserved', async () => {
    const key = await newCaller('profiles');

    const answer = await fetch(`${running.url}/inference-profiles?type=SYSTEM_DEFINED`, {
      headers: { authorization: `Bearer ${key}` },
    });

    expect(answer.status).toBe(404);
    expect(askedOfBedrock()).toBe(0);
    expect(await running.counterItems('profiles')).toEqual([]);
  });

  it('has probes of models that the key may not use refused with 400, for nothing', async () => {
    const key = await newCaller('narrow', { models: ['*haiku*'] });

    const answers = await Promise.all([SONNET, OPUS].map((model) => invoke(key, model, probe)));

    for (const answer of answers) {
      expect(answer.status).toBe(400);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(answer.headers.get('x-hardcap-reason')).toBe('model_not_allowed');
    }
    expect(askedOfBedrock()).toBe(0);
    expect(await running.counterItems('narrow')).toEqual([]);
  });

  it('has probes of other models answered, at most at a thousandth of a dollar each', async () => {
    const key = await newCaller('wide');

    const answers = await Promise.all(
      [SONNET, OPUS, HAIKU].map((model) => invoke(key, model, probe)),
    );

    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await expect.poll(() => running.counter('wide')).toMatchObject({ reservations: 0 });
    const { settledUsd } = await running.counter('wide');
    expect(Number(settledUsd)).toBeGreaterThan(0);
    expect(Number(settledUsd)).toBeLessThan(0.003);
  });

  it('has every probe refused by a full cap', async () => {
    const key = await newCaller('nothing', { limitUsd: 0 });

    const answers = await Promise.all([SONNET, OPUS].map((model) => invoke(key, model, probe)));

    for (const answer of answers) {
      expect(answer.status).toBe(429);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(await answer.text()).toContain('cap \\"nothing\\"');
    }
    expect(askedOfBedrock()).toBe(0);
  });
});

describe('its main request', () => {
  const MODES = [
    ['in Bedrock mode', `/model/${HAIKU}/invoke-with-response-stream`, bedrockMain],
    ['with a base URL', '/v1/messages?beta=true', anthropicMain],
  ] as const;

  it.each(MODES)('%s is streamed whole, and settled to what Bedrock billed', async (...mode) => {
    const [how, path, bodyOf] = mode;
    const id = `main-${MODES.findIndex(([name]) => name === how)}`;
    const key = await newCaller(id);
    const body = bodyOf('[[input=1000]] [[output=100]]');

    const answer = await post(key, path, body);
    const text = await answer.text();

    expect(JSON.stringify(body).length).toBeGreaterThan(124_000);
    expect(answer.status).toBe(200);
    expect(text).not.toContain('xception');
    // 1,000 tokens at $1.10 and 100 at $5.50 a million.
    await expect.poll(() => running.counter(id)).toMatchObject({ settledUsd: '0.00165' });
  });

  it.each(MODES)(
    '%s that is cut is not admitted when it comes again unstreamed',
    async (...mode) => {
      const [how, path, bodyOf] = mode;
      const id = `cut-${MODES.findIndex(([name]) => name === how)}`;
      const key = await newCaller(id);
      await (await invoke(key, HAIKU, probe)).arrayBuffer();
      const body = bodyOf('[[output=200]] [[chunks=200]] [[delay=50]]');
      const stream = await post(key, path, body);

      await running.cap(id, { keys: [id], limitUsd: 0 });
      const text = await stream.text();
      const again = path.startsWith('/v1/')
        ? await post(key, path, { ...body, stream: false })
        : await invoke(key, HAIKU, body);

      expect(text).toContain('budget_exceeded');
      expect(again.status).toBe(429);
      expect(again.headers.get('x-should-retry')).toBe('false');
      // The probe and the stream.
      expect(askedOfBedrock()).toBe(2);
    },
  );
});
