/**
 * The Converse shape, which every family shares; Nova's own body speaks the same messages.
 *
 * Owns:     the allow-lists of Converse's members, blocks and tools, and the names of its usage.
 * Not here: what `additionalModelRequestFields` means, which each family tells.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import type { ConverseExtras, RequestShape, StreamMeter } from './family.ts';
import {
  isGiven,
  OVERHEAD_TOKENS,
  objectOf,
  objectsOf,
  positiveInteger,
  type RequestReading,
} from './request-reading.ts';
import {
  type Counts,
  checkedCount,
  countOf,
  memberObject,
  parseObject,
  refuseUnknownCounts,
  UnreadableUsage,
} from './usage-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'additionalModelRequestFields',
  'additionalModelResponseFieldPaths',
  // The AI SDK sends it here too; what counts is the one in additionalModelRequestFields.
  'anthropicBeta',
  'guardrailConfig',
  'inferenceConfig',
  'messages',
  'outputConfig',
  'performanceConfig',
  'promptVariables',
  'requestMetadata',
  'serviceTier',
  'system',
  'toolConfig',
]);

const INFERENCE_MEMBERS: ReadonlySet<string> = new Set([
  'maxTokens',
  'stopSequences',
  'temperature',
  // The AI SDK sends it; it chooses among tokens and adds none.
  'topK',
  'topP',
]);

/** Blocks whose tokens are those of their text. */
const TEXT_BLOCKS: ReadonlySet<string> = new Set([
  'text',
  'cachePoint',
  'citationsContent',
  'json',
  'reasoningContent',
  'toolRemoval',
  'toolUse',
]);

const PROMPT = 'a stored prompt is not in the request, so its tokens cannot be counted';
const SYSTEM_TOOL = 'tools that run on the server are billed by the call';
const AUDIO = 'speech tokens have prices of their own, which this release does not know';

/** The Converse request of a family. */
export const converseShape = (extras: ConverseExtras): RequestShape => ({
  inspect(body, reading) {
    reading.checkMembers(body, MEMBERS, '');
    inspectCommon(body, reading, INFERENCE_MEMBERS);
    inspectGuardrail(body, reading);
    if (isGiven(body.promptVariables)) reading.checkUnknownType('', 'promptVariables', PROMPT);
    const tier = objectOf(body.serviceTier, 'serviceTier');
    reading.askTier(tier?.type, 'serviceTier.type');
    const performance = objectOf(body.performanceConfig, 'performanceConfig');
    reading.askLatency(performance?.latency, 'performanceConfig.latency');
    const output = objectOf(body.outputConfig, 'outputConfig');
    if (isGiven(output?.textFormat)) reading.addTokens(OVERHEAD_TOKENS.outputFormat);
    const fields = extraFieldsOf(body);
    if (fields !== undefined) extras.inspect(fields, reading);
  },
  outputLimitOf: (body) =>
    positiveInteger(inferenceOf(body)?.maxTokens, 'inferenceConfig.maxTokens'),
  withOutputLimit: withMaxTokens,
  thinkingBudgetOf: (body) => extras.thinkingBudgetOf(extraFieldsOf(body) ?? {}),
  forbidsOutputLimit: (body) => extras.forbidsOutputLimit(extraFieldsOf(body) ?? {}),
  choicesOf: (body) => extras.choicesOf?.(extraFieldsOf(body) ?? {}) ?? 1,
});

const GUARDRAIL_MEMBERS: ReadonlySet<string> = new Set([
  'guardrailIdentifier',
  'guardrailVersion',
  'streamProcessingMode',
  'trace',
]);

/** While `async` lets the model run on beside the guardrail, nothing says what is looked at. */
const PRICED_MODES = ['sync'];

function inspectGuardrail(body: JsonObject, reading: RequestReading): void {
  const config = objectOf(body.guardrailConfig, 'guardrailConfig');
  if (config === undefined) return;
  reading.noteGuardrail('guardrailConfig');
  reading.checkMembers(config, GUARDRAIL_MEMBERS, 'guardrailConfig.');
  const mode = 'guardrailConfig.streamProcessingMode';
  reading.checkPricedValue(config.streamProcessingMode, PRICED_MODES, mode);
}

const extraFieldsOf = (body: JsonObject): JsonObject | undefined =>
  objectOf(body.additionalModelRequestFields, 'additionalModelRequestFields');

/**
 * The `inferenceConfig` of a body; undefined where it has none.
 *
 * @throws HardcapError `invalid_request` where it is no object
 */
export const inferenceOf = (body: JsonObject): JsonObject | undefined =>
  objectOf(body.inferenceConfig, 'inferenceConfig');

