/**
 * The simulated Bedrock's chat completions: OpenAI's shape, whole and as server-sent events, with
 * its directives, in its book.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SimulatedBedrock, startSimulatedBedrock } from '../../local/simulated-bedrock.ts';

const MODEL = 'openai.gpt-oss-20b-1:0';

let bedrock: SimulatedBedrock;
beforeAll(async () => {
  bedrock = await startSimulatedBedrock({ port: 0 });
});
beforeEach(() => bedrock.book.reset());
afterAll(() => bedrock.close());

const post = (text: string, members: object = {}) =>
  fetch(`${bedrock.url}/openai/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: text }], ...members }),
  });

const events = async (text: string, members: object = {}) => {
  const answer = await post(text, { stream: true, ...members });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  return (await answer.text()).split('\n\n').filter((event) => event !== '');
};

describe('chat completions', () => {
  it('answer whole, and are billed what they say', async () => {
    const answer = await post('[[input=10]][[output=4]][[cache-read=3]]');

    expect(await answer.json()).toMatchObject({
      object: 'chat.completion',
      model: MODEL,
      choices: [{ index: 0, finish_reason: 'stop' }],
      usage: { prompt_tokens: 13, completion_tokens: 4, total_tokens: 17 },
    });
    expect(bedrock.book.page().records[0]).toMatchObject({
      modelId: MODEL,
      operation: 'chat-completions',
      outcome: 'billed',
      inputTokens: 10,
      cacheReadTokens: 3,
      outputTokens: 4,
    });
  });

  it('stream their role, deltas and end, and their usage only if it is asked for', async () => {
    const plain = await events('[[chunks=3]][[output=9]]');
    const asked = await events('[[chunks=3]][[output=9]]', {
      stream_options: { include_usage: true },
    });

    expect(plain).toHaveLength(1 + 3 + 1 + 1);
    expect(plain.at(-1)).toBe('data: [DONE]');
    expect(plain.join('')).not.toContain('usage');
    expect(asked).toHaveLength(plain.length + 1);
    expect(JSON.parse(asked.at(-2)?.slice(6) ?? '')).toMatchObject({
      choices: [],
      usage: { completion_tokens: 9 },
    });
    expect(bedrock.book.page().records[0]?.operation).toBe('chat-completions-stream');
  });

  it('call a tool as often as they are asked', async () => {
    const answer = (await (await post('[[tool=look_up@2]]')).json()) as {
      choices: { finish_reason: string; message: { tool_calls: object[] } }[];
    };

    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls' });
    expect(answer.choices[0]?.message.tool_calls).toHaveLength(2);
  });

  it.each([
    ['an exception', '[[exception=throttlingException@1]]', 3, 'throttlingException'],
    ['an end', '[[end=1]]', 2, 'delta'],
  ])('go wrong in the stream by %s, billed in full', async (_what, directive, count, last) => {
    const seen = await events(`[[chunks=4]]${directive}`);

    expect(seen).toHaveLength(count);
    expect(seen.at(-1)).toContain(last);
    expect(seen).not.toContain('data: [DONE]');
    expect(bedrock.book.page().billedRequests).toBe(1);
  });

  it('break off in the stream, billed in full', async () => {
    await expect(events('[[chunks=4]][[cut=1]]')).rejects.toThrow();
    expect(bedrock.book.page().billedRequests).toBe(1);
  });

  it('are refused in OpenAI’s shape, and not billed', async () => {
    const refused = [
      await post('[[error=ThrottlingException]]'),
      await post('hi', { model: 'anthropic.claude-haiku-4-5-20251001-v1:0' }),
      await post('hi', { model: undefined }),
      await post('hi', { messages: [] }),
    ];

    expect(refused.map(({ status }) => status)).toEqual([429, 400, 400, 400]);
    const [throttled, wrong] = await Promise.all(refused.map((answer) => answer.json()));
    expect(throttled).toMatchObject({ error: { type: 'rate_limit_error', param: null } });
    expect(wrong).toMatchObject({
      error: { message: expect.stringContaining('does not support') },
    });
    expect(bedrock.book.page()).toMatchObject({ requests: 4, billedRequests: 0 });
  });
});
