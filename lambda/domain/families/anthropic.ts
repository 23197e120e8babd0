/**
 * Anthropic's Messages body on InvokeModel, and its extras inside Converse.
 *
 * Owns:      the allow-lists of Anthropic's members, blocks and tools, and the names of its usage.
 * Invariant: a member that is not listed is refused: speed, inference_geo, container, mcp_servers,
 *            fallbacks and compaction each raise the price or run the model again.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../request-body.ts';
import { converseShape } from './converse.ts';
import type { ConverseExtras, Family, RequestShape, StreamMeter } from './family.ts';
import { type OutputRule, refuseLimits, refuseOtherNames } from './output-rule.ts';
import {
  invalidField,
  isGiven,
  OVERHEAD_TOKENS,
  objectOf,
  objectsOf,
  positiveInteger,
  type RequestReading,
} from './request-reading.ts';
import {
  type Counts,
  countOf,
  countsOfInvocationMetrics,
  dearerCounts,
  memberObject,
  refuseUnknownCounts,
  UnreadableUsage,
  usageChunkOf,
} from './usage-reading.ts';

/**
 * Members that both the native body and `additionalModelRequestFields` may hold.
 *
 * Every value of `anthropic_beta` passes: a beta costs money only through a member, a tool or a
 * block that it opens, and those are listed here; a larger context or output is in the bound, which
 * goes by what is sent. A list of betas would only refuse new clients.
 */
const SHARED_MEMBERS = [
  'anthropic_beta',
  'cache_control',
  'context_management',
  // It names the request before, to be told why the cache missed; nothing of that one is read.
  'diagnostics',
  'metadata',
  'output_config',
  'output_format',
  'reasoning_config',
  'speed',
  'stop_sequences',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
];

const EXTRA_MEMBERS: ReadonlySet<string> = new Set(SHARED_MEMBERS);

const NATIVE_MEMBERS: ReadonlySet<string> = new Set([
  ...SHARED_MEMBERS,
  'anthropic_version',
  'max_tokens',
  'messages',
  'service_tier',
  'stream',
  'system',
]);

const PRICED_SPEEDS = ['standard'];

/** Blocks whose tokens are those of their text. */
const TEXT_BLOCKS: ReadonlySet<string> = new Set([
  'text',
  'thinking',
  'redacted_thinking',
  'tool_removal',
  'tool_use',
]);

/** Tools that the client runs, though Anthropic wrote their definition. */
const VENDOR_TOOL = /^(?:bash|text_editor|computer|memory)_\d{8}$/;

/** Edits that only take text away; `compact_*` runs the model once more. */
const CLEARING_EDIT = /^clear_(?:tool_uses|thinking)_\d{8}$/;

const SERVER_TOOL =
  'tools that run on the server are billed by the call, or run the model again and again';

const COMPACTION = 'edits other than clearing run the model once more';

const LIMIT_RULE: OutputRule = { limits: ['max_tokens'] };

const native: RequestShape = {
  inspect(body, reading) {
    refuseOtherNames(body, LIMIT_RULE);
    reading.checkMembers(body, NATIVE_MEMBERS, '');
    reading.askTier(body.service_tier, 'service_tier');
    inspectShared(body, reading, '');
    inspectContent(body.system, reading, 'system');
    for (const message of objectsOf(body.messages, 'messages')) {
      reading.addTokens(OVERHEAD_TOKENS.message);
      inspectContent(message.content, reading, 'messages.content');
    }
  },
  outputLimitOf: (body) => positiveInteger(body.max_tokens, 'max_tokens'),
  withOutputLimit: (body, tokens) => ({ ...body, max_tokens: tokens }),
  thinkingBudgetOf,
  forbidsOutputLimit: () => false,
  choicesOf: () => 1,
};

const extras: ConverseExtras = {
  inspect(fields, reading) {
    const path = 'additionalModelRequestFields.';
    refuseLimits(fields, path);
    reading.checkMembers(fields, EXTRA_MEMBERS, path);
    inspectShared(fields, reading, path);
  },
  thinkingBudgetOf,
  forbidsOutputLimit: () => false,
};

/** The budget of thinking, which Anthropic requires to be below `max_tokens`. */
function thinkingBudgetOf(fields: JsonObject): number {
  const budgets = ['thinking', 'reasoning_config'].map((name) => {
    const settings = memberObject(fields, name);
    if (settings?.type === 'disabled') return 0;
    return positiveInteger(settings?.budget_tokens, `${name}.budget_tokens`) ?? 0;
  });
  return Math.max(...budgets);
}

