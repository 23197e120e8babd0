/**
 * Messages, tools and output formats as OpenAI writes them, which many vendors speak.
 *
 * Owns:      the allow-lists of content blocks and tools of that form.
 * Invariant: media is in the request itself or refused; a block or tool of unknown type is refused.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../request-body.ts';
import { addRenderedJson } from './rendered-json.ts';
import {
  invalidField,
  isGiven,
  OVERHEAD_TOKENS,
  objectOf,
  objectsOf,
  type RequestReading,
} from './request-reading.ts';

/** Why a tool that the vendor runs is refused. */
export const SERVER_TOOL =
  'tools that run on the server are billed by the call, or run the model again and again';

/** Why speech is refused. */
export const AUDIO = 'speech tokens have prices of their own, which this release does not know';

/** Blocks whose tokens are those of their text; some hold blocks of their own. */
const TEXT_BLOCKS: ReadonlySet<string> = new Set([
  'text',
  'input_text',
  'output_text',
  'reasoning',
  'refusal',
  'thinking',
]);

const AUDIO_BLOCKS: ReadonlySet<string> = new Set(['input_audio', 'audio', 'audio_url']);

/** Members of a message that are media beside its content, or an answer kept on the server. */
const MEDIA_MEMBERS = ['audio', 'file', 'files', 'image', 'images', 'video', 'videos'];

/** Tools that the client runs; `custom` takes text instead of JSON. */
const CLIENT_TOOLS: ReadonlySet<string> = new Set(['function', 'custom']);

/** @throws HardcapError `unpriced_field`, `invalid_request` */
export function inspectMessages(messages: JsonValue | undefined, reading: RequestReading): void {
  for (const message of objectsOf(messages, 'messages')) {
    reading.addTokens(OVERHEAD_TOKENS.message);
    for (const name of MEDIA_MEMBERS) {
      if (isGiven(message[name])) reading.checkUnknownType('messages.', name);
    }
    inspectContent(message.content, reading, 'messages.content');
    for (const call of objectsOf(message.tool_calls, 'messages.tool_calls')) {
      reading.addTokens(OVERHEAD_TOKENS.block);
      addRenderedJson(call, reading);
    }
  }
}

/** Content is a string, or blocks that each name their type; Writer also takes one block. */
function inspectContent(
  content: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): void {
  if (typeof content === 'string') return;
  if (isJsonObject(content)) {
    inspectBlock(content, reading, path);
    return;
  }
  if (!Array.isArray(content)) {
    objectsOf(content, path);
    return;
  }
  for (const block of content) {
    if (typeof block === 'string') continue;
    if (!isJsonObject(block)) throw invalidField(path, 'must hold strings or objects');
    inspectBlock(block, reading, path);
  }
}

function inspectBlock(block: JsonObject, reading: RequestReading, path: string): void {
  const type = typeOf(block, path);
  reading.addTokens(OVERHEAD_TOKENS.block);
  if (TEXT_BLOCKS.has(type)) {
    for (const inner of [block[type], block.content, block.summary]) {
      if (Array.isArray(inner)) inspectContent(inner, reading, `${path}.${type}`);
    }
    return;
  }
  if (AUDIO_BLOCKS.has(type)) {
    reading.checkUnknownType(`${path}.`, type, AUDIO);
    return;
  }
  switch (type) {
    case 'image_url':
      reading.addImage(inlineUrlOf(block.image_url, reading, `${path}.${type}`, IMAGE_DATA));
      return;
    case 'video_url':
      // Seconds are frames, however many the model takes: the only bound is the window.
      inlineUrlOf(block.video_url, reading, `${path}.${type}`, ANY_DATA);
      reading.fillWindow();
      return;
    case 'file':
      inspectFile(block, reading, `${path}.${type}`);
      return;
    default:
      reading.checkUnknownType(`${path}.`, type);
  }
}

function typeOf(block: JsonObject, path: string): string {
  if (typeof block.type === 'string') return block.type;
  if (!isGiven(block.type) && typeof block.text === 'string') return 'text';
  throw invalidField(path, 'must hold objects that each have a "type"');
}

const IMAGE_DATA = /^data:image\/[a-z0-9.+-]{1,40};base64,/i;
const ANY_DATA = /^data:[a-z0-9.+-]{1,40}\/[a-z0-9.+-]{1,80};base64,/i;

/**
 * The URL of a block, which must hold the data itself. Mistral also takes the bare string.
 *
 * @throws HardcapError `unpriced_field`
 */
function inlineUrlOf(
  value: JsonValue | undefined,
  reading: RequestReading,
  path: string,
  form: RegExp,
): string {
  const url = typeof value === 'string' ? value : objectOf(value, path)?.url;
  if (typeof url !== 'string' || !form.test(url)) reading.refuseRemoteMedia(path);
  return url;
}

/** Pages are text and pictures: the only bound is the window. */
function inspectFile(block: JsonObject, reading: RequestReading, path: string): void {
  const file = objectOf(block.file, path);
  for (const name in file) {
    if (name === 'filename' || name === 'file_data' || !isGiven(file[name])) continue;
    reading.refuseRemoteMedia(`${path}.${name}`);
  }
  inlineUrlOf(file?.file_data, reading, `${path}.file_data`, ANY_DATA);
  reading.fillWindow();
}

/**
 * Reads `tools`, and the older `functions`.
 *
 * @throws HardcapError `unpriced_field`, `invalid_request`
 */
export function inspectTools(body: JsonObject, reading: RequestReading): void {
  addRenderedJson(body.tools, reading);
  addRenderedJson(body.functions, reading);
  for (const tool of objectsOf(body.tools, 'tools')) {
    reading.addTool(OVERHEAD_TOKENS.tool);
    if (!isGiven(tool.type)) continue;
    if (typeof tool.type !== 'string') throw invalidField('tools.type', 'must be a string');
    if (CLIENT_TOOLS.has(tool.type)) continue;
    reading.checkUnknownType('tools.', tool.type, SERVER_TOOL);
  }
  for (const _tool of objectsOf(body.functions, 'functions')) {
    reading.addTool(OVERHEAD_TOKENS.tool);
  }
}

/** A required output format puts instructions into the prompt. */
export function inspectResponseFormat(fields: JsonObject, reading: RequestReading): void {
  if (!isGiven(fields.response_format)) return;
  reading.addTokens(OVERHEAD_TOKENS.outputFormat);
  addRenderedJson(fields.response_format, reading);
}

/**
 * A prompt is one string: of several, each would be answered.
 *
 * @throws HardcapError `invalid_request`
 */
export function inspectPrompt(prompt: JsonValue | undefined, path = 'prompt'): void {
  if (isGiven(prompt) && typeof prompt !== 'string') {
    throw invalidField(path, 'must be one string');
  }
}

/**
 * Texts for the model to ground its answer on, with the instructions that they bring.
 *
 * @throws HardcapError `invalid_request`
 */
export function inspectDocuments(
  documents: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): void {
  if (!isGiven(documents)) return;
  if (!Array.isArray(documents)) throw invalidField(path, 'must be an array');
  addRenderedJson(documents, reading);
  reading.addTokens(OVERHEAD_TOKENS.toolPreamble + documents.length * OVERHEAD_TOKENS.message);
}
