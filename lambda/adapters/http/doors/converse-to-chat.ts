/**
 * What Converse answers as OpenAI's chat completions write it: whole answers, and what streams
 * share with them.
 */
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  numberOf,
} from '../../../domain/request-body.ts';

/** What every answer and chunk names. */
export interface ChatNames {
  readonly id: string;
  /** As the client asked for it. */
  readonly model: string;
  /** Epoch seconds. */
  readonly created: number;
}

/** A whole answer. Reasoning is not part of OpenAI's shape: its tokens are in the usage alone. */
export function chatAnswerOf(answer: JsonObject, names: ChatNames): JsonObject {
  const message = memberOf(memberOf(answer, 'output'), 'message');
  const blocks = Array.isArray(message.content) ? message.content.filter(isJsonObject) : [];
  const texts = blocks.flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
  const calls = blocks.flatMap(({ toolUse }) => (isJsonObject(toolUse) ? [callOf(toolUse)] : []));
  const usage = chatUsageOf(answer.usage);
  return {
    id: names.id,
    object: 'chat.completion',
    created: names.created,
    model: names.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: texts.length === 0 ? null : texts.join(''),
          refusal: null,
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReasonOf(answer.stopReason),
      },
    ],
    ...(usage !== undefined && { usage }),
  };
}

const callOf = ({ toolUseId, name, input }: JsonObject): JsonObject => ({
  id: toolUseId ?? '',
  type: 'function',
  function: { name: name ?? '', arguments: JSON.stringify(input ?? {}) },
});

/** An empty object where it is anything else. */
export const memberOf = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isJsonObject(value) ? value : {};
};

const FINISH_REASONS: Readonly<Record<string, string>> = {
  content_filtered: 'content_filter',
  end_turn: 'stop',
  guardrail_intervened: 'content_filter',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop',
  tool_use: 'tool_calls',
};

/** A reason that OpenAI has no word for ends the answer as any other does. */
export const finishReasonOf = (stopReason: JsonValue | undefined): string =>
  typeof stopReason === 'string' && Object.hasOwn(FINISH_REASONS, stopReason)
    ? (FINISH_REASONS[stopReason] ?? 'stop')
    : 'stop';

/**
 * Usage in OpenAI's words, in which the prompt includes what was cached; undefined where there is
 * none. Converse's total includes it too, whether or not its input does.
 */
export function chatUsageOf(usage: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(usage)) return undefined;
  const count = (name: string): number => numberOf(usage[name]) ?? 0;
  const output = count('outputTokens');
  const read = count('cacheReadInputTokens');
  const sum = count('inputTokens') + read + count('cacheWriteInputTokens');
  const total = numberOf(usage.totalTokens) ?? sum + output;
  return {
    prompt_tokens: total - output,
    completion_tokens: output,
    total_tokens: total,
    prompt_tokens_details: { cached_tokens: read },
  };
}
