/**
 * AI21 on InvokeModel: the chat of Jamba, in OpenAI's words, and the prompt of Jurassic-2.
 *
 * Owns:   the allow-lists of both forms, and their two names each of limit and number of answers.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jamba.html
 */
import type { JsonObject } from '../request-body.ts';
import {
  inspectDocuments,
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
  'countPenalty',
  'frequencyPenalty',
  'logitBias',
  'maxTokens',
  'minTokens',
  'numResults',
  'presencePenalty',
  'prompt',
  'stopSequences',
  'temperature',
  'topKReturn',
  'topP',
]);

const CHAT_MEMBERS: ReadonlySet<string> = new Set([
  'documents',
  'frequency_penalty',
  'max_tokens',
  'messages',
  'model',
  'n',
  'presence_penalty',
  'response_format',
  'seed',
  'stop',
  'stream',
  'stream_options',
  'temperature',
  'tool_choice',
  'tools',
  'top_p',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set([
  'countPenalty',
  'documents',
  'frequencyPenalty',
  'frequency_penalty',
  'minTokens',
  'n',
  'numResults',
  'presencePenalty',
  'presence_penalty',
  'response_format',
  'seed',
  'topKReturn',
]);

/** AI21's own bound on both. */
const MAX_ANSWERS = 16;
const PROMPT_RULE: OutputRule = { limits: ['maxTokens'], choices: { numResults: MAX_ANSWERS } };
const CHAT_RULE: OutputRule = { limits: ['max_tokens'], choices: { n: MAX_ANSWERS } };

const TEMPLATE_TOKENS = 200;

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
  inspectMessages(body.messages, reading);
  inspectTools(body, reading);
  inspectShared(body, reading, '');
}

function inspectShared(fields: JsonObject, reading: RequestReading, path: string): void {
  inspectDocuments(fields.documents, reading, `${path}documents`);
  inspectResponseFormat(fields, reading);
}

const EXTRA_CHOICES = { n: MAX_ANSWERS, numResults: MAX_ANSWERS };

export const ai21: Family = {
  visibleModels: /^ai21\.(?:jamba|j2)-/,
  // None of these models takes images.
  imageTokens: 'window',
  native: withTemplate(
    shapeByRule((body) => (isGiven(body.prompt) ? PROMPT_RULE : CHAT_RULE), inspectNative),
    TEMPLATE_TOKENS,
  ),
  converse: converseByTemplate(
    extrasByRule(EXTRA_MEMBERS, EXTRA_CHOICES, inspectShared),
    TEMPLATE_TOKENS,
  ),
  countsOfAnswer: countsOfOpenAiAnswer,
  createStreamMeter: createOpenAiStreamMeter,
};
