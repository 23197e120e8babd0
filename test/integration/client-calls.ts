/**
 * Every call of every client that runs from npm, in one form: what was said, which tools were
 * called, or the error that the client itself raised.
 */
import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock';
import { createBedrockAnthropic } from '@ai-sdk/amazon-bedrock/anthropic';
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk';
import Anthropic from '@anthropic-ai/sdk';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { ChatAnthropic } from '@langchain/anthropic';
import { ChatBedrockConverse } from '@langchain/aws';
import type { AIMessageChunk } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { generateText, jsonSchema, type LanguageModel, streamText, type ToolSet } from 'ai';
import OpenAI from 'openai';
import { HAIKU } from '../helpers/running-gateway.ts';

/** Where a client is pointed, and with which key. */
export interface Door {
  readonly url: string;
  readonly key: string;
}

/** What one call brought; filled while it runs, so that a cut one shows what came before. */
export interface Said {
  text: string;
  readonly tools: string[];
}

export interface ClientCall {
  readonly client: string;
  readonly operation: string;
  readonly streams: boolean;
  run(door: Door, prompt: string, said: Said): Promise<void>;
}

const TOOL = 'look_up';
const MAX_TOKENS = 500;
const REGION = 'us-east-1';
const NATIVE = 'openai.gpt-oss-120b-1:0';
const SCHEMA = { type: 'object' as const, properties: {} };

/** @throws whatever the client raised within its stream */
async function each<T>(stream: AsyncIterable<T> | undefined, see: (event: T) => void) {
  for await (const event of stream ?? []) see(event);
}

// AWS SDK for JavaScript

const converseOf = (prompt: string) => ({
  modelId: HAIKU,
  messages: [{ role: 'user' as const, content: [{ text: prompt }] }],
  inferenceConfig: { maxTokens: MAX_TOKENS },
  toolConfig: { tools: [{ toolSpec: { name: TOOL, inputSchema: { json: SCHEMA } } }] },
});

const invokeOf = (prompt: string) => ({
  modelId: HAIKU,
  body: JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', ...messagesOf(prompt) }),
});

const messagesOf = (prompt: string) => ({
  max_tokens: MAX_TOKENS,
  messages: [{ role: 'user' as const, content: prompt }],
  tools: [{ name: TOOL, input_schema: SCHEMA }],
});

function seeBlock(block: Anthropic.ContentBlock, said: Said): void {
  if (block.type === 'text') said.text += block.text;
  if (block.type === 'tool_use') said.tools.push(block.name);
}

function seeEvent(event: Anthropic.RawMessageStreamEvent, said: Said): void {
  if (event.type === 'content_block_start') seeBlock(event.content_block, said);
  if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') {
    said.text += event.delta.text;
  }
}

const parsed = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));

function awsCalls(client: string, handler: () => NodeHttpHandler | undefined): ClientCall[] {
  const create = ({ url, key }: Door) => {
    const requestHandler = handler();
    return new BedrockRuntimeClient({
      region: REGION,
      endpoint: url,
      token: { token: key },
      authSchemePreference: ['httpBearerAuth'],
      ...(requestHandler && { requestHandler }),
    });
  };
  return [
    {
      client,
      operation: 'Converse',
      streams: false,
      async run(door, prompt, said) {
        const { output } = await create(door).send(new ConverseCommand(converseOf(prompt)));
        for (const { text, toolUse } of output?.message?.content ?? []) {
          said.text += text ?? '';
          if (toolUse?.name !== undefined) said.tools.push(toolUse.name);
        }
      },
    },
    {
      client,
      operation: 'ConverseStream',
      streams: true,
      async run(door, prompt, said) {
        const { stream } = await create(door).send(new ConverseStreamCommand(converseOf(prompt)));
        await each(stream, ({ contentBlockStart, contentBlockDelta }) => {
          said.text += contentBlockDelta?.delta?.text ?? '';
          const name = contentBlockStart?.start?.toolUse?.name;
          if (name !== undefined) said.tools.push(name);
        });
      },
    },
    {
      client,
      operation: 'InvokeModel',
      streams: false,
      async run(door, prompt, said) {
        const { body } = await create(door).send(new InvokeModelCommand(invokeOf(prompt)));
        for (const block of parsed(body).content) seeBlock(block, said);
      },
    },
    {
      client,
      operation: 'InvokeModelWithResponseStream',
      streams: true,
      async run(door, prompt, said) {
        const command = new InvokeModelWithResponseStreamCommand(invokeOf(prompt));
        const { body } = await create(door).send(command);
        await each(body, ({ chunk }) => seeEvent(parsed(chunk?.bytes), said));
      },
    },
  ];
}

// Anthropic's SDKs

function anthropicCalls(
  client: string,
  model: string,
  create: (door: Door) => Pick<Anthropic | AnthropicBedrock, 'messages'>,
): ClientCall[] {
  const whole = (prompt: string) => ({ model, ...messagesOf(prompt) });
  return [
    {
      client,
      operation: 'messages.create',
      streams: false,
      async run(door, prompt, said) {
        const message = await create(door).messages.create(whole(prompt));
        for (const block of message.content) seeBlock(block, said);
      },
    },
    {
      client,
      operation: 'messages.create, streamed',
      streams: true,
      async run(door, prompt, said) {
        const asked = { ...whole(prompt), stream: true as const };
        await each(await create(door).messages.create(asked), (event) => seeEvent(event, said));
      },
    },
  ];
}

// OpenAI's SDK