/** A copy of the body with this `inferenceConfig.maxTokens`. */
export const withMaxTokens = (body: JsonObject, tokens: number): JsonObject => ({
  ...body,
  inferenceConfig: { ...inferenceOf(body), maxTokens: tokens },
});

/**
 * Reads what Converse and Nova's own body have in common: messages, system, tools, inference.
 *
 * @throws HardcapError `unpriced_field`, `invalid_request`
 */
export function inspectCommon(
  body: JsonObject,
  reading: RequestReading,
  inferenceMembers: ReadonlySet<string>,
): void {
  reading.checkMembers(inferenceOf(body) ?? {}, inferenceMembers, 'inferenceConfig.');
  inspectContent(body.system, reading, 'system');
  for (const message of objectsOf(body.messages, 'messages')) {
    reading.addTokens(OVERHEAD_TOKENS.message);
    inspectContent(message.content, reading, 'messages.content');
  }
  const tools = objectOf(body.toolConfig, 'toolConfig')?.tools;
  for (const tool of objectsOf(tools, 'toolConfig.tools')) inspectTool(tool, reading);
}

function inspectTool(tool: JsonObject, reading: RequestReading): void {
  reading.addTool(OVERHEAD_TOKENS.tool);
  for (const kind in tool) {
    if (kind === 'toolSpec' || kind === 'cachePoint' || tool[kind] === null) continue;
    reading.checkUnknownType('toolConfig.tools.', kind, SYSTEM_TOOL);
  }
}

/** Content is blocks, each an object whose one member names its kind. */
function inspectContent(
  content: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): void {
  if (typeof content === 'string') return;
  for (const block of objectsOf(content, path)) {
    reading.addTokens(OVERHEAD_TOKENS.block);
    for (const kind in block) {
      const value = block[kind];
      if (!TEXT_BLOCKS.has(kind) && isGiven(value)) inspectBlock(kind, value, reading, path);
    }
  }
}

function inspectBlock(
  kind: string,
  value: JsonValue | undefined,
  reading: RequestReading,
  contentPath: string,
): void {
  const path = `${contentPath}.${kind}`;
  switch (kind) {
    case 'image':
      reading.addImage(inlineSourceOf(value, reading, path)?.bytes);
      return;
    case 'document':
    case 'video':
      // Pages are text and pictures, seconds are frames: the only bound is the window.
      if (!isPlainText(inlineSourceOf(value, reading, path), value)) reading.fillWindow();
      return;
    case 'toolAddition':
      inspectAddition(objectOf(objectOf(value, path)?.tool, `${path}.tool`) ?? {}, reading, path);
      return;
    case 'searchResult':
      if (isGiven(objectOf(value, path)?.citations)) reading.addTokens(OVERHEAD_TOKENS.citations);
      inspectContent(objectOf(value, path)?.content, reading, `${path}.content`);
      return;
    case 'toolResult':
      inspectContent(objectOf(value, path)?.content, reading, `${path}.content`);
      return;
    case 'guardContent':
      inspectGuardContent(objectOf(value, path) ?? {}, reading, path);
      return;
    case 'audio':
      reading.checkUnknownType(`${contentPath}.`, kind, AUDIO);
      return;
    default:
      reading.checkUnknownType(`${contentPath}.`, kind);
  }
}

/**
 * A tool of `toolConfig` that is added within the conversation, where its definition is written out
 * again, however long it is. Those of a server are not in the request.
 */
function inspectAddition(tool: JsonObject, reading: RequestReading, path: string): void {
  if (isGiven(tool.serverName)) {
    reading.checkUnknownType(`${path}.tool.`, 'serverName', SYSTEM_TOOL);
  }
  reading.fillWindow();
}

/** Text or an image that the guardrail looks at; to the model it is like any other. */
function inspectGuardContent(block: JsonObject, reading: RequestReading, path: string): void {
  for (const kind in block) {
    const value = block[kind];
    if (kind === 'text' || !isGiven(value)) continue;
    if (kind === 'image') {
      reading.addImage(inlineSourceOf(value, reading, `${path}.image`)?.bytes);
    } else {
      reading.checkUnknownType(`${path}.`, kind);
    }
  }
}

/** A document of text alone costs its bytes, unless citations mark each of its sentences. */
const isPlainText = (source: JsonObject | undefined, block: JsonValue | undefined): boolean =>
  typeof source?.text === 'string' &&
  Object.keys(source).length === 1 &&
  !isGiven(objectOf(block, 'document')?.citations);

const INLINE_SOURCES: ReadonlySet<string> = new Set(['bytes', 'text', 'content']);

