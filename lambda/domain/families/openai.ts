/**
 * OpenAI's chat-completions body, on InvokeModel and at Bedrock's own chat completions, which many
 * vendors' models take, and its extras inside Converse.
 *
 * Owns:      the allow-list of its members, and which of its two names of the output limit each
 *            vendor's models honour.
 * Invariant: what is kept or run on the server is refused: it is billed, and is not in the request.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import {
  AUDIO,
  inspectMessages,
  inspectPrompt,
  inspectResponseFormat,
  inspectTools,
  SERVER_TOOL,
} from './chat-reading.ts';
import type { Family } from './family.ts';
import { countsOfOpenAiAnswer, createOpenAiStreamMeter } from './openai-usage.ts';
import {
  boundByWindow,
  converseByTemplate,
  extrasByRule,
  type OutputRule,
  shapeByRule,
  withTemplate,
} from './output-rule.ts';
import { invalidField, isGiven, objectOf, type RequestReading } from './request-reading.ts';
import { UnreadableUsage, usageJsonOf } from './usage-reading.ts';

/** Members that choose among tokens or describe the answer: the limit bounds what they cost. */
const SHARED_MEMBERS = [
  'chat_template_kwargs',
  'frequency_penalty',
  'ignore_eos',
  'include_reasoning',
  'logit_bias',
  'logprobs',
  'metadata',
  'min_p',
  'min_tokens',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'reasoning_effort',
  'reasoning_format',
  'reasoning_split',
  'repetition_penalty',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'skip_special_tokens',
  'stop',
  'stop_token_ids',
  'store',
  'thinking',
  'tool_choice',
  'top_k',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
];

const EXTRA_MEMBERS: ReadonlySet<string> = new Set(SHARED_MEMBERS);

const NATIVE_MEMBERS: ReadonlySet<string> = new Set([
  ...SHARED_MEMBERS,
  'best_of',
  'function_call',
  'functions',
  'max_completion_tokens',
  'max_tokens',
  'messages',
  'modalities',
  'model',
  'prompt',
  'stream',
  'stream_options',
  'suffix',
  'temperature',
  'tools',
]);

const STATE = 'what is kept on the server is billed, and its size is not to be seen here';

/** Members that are known to cost more than the request shows, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  audio: AUDIO,
  background: 'an answer in the background comes without the usage that it is settled by',
  chat_template: 'a template may repeat what is sent, so that bytes do not bound its tokens',
  conversation: STATE,
  mm_processor_kwargs: 'it changes how many tokens an image is',
  prediction: 'predicted text that the model rejects is billed as output beside the limit',
  previous_response_id: STATE,
  search_parameters: SERVER_TOOL,
  web_search_options: SERVER_TOOL,
};

/** What a template may be told; other arguments could write text of their own. */
const TEMPLATE_ARGUMENTS: ReadonlySet<string> = new Set([
  'clear_thinking',
  'enable_thinking',
  'reasoning_effort',
  'thinking',
]);

const REASONING_MEMBERS: ReadonlySet<string> = new Set([
  'effort',
  'enabled',
  'exclude',
  'generate_summary',
  'summary',
]);

const THINKING_MEMBERS: ReadonlySet<string> = new Set(['clear_thinking', 'keep', 'type']);

const CACHE_MEMBERS: ReadonlySet<string> = new Set(['mode', 'ttl']);

/** How long a cache write lives at least: what the catalogue has as a write of five minutes. */
const LIFETIME = '30m';

/** How long a cached prompt is kept; what another one costs to write is not known. */
const RETENTIONS = ['in_memory', 'in-memory'];

/** OpenAI's own bound on `n`; the others have none that is higher. */
const CHOICES = { n: 128, best_of: 128 };
const EXTRA_CHOICES = { n: CHOICES.n };

/** A text completion has always had this one name only. */
const PROMPT_RULE: OutputRule = { limits: ['max_tokens'], choices: CHOICES };

/** The text that templates write round a conversation: gpt-oss has the longest, of some 100. */
const TEMPLATE_TOKENS = 400;

function inspectNative(body: JsonObject, reading: RequestReading): void {
  if (isGiven(body.prompt) && isGiven(body.messages)) {
    throw invalidField('prompt', 'and "messages" are two requests; give one of them');
  }
  refuseKnown(body, reading, '');
  reading.checkMembers(body, NATIVE_MEMBERS, '');
  reading.checkModel(body.model, 'model');
  inspectModalities(body.modalities, reading);
  inspectShared(body, reading, '');
  inspectPrompt(body.prompt);
  inspectMessages(body.messages, reading);
  inspectTools(body, reading);
}