function inspectShared(fields: JsonObject, reading: RequestReading, path: string): void {
  reading.checkPricedValue(fields.speed, PRICED_SPEEDS, `${path}speed`);
  for (const tool of objectsOf(fields.tools, `${path}tools`)) {
    inspectTool(tool, reading, `${path}tools`);
  }
  const management = objectOf(fields.context_management, `${path}context_management`);
  for (const edit of objectsOf(management?.edits, `${path}context_management.edits`)) {
    const type = typeNameOf(edit, `${path}context_management.edits`);
    if (!CLEARING_EDIT.test(type)) {
      reading.checkUnknownType(`${path}context_management.edits.`, type, COMPACTION);
    }
  }
  if (isGiven(fields.thinking) || isGiven(fields.reasoning_config)) {
    reading.noteThinking();
  }
  const format = fields.output_format ?? memberObject(fields, 'output_config')?.format;
  if (isGiven(format)) {
    reading.addTokens(OVERHEAD_TOKENS.outputFormat);
  }
}

function inspectTool(tool: JsonObject, reading: RequestReading, path: string): void {
  if (!isGiven(tool.type) || tool.type === 'custom') {
    reading.addTool(OVERHEAD_TOKENS.tool);
    return;
  }
  const type = typeNameOf(tool, path);
  reading.addTool(OVERHEAD_TOKENS.vendorTool);
  if (!VENDOR_TOOL.test(type)) reading.checkUnknownType(`${path}.`, type, SERVER_TOOL);
}

/** Content is a string, or blocks that each name their type. */
function inspectContent(
  content: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): void {
  if (typeof content === 'string') return;
  for (const block of objectsOf(content, path)) inspectBlock(block, reading, path);
}

function inspectBlock(block: JsonObject, reading: RequestReading, path: string): void {
  const type = typeNameOf(block, path);
  reading.addTokens(OVERHEAD_TOKENS.block);
  if (TEXT_BLOCKS.has(type)) return;
  switch (type) {
    case 'image':
      reading.addImage(inlineDataOf(block, reading, `${path}.image`));
      return;
    case 'document':
      // A page is text and a picture, and citations add marks to each sentence: there is no bound
      // of its own, so it is the window.
      inlineDataOf(block, reading, `${path}.document`);
      if (!isPlainText(block)) reading.fillWindow();
      return;
    case 'tool_reference':
      // The tool's definition is written out again where it stands, however long it is.
      reading.fillWindow();
      return;
    case 'tool_addition':
      inspectAddition(objectOf(block.tool, `${path}.${type}.tool`) ?? {}, reading, path);
      return;
    case 'search_result':
      if (isGiven(block.citations)) reading.addTokens(OVERHEAD_TOKENS.citations);
      inspectContent(block.content, reading, `${path}.${type}.content`);
      return;
    case 'tool_result':
      inspectContent(block.content, reading, `${path}.${type}.content`);
      return;
    default:
      reading.checkUnknownType(`${path}.`, type);
  }
}

/** A tool that is added within the conversation: defined there, or one of the body's tools. */
function inspectAddition(tool: JsonObject, reading: RequestReading, path: string): void {
  switch (tool.type) {
    case 'tool_definition':
      inspectTool(
        objectOf(tool.definition, `${path}.tool_addition.tool.definition`) ?? {},
        reading,
        path,
      );
      return;
    case 'tool_reference':
      reading.fillWindow();
      return;
    default:
      reading.checkUnknownType(
        `${path}.tool_addition.`,
        typeof tool.type === 'string' ? tool.type : 'type',
        SERVER_TOOL,
      );
  }
}

/** A document of text alone costs its bytes, unless citations mark each of its sentences. */
const isPlainText = (block: JsonObject): boolean =>
  memberObject(block, 'source')?.type === 'text' && !isGiven(block.citations);

const INLINE_SOURCES: ReadonlySet<JsonValue | undefined> = new Set(['base64', 'text', 'content']);

/** The data of a source that is in the request itself. */
function inlineDataOf(
  block: JsonObject,
  reading: RequestReading,
  path: string,
): JsonValue | undefined {
  const source = objectOf(block.source, `${path}.source`);
  if (source === undefined || !INLINE_SOURCES.has(source.type)) {
    reading.refuseRemoteMedia(`${path}.source`);
  }
  return source.data;
}

