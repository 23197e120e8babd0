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
  textMember,
  tokensOfBytes,
  type VendorShape,
} from './simulated-vendor.ts';

const FIRST_ROLES = ['user', 'system', 'developer'];

/** In these counts the prompt includes what came from the cache, and what was written to it. */
function usageOf({ tokens }: Told): Json {
  const written = tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens;
  const prompt = tokens.inputTokens + tokens.cacheReadTokens + written;
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.outputTokens,
    total_tokens: prompt + tokens.outputTokens,
    prompt_tokens_details: {
      cached_tokens: tokens.cacheReadTokens,
      ...(written > 0 && { cache_write_tokens: written }),
    },
  };
}

const finishReason = ({ stopReason }: Told): string =>
  stopReason === 'max_tokens' ? 'length' : 'stop';

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
      message: { role: 'assistant', content: told.text },
      finish_reason: finishReason(told),
    })),
    ...(!told.hidesUsage && { usage: usageOf(told) }),
  }),
  chunks(told) {
    const piece = (index: number, delta: Json, reason: string | null): Json => ({
      ...idOf(told),
      object: 'chat.completion.chunk',
      choices: [{ index, delta, finish_reason: reason }],
    });
    const end = {
      ...piece(0, {}, finishReason(told)),
      ...(!told.hidesUsage && { usage: usageOf(told) }),
    };
    return deltasThenEnd(told, (content) => piece(0, { content }, null), end);
  },
};

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