/** A block's source, which must be in the request itself. */
function inlineSourceOf(
  block: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): JsonObject | undefined {
  const source = objectOf(objectOf(block, path)?.source, `${path}.source`);
  for (const kind in source) {
    if (!INLINE_SOURCES.has(kind) && isGiven(source[kind])) {
      reading.refuseRemoteMedia(`${path}.source.${kind}`);
    }
  }
  return source;
}

/**
 * Names of Converse's usage and of Nova's own, which differ in the cache counts only. Bedrock has
 * been seen to send both spellings at once, so that the larger is taken and nothing is added.
 */
const KNOWN_USAGE: ReadonlySet<string> = new Set([
  'inputTokens',
  'outputTokens',
  'totalTokens',
  'cacheReadInputTokens',
  'cacheReadInputTokenCount',
  'cacheWriteInputTokens',
  'cacheWriteInputTokenCount',
  'cacheDetails',
]);

/**
 * The counts of a usage in Converse's or Nova's words, disjoint.
 *
 * Where there are cached tokens, the total tells whether the input holds them: it is the sum of
 * input and output, or of all four. A family that excludes them by rule has nothing taken off,
 * whatever the total says; every other total makes the usage unreadable.
 *
 * @param mayInclude whether this family's input may include its cached tokens
 * @throws UnreadableUsage
 */
export function countsOfUsage(usage: JsonObject, mayInclude = false): Counts {
  refuseUnknownCounts(usage, KNOWN_USAGE);
  const counts = {
    input: countOf(usage, 'inputTokens'),
    output: countOf(usage, 'outputTokens'),
    cacheRead: countOf(usage, 'cacheReadInputTokens', 'cacheReadInputTokenCount'),
    cacheWrite: countOf(usage, 'cacheWriteInputTokens', 'cacheWriteInputTokenCount'),
    ...writesByLifetime(usage.cacheDetails),
  };
  const total = countOf(usage, 'totalTokens');
  const { input, output } = counts;
  if (total === undefined || input === undefined || output === undefined) return counts;
  const cached = cachedIn(counts);
  if (total === input + output + cached) return counts;
  if (total !== input + output) {
    throw new UnreadableUsage('the usage has a total that is not the sum of its parts');
  }
  if (!mayInclude) return counts;
  if (cached > input) throw new UnreadableUsage('the usage has more cached tokens than input');
  return { ...counts, input: input - cached };
}

function cachedIn({ cacheRead = 0, cacheWrite = 0, ...writes }: Counts): number {
  const { cacheWrite5m = 0, cacheWrite1h = 0 } = writes;
  return cacheRead + Math.max(cacheWrite, cacheWrite5m + cacheWrite1h);
}

/** Cache writes by their lifetime; one that has no price of its own makes the usage unreadable. */
function writesByLifetime(details: JsonValue | undefined): Counts {
  if (!Array.isArray(details)) return {};
  const writes = { '5m': 0, '1h': 0 };
  for (const detail of details) {
    const entry = objectOrUnreadable(detail);
    if (entry.ttl !== '5m' && entry.ttl !== '1h') {
      throw new UnreadableUsage('the usage holds cache writes of an unknown lifetime');
    }
    writes[entry.ttl] += checkedCount(countOf(entry, 'inputTokens'), 'cacheDetails.inputTokens');
  }
  return { cacheWrite5m: writes['5m'], cacheWrite1h: writes['1h'] };
}

function objectOrUnreadable(value: JsonValue): JsonObject {
  const object = memberObject({ value }, 'value');
  if (object === undefined) throw new UnreadableUsage('the usage holds malformed cacheDetails');
  return object;
}

/**
 * The counts of a Converse answer; undefined where it carries no usage.
 *
 * @param mayInclude as of `countsOfUsage`
 * @throws UnreadableUsage
 */
export function countsOfConverseAnswer(answer: JsonObject, mayInclude = false): Counts | undefined {
  const usage = memberObject(answer, 'usage');
  return usage === undefined ? undefined : countsOfUsage(usage, mayInclude);
}

/** The events that end a ConverseStream; usage counts on whichever of them carries it. */
const ENDING_EVENTS: ReadonlySet<string> = new Set(['metadata', 'messageStop']);

/**
 * A meter of ConverseStream: its usage comes once, in the last event.
 *
 * @param mayInclude as of `countsOfUsage`
 */
export function createConverseStreamMeter(mayInclude = false): StreamMeter {
  let final: Counts | undefined;
  return {
    event(eventType, payload) {
      if (!ENDING_EVENTS.has(eventType)) return;
      const answer = parseObject(payload);
      if (answer !== undefined) {
        final = countsOfConverseAnswer(answer, mayInclude) ?? final;
      }
    },
    finalCounts: () => final,
  };
}