function typeNameOf(block: JsonObject, path: string): string {
  if (typeof block.type !== 'string') {
    throw invalidField(path, 'must hold objects that each have a "type"');
  }
  return block.type;
}

/** What Anthropic's usage may hold beside counts that have a price of their own. */
const KNOWN_USAGE: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'cache_creation',
  // A part of output_tokens.
  'output_tokens_details',
  // Checked by hand: one entry repeats the counts above.
  'iterations',
]);

const KNOWN_WRITES: ReadonlySet<string> = new Set([
  'ephemeral_5m_input_tokens',
  'ephemeral_1h_input_tokens',
]);

/** @throws UnreadableUsage */
function countsOfUsage(usage: JsonObject): Counts {
  refuseUnknownCounts(usage, KNOWN_USAGE);
  if (usage.speed === 'fast') throw new UnreadableUsage('the usage was served at a dearer speed');
  refuseIterations(usage.iterations);
  const writes = memberObject(usage, 'cache_creation') ?? {};
  refuseUnknownCounts(writes, KNOWN_WRITES);
  return {
    input: countOf(usage, 'input_tokens'),
    output: countOf(usage, 'output_tokens'),
    cacheRead: countOf(usage, 'cache_read_input_tokens'),
    cacheWrite: countOf(usage, 'cache_creation_input_tokens'),
    cacheWrite5m: countOf(writes, 'ephemeral_5m_input_tokens'),
    cacheWrite1h: countOf(writes, 'ephemeral_1h_input_tokens'),
  };
}

/** More than one run of the model: the counts above do not hold them all. */
function refuseIterations(iterations: JsonValue | undefined): void {
  if (!Array.isArray(iterations)) return;
  const [first] = iterations;
  const single = first === undefined || (isJsonObject(first) && first.type === 'message');
  if (iterations.length > 1 || !single) {
    throw new UnreadableUsage('the usage holds "iterations" of several runs');
  }
}

/**
 * The events of a stream: message_start has the input, message_delta the output so far (cumulative:
 * the larger is taken, nothing is added), and the last chunk Bedrock's own metrics.
 */
function createStreamMeter(): StreamMeter {
  let counts: Counts = {};
  let hasFinalOutput = false;
  let hasEnded = false;
  return {
    event(eventType, payload) {
      const chunk = eventType === 'chunk' ? usageChunkOf(payload) : undefined;
      if (chunk === undefined) return;
      const started = memberObject(memberObject(chunk, 'message') ?? {}, 'usage');
      if (started !== undefined) counts = dearerCounts(counts, countsOfUsage(started));
      const later = memberObject(chunk, 'usage');
      if (later !== undefined) {
        const laterCounts = countsOfUsage(later);
        hasFinalOutput ||= laterCounts.output !== undefined && isEnd(chunk);
        counts = dearerCounts(counts, laterCounts);
      }
      const metrics = countsOfInvocationMetrics(chunk);
      if (metrics !== undefined) {
        hasFinalOutput ||= metrics.output !== undefined;
        counts = dearerCounts(counts, metrics);
      }
      hasEnded ||= metrics !== undefined || isEnd(chunk);
    },
    finalCounts: () => (hasFinalOutput && hasEnded ? counts : undefined),
  };
}

/** A message_delta before the end has no stop reason: its output count is not the last. */
const isEnd = (chunk: JsonObject): boolean =>
  chunk.type === 'message_stop' || typeof memberObject(chunk, 'delta')?.stop_reason === 'string';

/** The largest that was measured on any Claude model is about 4,005, for 12 megapixels. */
const IMAGE_TOKENS = 4_800;

export const anthropic: Family = {
  // Not those that think by default, from Claude 5 on, nor any of which it is not known.
  visibleModels:
    /^anthropic\.claude-(?:3|opus-4-(?:1|5|6|20250514)|sonnet-4-(?:5|6|20250514)|haiku-4-5)(?:-|$)/,
  imageTokens: IMAGE_TOKENS,
  native,
  converse: converseShape(extras),
  countsOfAnswer(answer) {
    const usage = memberObject(answer, 'usage');
    return usage === undefined ? undefined : countsOfUsage(usage);
  },
  createStreamMeter,
};
