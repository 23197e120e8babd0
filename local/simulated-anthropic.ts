/**
 * The simulated Claude: Anthropic's Messages body on InvokeModel.
 */
import type { BilledTokens } from './simulated-book.ts';
import { invalid } from './simulated-errors.ts';
import {
  countMember,
  invocationMetrics,
  isObject,
  type Json,
  lastUserText,
  messagesOf,
  optional,
  promptTokens,
  requireMember,
  type Told,
  type ToldCall,
  type VendorChunk,
  type VendorShape,
} from './simulated-vendor.ts';

const usageOf = (tokens: BilledTokens): Json => ({
  input_tokens: tokens.inputTokens,
  cache_creation_input_tokens: tokens.cacheWrite5mTokens + tokens.cacheWrite1hTokens,
  cache_read_input_tokens: tokens.cacheReadTokens,
  cache_creation: {
    ephemeral_5m_input_tokens: tokens.cacheWrite5mTokens,
    ephemeral_1h_input_tokens: tokens.cacheWrite1hTokens,
  },
  output_tokens: tokens.outputTokens,
});

function requireRoomToThink({ thinking, max_tokens: maxTokens }: Json): void {
  if (!isObject(thinking) || typeof thinking.budget_tokens !== 'number') return;
  if (typeof maxTokens === 'number' && thinking.budget_tokens >= maxTokens) {
    throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
}

const chunk = (json: Json, isDelta = false): VendorChunk => ({ json, isDelta });

const toolUseOf = ({ id, name, input }: ToldCall): Json => ({ type: 'tool_use', id, name, input });

/** A call in a stream: its input comes as text, in two parts. */
function callChunks(call: ToldCall, index: number): readonly VendorChunk[] {
  const text = JSON.stringify(call.input);
  const half = Math.ceil(text.length / 2);
  const block = toolUseOf({ ...call, input: {} });
  return [
    chunk({ type: 'content_block_start', index, content_block: block }),
    ...[text.slice(0, half), text.slice(half)].map((part) =>
      chunk({
        type: 'content_block_delta',
        index,
        delta: { type: 'input_json_delta', partial_json: part },
      }),
    ),
    chunk({ type: 'content_block_stop', index }),
  ];
}

function chunks(told: Told): readonly VendorChunk[] {
  const { hidesUsage, tokens, stopReason, modelId } = told;
  const startUsage = usageOf({ ...tokens, outputTokens: Math.min(1, tokens.outputTokens) });
  const message = {
    id: 'msg_bdrk_simulated',
    type: 'message',
    role: 'assistant',
    model: modelId,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(!hidesUsage && { usage: startUsage }),
  };
  return [
    chunk({ type: 'message_start', message }),
    chunk({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ...told.deltas.map((text) =>
      chunk({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, true),
    ),
    chunk({ type: 'content_block_stop', index: 0 }),
    ...told.calls.flatMap((call, index) => callChunks(call, index + 1)),
    chunk({
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      ...(!hidesUsage && { usage: { output_tokens: tokens.outputTokens } }),
    }),
    chunk({ type: 'message_stop', ...invocationMetrics(told) }),
  ];
}

export const anthropicShape: VendorShape = {
  callsTools: true,
  read(body) {
    requireMember(body, 'anthropic_version');
    requireMember(body, 'max_tokens');
    requireRoomToThink(body);
    const messages = messagesOf(body);
    const contents = messages.map(({ content }) => content);
    return {
      directiveText: lastUserText(messages),
      promptTokens: promptTokens(body.system, body.tools, ...contents),
      ...optional('maxTokens', countMember(body, 'max_tokens')),
    };
  },
  answer: ({ text, calls, stopReason, modelId, hidesUsage, tokens }) => ({
    id: 'msg_bdrk_simulated',
    type: 'message',
    role: 'assistant',
    model: modelId,
    content: [{ type: 'text', text }, ...calls.map(toolUseOf)],
    stop_reason: stopReason,
    stop_sequence: null,
    ...(!hidesUsage && { usage: usageOf(tokens) }),
  }),
  chunks,
};
