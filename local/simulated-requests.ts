/**
 * What the simulated Bedrock reads of a request: the three body shapes, reduced to one question.
 *
 * Invariant: as at Bedrock, a body without its required members is a ValidationException, and so
 *            is a prompt that is longer than the model's context window.
 */
import { CATALOGUE_ROWS } from '../lambda/domain/catalogue/rows.ts';
import { type Directives, readDirectives } from './simulated-directives.ts';
import { BedrockError, invalid } from './simulated-errors.ts';
import { simulatedModelOf } from './simulated-profiles.ts';

export const ROUTE =
  /^\/model\/(.+)\/(invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$/;

/** How the answer is written. */
export type Shape = 'anthropic' | 'nova' | 'converse';

/** A request as far as an answer needs it. */
export interface Question {
  readonly shape: Shape;
  readonly directives: Directives;
  /** A quarter of the prompt's bytes, rounded up; or what `[[input=...]]` says. */
  readonly inputTokens: number;
  readonly maxTokens?: number;
}

type Json = Readonly<Record<string, unknown>>;

const BYTES_PER_TOKEN = 4;
const TOKENS_PER_IMAGE = 1_600;
const VENDOR_OF_ID = /^(?:(?:us|eu|apac|jp|au|ca|us-gov|global|in)\.)?(anthropic\.|amazon\.nova)/;
const ARN_RESOURCE =
  /^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(foundation-model|inference-profile)\//;
const PROFILE_ID = /^(us|eu|apac|jp|au|ca|us-gov|global|in)\./;

/** The family of a model id or ARN. @throws BedrockError for what it does not serve. */
export function familyOf(modelId: string): 'anthropic' | 'nova' {
  const vendor = VENDOR_OF_ID.exec(simulatedModelOf(modelId).replace(ARN_RESOURCE, ''))?.[1];
  if (vendor === undefined) throw invalid('The provided model identifier is invalid.');
  return vendor === 'anthropic.' ? 'anthropic' : 'nova';
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
  const baseModelId = simulatedModelOf(modelId).replace(ARN_RESOURCE, '').replace(PROFILE_ID, '');
  const windowTokens = CONTEXT_WINDOW_TOKENS.get(baseModelId) ?? Number.POSITIVE_INFINITY;
  const { cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = directives;
  const neededTokens = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens;
  if (neededTokens > windowTokens) throw invalid('Input is too long for requested model.');
}

/** Reads a native or Converse body. @throws BedrockError as Bedrock does. */
export function readQuestion(modelId: string, isConverse: boolean, body: Uint8Array): Question {
  const family = familyOf(modelId);
  const shape = isConverse ? 'converse' : family;
  const object = parseObject(body);
  if (shape === 'anthropic') requireAnthropicMembers(object);
  const maxTokens = maxTokensOf(shape, object);
  const messages = messagesOf(object);
  const directives = readDirectives(lastUserText(messages));
  return {
    shape,
    directives,
    inputTokens: directives.inputTokens ?? promptTokens(object, messages),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

/** Reads a CountTokens body, which wraps either shape. @throws BedrockError */
export function readCountQuestion(modelId: string, body: Uint8Array): Question {
  if (familyOf(modelId) !== 'anthropic' || PROFILE_ID.test(modelId)) {
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

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

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

function requireAnthropicMembers(body: Json): void {
  for (const member of ['anthropic_version', 'max_tokens']) {
    if (body[member] !== undefined) continue;
    throw invalid(`Malformed input request: #: required key [${member}] not found`);
  }
  const { thinking, max_tokens: maxTokens } = body;
  if (!isObject(thinking) || typeof thinking.budget_tokens !== 'number') return;
  if (typeof maxTokens === 'number' && thinking.budget_tokens >= maxTokens) {
    throw invalid('`max_tokens` must be greater than `thinking.budget_tokens`.');
  }
}

function maxTokensOf(shape: Shape, body: Json): number | undefined {
  const config = isObject(body.inferenceConfig) ? body.inferenceConfig : {};
  const value =
    shape === 'anthropic' ? body.max_tokens : (config.maxTokens ?? config.max_new_tokens);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw invalid(`max_tokens: ${JSON.stringify(value)} is not a positive integer`);
  }
  return value;
}

function messagesOf(body: Json): readonly Json[] {
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isObject)) {
    throw invalid('messages: at least one message is required');
  }
  if (messages[0]?.role !== 'user') throw invalid('messages: first message must use the user role');
  return messages;
}

function lastUserText(messages: readonly Json[]): string {
  const { content } = messages.findLast(({ role }) => role === 'user') ?? {};
  return textsOf(content).join('\n');
}

function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block) =>
    isObject(block) && typeof block.text === 'string' ? [block.text] : [],
  );
}

/** Text by its bytes, images by a fixed size, all other blocks by the bytes of their JSON. */
function promptTokens(body: Json, messages: readonly Json[]): number {
  let bytes = 0;
  let images = 0;
  const add = (content: unknown): void => {
    if (typeof content === 'string') bytes += Buffer.byteLength(content);
    else if (Array.isArray(content)) content.forEach(add);
    else if (!isObject(content)) return;
    else if (typeof content.text === 'string') bytes += Buffer.byteLength(content.text);
    else if (content.type === 'image' || content.image !== undefined) images += 1;
    else bytes += Buffer.byteLength(JSON.stringify(content));
  };
  add(body.system);
  add(body.tools ?? body.toolConfig);
  for (const message of messages) add(message.content);
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN)) + images * TOKENS_PER_IMAGE;
}
