/**
 * OpenAI's messages as Converse has them: system apart, turns that alternate, blocks by kind.
 *
 * Invariant: every text, image, call and result of the caller's is there once, in its order; what
 *            is no such thing is refused by name.
 */
import { HardcapError } from '../../../domain/errors.ts';
import {
  invalidField,
  isGiven,
  objectOf,
  objectsOf,
} from '../../../domain/families/request-reading.ts';
import { type JsonObject, type JsonValue, parseBody } from '../../../domain/request-body.ts';

/** What is said in a request, in Converse's words. */
export interface ConverseTalk {
  readonly system: JsonObject[];
  readonly messages: JsonObject[];
  /** Whether it holds calls or results of tools. */
  readonly hasToolCalls: boolean;
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: JsonObject[];
}

/** @throws HardcapError `invalid_request`, or `unpriced_field` for media that is not in the request */
export function converseTalkOf(messages: JsonValue | undefined): ConverseTalk {
  const system: JsonObject[] = [];
  const turns: Turn[] = [];
  const said = objectsOf(messages, 'messages');
  if (said.length === 0) throw invalidField('messages', 'must hold at least one message');
  for (const message of said) {
    if (message.role === 'system' || message.role === 'developer') {
      checkMembers(message, []);
      system.push(...textBlocks(message.content));
    } else {
      addTurn(turns, turnOf(message));
    }
  }
  const hasToolCalls = turns.some(({ content }) =>
    content.some((block) => 'toolUse' in block || 'toolResult' in block),
  );
  return { system, messages: turns as unknown as JsonObject[], hasToolCalls };
}

/** Converse wants turns to alternate, and all results of tools in the one after their calls. */
function addTurn(turns: Turn[], { role, content }: Turn): void {
  if (content.length === 0) return;
  const last = turns.at(-1);
  if (last?.role === role) last.content.push(...content);
  else turns.push({ role, content });
}

function turnOf(message: JsonObject): Turn {
  switch (message.role) {
    case 'user':
      checkMembers(message, []);
      return { role: 'user', content: blocksOf(message.content, userBlock) };
    case 'assistant':
      return { role: 'assistant', content: assistantBlocks(message) };
    case 'tool':
      checkMembers(message, ['tool_call_id', 'name']);
      return { role: 'user', content: [resultBlock(message)] };
    default:
      throw invalidField(
        'messages.role',
        'must be "system", "developer", "user", "assistant" or "tool" for this model',
      );
  }
}

/** @throws HardcapError `invalid_request` for a member that Converse has no counterpart for */
export function refuseMember(path: string): never {
  throw invalidField(
    path,
    'has no counterpart in Converse, by which Bedrock serves this model; leave it out',
  );
}

function checkMembers(message: JsonObject, known: readonly string[]): void {
  for (const name in message) {
    if (name === 'role' || name === 'content' || known.includes(name)) continue;
    if (isGiven(message[name])) refuseMember(`messages.${name}`);
  }
}

type BlockReader = (type: JsonValue | undefined, part: JsonObject) => JsonObject;

/** Content is a text, or parts that each name their type; Bedrock refuses an empty text. */
function blocksOf(content: JsonValue | undefined, read: BlockReader): JsonObject[] {
  const parts =
    typeof content === 'string'
      ? [{ type: 'text', text: content }]
      : objectsOf(content, 'messages.content');
  return parts.map((part) => read(part.type, part)).filter(({ text }) => text !== '');
}

const textBlocks = (content: JsonValue | undefined): JsonObject[] => blocksOf(content, textBlock);

function textBlock(type: JsonValue | undefined, { text }: JsonObject): JsonObject {
  // Anything may stand there, such as an object that no text can be made of.
  if (type !== 'text') refuseMember(`messages.content.${typeof type === 'string' ? type : 'type'}`);
  if (typeof text !== 'string') throw invalidField('messages.content.text', 'must be a string');
  return { text };
}

const userBlock: BlockReader = (type, part) =>
  type === 'image_url' ? imageBlock(part) : textBlock(type, part);

const IMAGE_DATA = /^data:image\/(png|jpeg|jpg|gif|webp);base64,/i;

function imageBlock({ image_url: image }: JsonObject): JsonObject {
  const path = 'messages.content.image_url';
  const { url } = objectOf(image, path) ?? {};
  const found = typeof url === 'string' ? IMAGE_DATA.exec(url) : null;
  if (typeof url !== 'string' || found === null) {
    throw new HardcapError(
      'unpriced_field',
      `unpriced_field: "${path}": an image must be in the request, as a data: URL of a PNG, JPEG, ` +
        'GIF or WebP in base64; what stands elsewhere has a cost that cannot be seen',
      { details: { field: path } },
    );
  }
  const [prefix, format = ''] = found;
  const name = format.toLowerCase();
  return {
    image: {
      format: name === 'jpg' ? 'jpeg' : name,
      source: { bytes: url.slice(prefix.length) },
    },
  };
}

function assistantBlocks(message: JsonObject): JsonObject[] {
  checkMembers(message, ['tool_calls', 'refusal', 'annotations']);
  if (Array.isArray(message.annotations) && message.annotations.length > 0) {
    refuseMember('messages.annotations');
  }
  const said = blocksOf(message.content, (type, part) =>
    type === 'refusal' ? textBlock('text', { text: part.refusal ?? null }) : textBlock(type, part),
  );
  const refusal = isGiven(message.refusal)
    ? [textBlock('text', { text: message.refusal ?? null })]
    : [];
  const calls = objectsOf(message.tool_calls, 'messages.tool_calls').map(callBlock);
  return [...said, ...refusal, ...calls];
}

function callBlock({ id, type, function: called }: JsonObject): JsonObject {
  const path = 'messages.tool_calls';
  if (type !== 'function') throw invalidField(`${path}.type`, 'must be "function" for this model');
  const { name, arguments: given } = objectOf(called, `${path}.function`) ?? {};
  if (typeof id !== 'string') throw invalidField(`${path}.id`, 'must be a string');
  if (typeof name !== 'string') throw invalidField(`${path}.function.name`, 'must be a string');
  return { toolUse: { toolUseId: id, name, input: argumentsOf(given) } };
}

/** A call without arguments has an empty text in some clients. */
function argumentsOf(given: JsonValue | undefined): JsonObject {
  if (given === '') return {};
  try {
    if (typeof given === 'string') return parseBody(Buffer.from(given));
  } catch {
    // Told below, by its place: the parser would speak of the body.
  }
  throw invalidField(
    'messages.tool_calls.function.arguments',
    'must be the text of one JSON object, each of its members given once',
  );
}

function resultBlock({ tool_call_id: id, content }: JsonObject): JsonObject {
  if (typeof id !== 'string') throw invalidField('messages.tool_call_id', 'must be a string');
  return { toolResult: { toolUseId: id, content: textBlocks(content) } };
}
