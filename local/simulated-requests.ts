/**
 * What the simulated Bedrock reads of a request: any body, reduced to one question.
 *
 * Invariant: as at Bedrock, a body without its required members is a ValidationException, and so
 *            is a prompt that is longer than the model's context window.
 */
import { CATALOGUE_ROWS } from '../lambda/domain/catalogue/rows.ts';
import { readConverse } from './simulated-converse.ts';
import { type Directives, readDirectives } from './simulated-directives.ts';
import { BedrockError, invalid } from './simulated-errors.ts';
import {
  baseModelIdOf,
  isProfile,
  requireChat,
  requireConverse,
  vendorShapeOf,
} from './simulated-models.ts';
import {
  type Asked,
  isObject,
  type Json,
  objectIn,
  optional,
  textMember,
  type VendorShape,
} from './simulated-vendor.ts';

export const ROUTE =
  /^\/model\/(.+)\/(invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$/;

/** Where OpenAI's shape is served; its model stands in the body. */
export const CHAT_PATH = '/openai/v1/chat/completions';

/** A request as far as an answer needs it. */
export interface Question extends Omit<Asked, 'directiveText' | 'promptTokens'> {
  readonly modelId: string;
  /** The vendor's own form; undefined for Converse. */
  readonly vendor: VendorShape | undefined;
  readonly directives: Directives;
  /** A quarter of the prompt's bytes, rounded up; or what `[[input=...]]` says. */
  readonly inputTokens: number;
}

const CONTEXT_WINDOW_TOKENS: ReadonlyMap<string, number> = new Map(
  CATALOGUE_ROWS.map((row) => [row.baseModelId, row.contextWindowTokens]),
);

/**
 * Refuses a prompt that the model cannot hold; what is read from or written to the cache is part of
 * it. A model that the catalogue does not name holds anything.
 *
 * @throws BedrockError as Bedrock does, before it bills anything
 */
export function requireRoomFor(modelId: string, { inputTokens, directives }: Question): void {
  const windowTokens =
    CONTEXT_WINDOW_TOKENS.get(baseModelIdOf(modelId)) ?? Number.POSITIVE_INFINITY;
  const { cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = directives;
  const neededTokens = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
  if (neededTokens > windowTokens) throw invalid('Input is too long for requested model.');
}

/** Reads a native or Converse body. @throws BedrockError as Bedrock does. */
export function readQuestion(modelId: string, isConverse: boolean, body: Uint8Array): Question {
  if (isConverse) requireConverse(modelId);
  const object = parseObject(body);
  const vendor = vendorShapeOf(modelId, object);
  const { directiveText, promptTokens, ...asked } = isConverse
    ? readConverse(object)
    : vendor.read(object);
  const directives = readDirectives(directiveText);
  return {
    modelId,
    vendor: isConverse ? undefined : vendor,
    directives,
    inputTokens: directives.inputTokens ?? promptTokens,
    ...optional('maxTokens', asked.maxTokens),
    ...optional('choices', asked.choices),
    ...optional('units', asked.units),
    ...optional('items', asked.items),
    ...optional('guardrail', asked.guardrail),
    ...optional('tier', asked.tier),
  };
}

/** A body of chat completions, before its question is read. */
export interface ChatRequest {
  readonly modelId: string;
  readonly isStreamed: boolean;
  /** Whether the stream is to tell its usage in a chunk of its own. */
  readonly includesUsage: boolean;
}

/** Reads what stands in the path elsewhere. @throws BedrockError */
export function readChatRequest(body: Uint8Array): ChatRequest {
  const object = parseObject(body);
  return {
    modelId: textMember(object, 'model'),
    isStreamed: object.stream === true,
    includesUsage: objectIn(object, 'stream_options').include_usage === true,
  };
}

/** Reads a body of chat completions. @throws BedrockError where they do not serve the model */
export function readChatQuestion(modelId: string, body: Uint8Array): Question {
  requireChat(modelId);
  return readQuestion(modelId, false, body);
}

/** Reads a CountTokens body, which wraps either shape. @throws BedrockError */
export function readCountQuestion(modelId: string, body: Uint8Array): Question {
  if (!modelId.startsWith('anthropic.') || isProfile(modelId)) {
    throw invalid("The provided model doesn't support counting tokens.");
  }
  const { input } = parseObject(body);
  if (!isObject(input)) throw invalid("Value at 'input' failed to satisfy constraint: not null");
  if (isObject(input.converse)) {
    return readQuestion(modelId, true, Buffer.from(JSON.stringify(input.converse)));
  }
  const { invokeModel } = input;
  if (!isObject(invokeModel) || typeof invokeModel.body !== 'string') {
    throw invalid("Value at 'input' must have one of converse and invokeModel");
  }
  return readQuestion(modelId, false, Buffer.from(invokeModel.body, 'base64'));
}

function parseObject(body: Uint8Array): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    throw new BedrockError('ValidationException', `Malformed input request: ${String(error)}`);
  }
  if (!isObject(parsed)) throw invalid('Malformed input request: #: expected type: JSONObject');
  return parsed;
}
