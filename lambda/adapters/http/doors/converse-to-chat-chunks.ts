/**
 * The events of ConverseStream as chunks of OpenAI's chat completions.
 *
 * Invariant: `[DONE]` follows only the last event of a whole answer; a stream that ends before it
 *            does not look whole.
 */
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  numberOf,
} from '../../../domain/request-body.ts';
import type { Frame } from '../../../ports/stream.ts';
import { jsonOf } from '../server-sent-event-reader.ts';
import { type ChatNames, chatUsageOf, finishReasonOf, memberOf } from './converse-to-chat.ts';
import { openAiErrorEvent } from './openai-error.ts';
import { serverSentEvent } from './server-sent-events.ts';

/** A block that calls a tool: its place among the calls, and whether its arguments have begun. */
interface Call {
  readonly index: number;
  hasArguments: boolean;
}

/** Writes one stream; give it the frames in their order. */
export function createChunkWriter(
  names: ChatNames,
  includesUsage: boolean,
): (frame: Frame) => Uint8Array | undefined {
  const calls = new Map<number, Call>();
  const chunk = (choices: JsonValue[], usage: JsonValue = null): Uint8Array =>
    serverSentEvent(
      JSON.stringify({
        id: names.id,
        object: 'chat.completion.chunk',
        created: names.created,
        model: names.model,
        choices,
        ...(includesUsage && { usage }),
      }),
    );
  const choice = (delta: JsonObject, reason: string | null = null): Uint8Array =>
    chunk([{ index: 0, delta, logprobs: null, finish_reason: reason }]);

  return ({ messageType, eventType, payload }) => {
    const event = jsonOf(payload) ?? {};
    if (messageType !== 'event') {
      const { message } = event;
      return openAiErrorEvent(
        eventType,
        typeof message === 'string' ? message : 'Bedrock gave no message',
      );
    }
    switch (eventType) {
      case 'messageStart':
        return choice({ role: 'assistant', content: '' });
      case 'messageStop':
        return choice({}, finishReasonOf(event.stopReason));
      case 'metadata':
        return lastOf(chunk, includesUsage ? chatUsageOf(event.usage) : undefined);
      default: {
        const delta = deltaOf(calls, eventType, event);
        return delta === undefined ? undefined : choice(delta);
      }
    }
  };
}

const DONE = serverSentEvent('[DONE]');

const lastOf = (
  chunk: (choices: JsonValue[], usage?: JsonValue) => Uint8Array,
  usage: JsonObject | undefined,
): Uint8Array => (usage === undefined ? DONE : Buffer.concat([chunk([], usage), DONE]));

function deltaOf(
  calls: Map<number, Call>,
  eventType: string,
  event: JsonObject,
): JsonObject | undefined {
  const block = numberOf(event.contentBlockIndex) ?? 0;
  switch (eventType) {
    case 'contentBlockStart':
      return startOf(calls, block, memberOf(event, 'start'));
    case 'contentBlockDelta':
      return partOf(calls.get(block), memberOf(event, 'delta'));
    case 'contentBlockStop':
      return stopOf(calls.get(block));
    default:
      return undefined;
  }
}

function startOf(
  calls: Map<number, Call>,
  block: number,
  { toolUse }: JsonObject,
): JsonObject | undefined {
  if (!isJsonObject(toolUse)) return undefined;
  const call: Call = { index: calls.size, hasArguments: false };
  calls.set(block, call);
  const { toolUseId, name } = toolUse;
  return callDelta(call, {
    id: toolUseId ?? '',
    type: 'function',
    function: { name: name ?? '', arguments: '' },
  });
}

const callDelta = ({ index }: Call, members: JsonObject): JsonObject => ({
  tool_calls: [{ index, ...members }],
});

function partOf(call: Call | undefined, { text, toolUse }: JsonObject): JsonObject | undefined {
  if (typeof text === 'string') return { content: text };
  if (call === undefined || !isJsonObject(toolUse)) return undefined;
  const { input } = toolUse;
  if (typeof input !== 'string' || input === '') return undefined;
  call.hasArguments = true;
  return callDelta(call, { function: { arguments: input } });
}

/** The arguments of a call are JSON: where the model gave none, they are an empty object. */
function stopOf(call: Call | undefined): JsonObject | undefined {
  if (call === undefined || call.hasArguments) return undefined;
  call.hasArguments = true;
  return callDelta(call, { function: { arguments: '{}' } });
}
