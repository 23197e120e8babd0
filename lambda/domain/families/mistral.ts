/**
 * Mistral on InvokeModel: one prompt of text, or a conversation in OpenAI's words.
 *
 * Owns:   the allow-lists of both forms; an answer to a prompt carries no usage, only headers do.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral.html
 */
import type { JsonObject } from '../request-body.ts';
import {
  inspectMessages,
  inspectPrompt,
  inspectResponseFormat,
  inspectTools,
} from './chat-reading.ts';
import type { Family } from './family.ts';
import { countsOfOpenAiAnswer, createOpenAiStreamMeter } from './openai-usage.ts';
import {
  converseByTemplate,
  extrasByRule,
  type OutputRule,
  shapeByRule,
  withTemplate,
} from './output-rule.ts';
import { invalidField, isGiven, type RequestReading } from './request-reading.ts';

const PROMPT_MEMBERS: ReadonlySet<string> = new Set([
  'max_tokens',
  'prompt',
  'stop',
  'stream',
  'temperature',
  'top_k',
  'top_p',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set([
  'frequency_penalty',
  'n',
  'parallel_tool_calls',
  'presence_penalty',
  'prompt_mode',
  'random_seed',
  'reasoning_effort',
  'response_format',
  'safe_prompt',
  'seed',
  'service_tier',
  'tool_choice',
  'top_k',
]);

const CHAT_MEMBERS: ReadonlySet<string> = new Set([
  ...EXTRA_MEMBERS,
  'logprobs',
  'max_tokens',
  'messages',
  'metadata',
  'min_tokens',
  'model',
  'stop',
  'stream',
  'stream_options',
  'temperature',
  'tools',
  'top_logprobs',
  'top_p',
  'user',
]);

const CHOICES = { n: 128 };
const PROMPT_RULE: OutputRule = { limits: ['max_tokens'] };
const CHAT_RULE: OutputRule = { limits: ['max_tokens'], choices: CHOICES };

/**
 * Where no system text is given, the newer templates write one of their own; the longest published
 * ones have some 1,000 tokens.
 */
const TEMPLATE_TOKENS = 2_000;

/**
 * The vision models scale an image to 1,024 pixels a side at most, in patches of 16, or to 1,540
 * in patches of 28: 64 rows of 64 patches and a break are 4,160 tokens.
 */
const IMAGE_TOKENS = 4_800;

function inspectNative(body: JsonObject, reading: RequestReading): void {
  if (isGiven(body.prompt)) {
    if (isGiven(body.messages)) {
      throw invalidField('prompt', 'and "messages" are two requests; give one of them');
    }
    reading.checkMembers(body, PROMPT_MEMBERS, '');
    inspectPrompt(body.prompt);
    return;
  }
  reading.checkMembers(body, CHAT_MEMBERS, '');
  reading.checkModel(body.model, 'model');
  inspectShared(body, reading, '');
  inspectMessages(body.messages, reading);
  inspectTools(body, reading);
}

function inspectShared(fields: JsonObject, reading: RequestReading, path: string): void {
  reading.askTier(fields.service_tier, `${path}service_tier`);
  // Each puts instructions into the prompt.
  for (const name of ['prompt_mode', 'reasoning_effort', 'safe_prompt']) {
    if (isGiven(fields[name])) reading.noteThinking();
  }
  inspectResponseFormat(fields, reading);
}

export const mistral: Family = {
  // Magistral reasons.
  visibleModels: /^mistral\.(?:mistral|mixtral|ministral|devstral|pixtral)-/,
  imageTokens: IMAGE_TOKENS,
  native: withTemplate(
    shapeByRule((body) => (isGiven(body.prompt) ? PROMPT_RULE : CHAT_RULE), inspectNative),
    TEMPLATE_TOKENS,
  ),
  converse: converseByTemplate(
    extrasByRule(EXTRA_MEMBERS, CHOICES, inspectShared),
    TEMPLATE_TOKENS,
  ),
  countsOfAnswer: countsOfOpenAiAnswer,
  createStreamMeter: createOpenAiStreamMeter,
};
