/**
 * Clients that run tools by themselves: the result goes back in a second request, which is priced
 * and answered like the first.
 */
import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createBedrockAnthropic } from '@ai-sdk/amazon-bedrock/anthropic';
import { ChatAnthropic } from '@langchain/anthropic';
import { type AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, isStepCount, jsonSchema, type LanguageModel, type ToolSet } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HAIKU, type RunningGateway, startRunningGateway } from '../helpers/running-gateway.ts';

const PROMPT = '[[tool=look_up@2]] [[output=9]]';
const SCHEMA = { type: 'object' as const, properties: {} };

let running: RunningGateway;
let key: string;
beforeAll(async () => {
  running = await startRunningGateway();
  key = await running.key('loop');
  await running.cap('loop', { keys: ['loop'] });
});
afterAll(() => running.close());

/** Two requests were asked and billed, and nothing is left reserved. */
async function expectTwoRequests(): Promise<void> {
  const { requests, billedRequests } = running.bedrock.book.page();
  expect([requests, billedRequests]).toEqual([2, 2]);
  await expect.poll(() => running.counter('loop')).toMatchObject({ reservations: 0 });
}

describe('the AI SDK', () => {
  const options = () => ({ baseURL: running.url, apiKey: key, region: 'us-east-1' });

  it.each<[string, () => LanguageModel]>([
    ['Converse', () => createAmazonBedrock(options())(HAIKU)],
    ['Anthropic', () => createBedrockAnthropic(options())(HAIKU)],
  ])('by %s runs the tools that were called, and answers by their results', async (...row) => {
    const [, createModel] = row;
    const calls: unknown[] = [];
    running.bedrock.book.reset();
    const execute = async (input: unknown) => {
      calls.push(input);
      return '42';
    };

    const { steps, text } = await generateText({
      model: createModel(),
      prompt: PROMPT,
      maxOutputTokens: 100,
      tools: { look_up: { inputSchema: jsonSchema(SCHEMA), execute } } as ToolSet,
      stopWhen: isStepCount(3),
    });

    expect(calls).toEqual([
      { call: 0, of: 1 },
      { call: 1, of: 1 },
    ]);
    expect(steps).toHaveLength(2);
    expect(text).toMatch(/\w/);
    await expectTwoRequests();
  });
});

describe('LangChain', () => {
  it.each<[string, () => ChatAnthropic | ChatOpenAI]>([
    [
      'anthropic',
      () =>
        new ChatAnthropic({
          model: 'claude-haiku-4-5',
          apiKey: key,
          anthropicApiUrl: running.url,
          maxTokens: 100,
        }),
    ],
    [
      'openai, on a translated model',
      () =>
        new ChatOpenAI({
          model: HAIKU,
          apiKey: key,
          maxTokens: 100,
          configuration: { baseURL: `${running.url}/openai/v1` },
        }),
    ],
  ])('%s sends the results of tools back', async (_name, createModel) => {
    running.bedrock.book.reset();
    const model = createModel().bindTools([
      { type: 'function', function: { name: 'look_up', parameters: SCHEMA } },
    ]);
    const asked = new HumanMessage(PROMPT);

    const called: AIMessage = await model.invoke([asked]);
    const results = (called.tool_calls ?? []).map(
      ({ id = '' }) => new ToolMessage({ tool_call_id: id, content: '42' }),
    );
    const answer = await model.invoke([asked, called, ...results, new HumanMessage('and now?')]);

    expect(results).toHaveLength(2);
    expect(answer.text).toMatch(/\w/);
    expect(answer.tool_calls).toEqual([]);
    await expectTwoRequests();
  });
});