function refuseKnown(fields: JsonObject, reading: RequestReading, path: string): void {
  for (const [name, reason] of Object.entries(REFUSED)) {
    if (isGiven(fields[name])) reading.checkUnknownType(path, name, reason);
  }
  // Left out, some vendors keep the answer as well; that costs nothing until it is asked for.
  if (isGiven(fields.store) && fields.store !== false) {
    reading.checkUnknownType(path, 'store', STATE);
  }
}

function inspectModalities(modalities: JsonValue | undefined, reading: RequestReading): void {
  if (!isGiven(modalities)) return;
  const isText = Array.isArray(modalities) && modalities.every((modality) => modality === 'text');
  if (!isText) reading.checkUnknownType('', 'modalities', AUDIO);
}

function inspectShared(fields: JsonObject, reading: RequestReading, path: string): void {
  reading.askTier(fields.service_tier, `${path}service_tier`);
  reading.checkPricedValue(
    fields.prompt_cache_retention,
    RETENTIONS,
    `${path}prompt_cache_retention`,
  );
  for (const [name, members] of [
    ['chat_template_kwargs', TEMPLATE_ARGUMENTS],
    ['prompt_cache_options', CACHE_MEMBERS],
    ['reasoning', REASONING_MEMBERS],
    ['thinking', THINKING_MEMBERS],
  ] as const) {
    const settings = objectOf(fields[name], path + name);
    if (settings === undefined) continue;
    reading.noteThinking();
    reading.checkMembers(settings, members, `${path}${name}.`);
  }
  if (isGiven(fields.reasoning_effort)) reading.noteThinking();
  const caching = objectOf(fields.prompt_cache_options, `${path}prompt_cache_options`);
  reading.checkPricedValue(caching?.ttl, [LIFETIME], `${path}prompt_cache_options.ttl`);
  inspectResponseFormat(fields, reading);
}

const extras = extrasByRule(EXTRA_MEMBERS, EXTRA_CHOICES, (fields, reading, path) => {
  inspectShared(fields, reading, path);
  if (isGiven(fields.store) && fields.store !== false) {
    reading.checkUnknownType(path, 'store', STATE);
  }
});

/** A family whose chat bodies have these names of the output limit. */
function familyWithLimits(limits: OutputRule['limits']): Family {
  const chatRule: OutputRule = { limits, choices: CHOICES };
  const ruleOf = (body: JsonObject) => (isGiven(body.prompt) ? PROMPT_RULE : chatRule);
  const native = withTemplate(shapeByRule(ruleOf, inspectNative), TEMPLATE_TOKENS);
  return {
    // Many vendors, and none of them says what an image is at most.
    imageTokens: 'window',
    native,
    chat: native,
    converse: converseByTemplate(extras, TEMPLATE_TOKENS),
    shortLifetimes: [LIFETIME],
    mayIncludeCached: true,
    countsOfAnswer: countsOfOpenAiAnswer,
    createStreamMeter: createOpenAiStreamMeter,
  };
}

/**
 * OpenAI's own models, and those that Bedrock serves by its OpenAI-shaped engine. Both names bound
 * the reasoning as well (https://platform.openai.com/docs/api-reference/chat/create).
 */
export const openai: Family = familyWithLimits(['max_completion_tokens', 'max_tokens']);

/**
 * Models whose pages in Bedrock's user guide know `max_tokens` only: DeepSeek's and Writer's. A
 * limit by the other name is refused, as it could be ignored.
 */
export const openaiMaxTokens: Family = familyWithLimits(['max_tokens']);

/**
 * xAI's models: their limit has not been shown to bound the reasoning, which is billed as output,
 * so the bound is the window. Bedrock's own counts may leave the reasoning out, which only the
 * vendor's usage tells, so that an answer without one stays unmetered.
 */
export const grok: Family = {
  ...openai,
  native: boundByWindow(openai.native),
  chat: boundByWindow(openai.native),
  converse: boundByWindow(converseByTemplate(extras, TEMPLATE_TOKENS)),
  countsOfAnswer(answer) {
    const counts = countsOfOpenAiAnswer(answer);
    if (counts?.output === undefined) {
      throw new UnreadableUsage('the answer carries no usage of its vendor');
    }
    return counts;
  },
  createStreamMeter() {
    const meter = createOpenAiStreamMeter();
    let hasUsage = false;
    return {
      event(eventType, payload) {
        meter.event(eventType, payload);
        const chunk = usageJsonOf(eventType, payload);
        hasUsage ||= chunk !== undefined && countsOfOpenAiAnswer(chunk)?.output !== undefined;
      },
      finalCounts: () => (hasUsage ? meter.finalCounts() : undefined),
    };
  },
};