function openaiCalls(client: string, model: string): ClientCall[] {
  const create = ({ url, key }: Door) =>
    new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key }).chat.completions;
  const asked = (prompt: string) => ({
    model,
    max_tokens: MAX_TOKENS,
    messages: [{ role: 'user' as const, content: prompt }],
    tools: [{ type: 'function' as const, function: { name: TOOL, parameters: SCHEMA } }],
  });
  return [
    {
      client,
      operation: 'chat.completions.create',
      streams: false,
      async run(door, prompt, said) {
        const { choices } = await create(door).create(asked(prompt));
        said.text = choices[0]?.message.content ?? '';
        for (const call of choices[0]?.message.tool_calls ?? []) {
          if (call.type === 'function') said.tools.push(call.function.name);
        }
      },
    },
    {
      client,
      operation: 'chat.completions.create, streamed',
      streams: true,
      async run(door, prompt, said) {
        const stream = await create(door).create({ ...asked(prompt), stream: true });
        await each(stream, ({ choices }) => {
          said.text += choices[0]?.delta.content ?? '';
          for (const call of choices[0]?.delta.tool_calls ?? []) {
            if (call.function?.name !== undefined) said.tools.push(call.function.name);
          }
        });
      },
    },
  ];
}

// Vercel AI SDK

function aiCalls(client: string, create: (door: Door) => LanguageModel): ClientCall[] {
  const asked = (door: Door, prompt: string) => ({
    model: create(door),
    prompt,
    maxOutputTokens: MAX_TOKENS,
    tools: { [TOOL]: { inputSchema: jsonSchema(SCHEMA) } } as ToolSet,
  });
  return [
    {
      client,
      operation: 'generateText',
      streams: false,
      async run(door, prompt, said) {
        const { text, toolCalls } = await generateText(asked(door, prompt));
        said.text = text;
        said.tools.push(...toolCalls.map(({ toolName }) => toolName));
      },
    },
    {
      client,
      operation: 'streamText',
      streams: true,
      async run(door, prompt, said) {
        // Errors are parts of its stream; it raises none, and writes them to the console unasked.
        const { stream } = streamText({ ...asked(door, prompt), onError: () => undefined });
        await each(stream, (part) => {
          if (part.type === 'error') throw part.error;
          if (part.type === 'text-delta') said.text += part.text;
          if (part.type === 'tool-call') said.tools.push(part.toolName);
        });
      },
    },
  ];
}

// LangChain

type ChatModel = ChatBedrockConverse | ChatOpenAI | ChatAnthropic;

function langchainCalls(client: string, create: (door: Door) => ChatModel): ClientCall[] {
  const bound = (door: Door) =>
    create(door).bindTools([
      { type: 'function', function: { name: TOOL, description: 'Looks up', parameters: SCHEMA } },
    ]);
  const see = (message: AIMessageChunk, said: Said) => {
    said.text += message.text;
    for (const { name } of message.tool_call_chunks ?? message.tool_calls ?? []) {
      if (name) said.tools.push(name);
    }
  };
  return [
    {
      client,
      operation: 'invoke',
      streams: false,
      async run(door, prompt, said) {
        const message = await bound(door).invoke(prompt);
        said.text = message.text;
        said.tools.push(...(message.tool_calls ?? []).map(({ name }) => name));
      },
    },
    {
      client,
      operation: 'stream',
      streams: true,
      async run(door, prompt, said) {
        await each(await bound(door).stream(prompt), (chunk) => see(chunk, said));
      },
    },
  ];
}

const langchainOpenai =
  (model: string) =>
  ({ url, key }: Door) =>
    new ChatOpenAI({
      model,
      apiKey: key,
      maxTokens: MAX_TOKENS,
      configuration: { baseURL: `${url}/openai/v1` },
    });

/** All of them. */
export const CALLS: readonly ClientCall[] = [
  ...awsCalls('AWS SDK over HTTP/2', () => undefined),
  ...awsCalls('AWS SDK over HTTP/1.1', () => new NodeHttpHandler()),
  ...anthropicCalls(
    'Anthropic SDK, Bedrock mode',
    HAIKU,
    ({ url, key }) => new AnthropicBedrock({ baseURL: url, apiKey: key, awsRegion: REGION }),
  ),
  ...anthropicCalls(
    'Anthropic SDK, direct',
    'claude-haiku-4-5',
    ({ url, key }) => new Anthropic({ baseURL: url, apiKey: key }),
  ),
  ...openaiCalls('OpenAI SDK, native model', NATIVE),
  ...openaiCalls('OpenAI SDK, translated model', HAIKU),
  ...aiCalls('AI SDK, Converse', ({ url, key }) =>
    createAmazonBedrock({ baseURL: url, apiKey: key, region: REGION })(HAIKU),
  ),
  ...aiCalls('AI SDK, Anthropic', ({ url, key }) =>
    createBedrockAnthropic({ baseURL: url, apiKey: key, region: REGION })(HAIKU),
  ),
  ...langchainCalls(
    'LangChain, aws',
    ({ url, key }) =>
      new ChatBedrockConverse({
        model: HAIKU,
        region: REGION,
        maxTokens: MAX_TOKENS,
        client: new BedrockRuntimeClient({
          region: REGION,
          endpoint: url,
          token: { token: key },
          authSchemePreference: ['httpBearerAuth'],
        }),
      }),
  ),
  ...langchainCalls('LangChain, openai, native model', langchainOpenai(NATIVE)),
  ...langchainCalls('LangChain, openai, translated model', langchainOpenai(HAIKU)),
  ...langchainCalls(
    'LangChain, anthropic',
    ({ url, key }) =>
      new ChatAnthropic({
        model: 'claude-haiku-4-5',
        apiKey: key,
        anthropicApiUrl: url,
        maxTokens: MAX_TOKENS,
      }),
  ),
];
