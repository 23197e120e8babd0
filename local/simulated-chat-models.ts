/**
 * The simulated models that speak chat completions (GPT, Qwen, DeepSeek, Jamba, Mistral and many
 * more), and Cohere's Command R.
 */
import {
  countMember,
  deltasThenEnd,
  invocationMetrics,
  type Json,
  lastUserText,
  messagesOf,
  optional,
  promptTokens,
  type Told,
  type ToldCall,
  textMember,
  tokensOfBytes,
  type VendorChunk,
  type VendorShape,
} from './simulated-vendor.ts';

const FIRST_ROLES = ['user', 'system', 'developer'];

/** In these counts the prompt includes what came from the cache. */
function usageOf({ tokens }: Told): Json {
  const prompt =
    tokens.inputTokens +
    tokens.cacheReadTokens +
    tokens.cacheWrite5mTokens +
    tokens.cacheWrite1hTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.outputTokens,
    total_tokens: prompt + tokens.outputTokens,
    prompt_tokens_details: { cached_tokens: tokens.cacheReadTokens },
  };
}

function finishReason({ stopReason }: Told): string {
  if (stopReason === 'tool_use') return 'tool_calls';
  return stopReason === 'max_tokens' ? 'length' : 'stop';
}

const idOf = (told: Told): Json => ({
  id: 'chatcmpl-simulated',
  created: 1_790_000_000,
  model: told.modelId,
});

export const chatShape: VendorShape = {
  read(body) {
    const messages = messagesOf(body, FIRST_ROLES);
    const limit = countMember(body, 'max_completion_tokens') ?? countMember(body, 'max_tokens');
    const contents = messages.map(({ content }) => content);
    return {
      directiveText: lastUserText(messages),
      promptTokens: promptTokens(body.tools, ...contents),
      ...optional('maxTokens', limit),
      ...optional('choices', countMember(body, 'n')),
    };
  },
  answer: (told) => ({
    ...idOf(told),
    object: 'chat.completion',
    choices: Array.from({ length: told.choices }, (_, index) => ({
      index,
      message: {
        role: 'assistant',
        content: told.text,
        ...(told.calls.length > 0 && { tool_calls: told.calls.map(callOf) }),
      },
      finish_reason: finishReason(told),
    })),
    ...(!told.hidesUsage && { usage: usageOf(told) }),
  }),
  callsTools: true,
  chunks(told) {
    const end = {
      ...piece(told, {}, finishReason(told)),
      ...(!told.hidesUsage && { usage: usageOf(told) }),
    };
    return deltasThenEnd(told, (content) => piece(told, { content }, null), end);
  },
};

const callOf = ({ id, name, input }: ToldCall): Json => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(input) },
});

const piece = (told: Told, delta: Json, reason: string | null): Json => ({
  ...idOf(told),
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason: reason }],
});

/** The chunks of chat completions' own stream; the usage has one of its own, if it is asked for. */
export function chatChunks(told: Told, includesUsage: boolean): readonly VendorChunk[] {
  const chunk = (json: Json, isDelta = false): VendorChunk => ({ json, isDelta });
  const calls = told.calls.map((call, index) => ({ index, ...callOf(call) }));
  return [
    chunk(piece(told, { role: 'assistant', content: '' }, null)),
    ...told.deltas.map((content) => chunk(piece(told, { content }, null), true)),
    ...calls.map((call) => chunk(piece(told, { tool_calls: [call] }, null))),
    chunk(piece(told, {}, finishReason(told))),
    ...(includesUsage && !told.hidesUsage
      ? [
          chunk({
            ...idOf(told),
            object: 'chat.completion.chunk',
            choices: [],
            usage: usageOf(told),
          }),
        ]
      : []),
  ];
}

export const commandRShape: VendorShape = {
  read(body) {
    const message = textMember(body, 'message');
    return {
      directiveText: message,
      promptTokens:
        tokensOfBytes(Buffer.byteLength(message)) +
        (body.chat_history === undefined && body.documents === undefined
          ? 0
          : promptTokens(body.chat_history, body.documents)),
      ...optional('maxTokens', countMember(body, 'max_tokens')),
    };
  },
  answer: (told) => ({
    response_id: 'simulated',
    text: told.text,
    generation_id: 'simulated',
    finish_reason: told.stopReason === 'max_tokens' ? 'MAX_TOKENS' : 'COMPLETE',
  }),
  chunks: (told) => [
    ...told.deltas.map((text) => ({
      json: { event_type: 'text-generation', is_finished: false, text },
      isDelta: true,
    })),
    {
      json: {
        event_type: 'stream-end',
        is_finished: true,
        finish_reason: told.stopReason === 'max_tokens' ? 'MAX_TOKENS' : 'COMPLETE',
        ...invocationMetrics(told),
      },
      isDelta: false,
    },
  ],
};
