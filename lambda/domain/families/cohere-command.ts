/**
 * Cohere's Command on InvokeModel: the text models' prompt, and the chat of Command R.
 *
 * Owns:   the allow-lists of both forms. Answers are metered by Bedrock's headers and metrics:
 *         Cohere's own `billed_units` leave out what its template adds.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html
 */
import type { JsonObject } from '../request-body.ts';
import { inspectDocuments, inspectPrompt } from './chat-reading.ts';
import type { Family } from './family.ts';
import { createMetricsMeter } from './openai-usage.ts';
import {
  converseByTemplate,
  extrasByRule,
  type OutputRule,
  shapeByRule,
  withTemplate,
} from './output-rule.ts';
import { addRenderedJson } from './rendered-json.ts';
import {
  invalidField,
  isGiven,
  OVERHEAD_TOKENS,
  objectsOf,
  type RequestReading,
} from './request-reading.ts';

const TEXT_MEMBERS: ReadonlySet<string> = new Set([
  'k',
  'logit_bias',
  'max_tokens',
  'num_generations',
  'p',
  'prompt',
  'return_likelihoods',
  'stop_sequences',
  'stream',
  'temperature',
  'truncate',
]);

const CHAT_MEMBERS: ReadonlySet<string> = new Set([
  'chat_history',
  'citation_quality',
  'documents',
  'frequency_penalty',
  'k',
  'max_tokens',
  'message',
  'p',
  'preamble',
  'presence_penalty',
  'prompt_truncation',
  'raw_prompting',
  'return_prompt',
  'search_queries_only',
  'seed',
  'stop_sequences',
  'stream',
  'temperature',
  'tool_results',
  'tools',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set([
  'citation_quality',
  'documents',
  'frequency_penalty',
  'k',
  'logit_bias',
  'num_generations',
  'p',
  'preamble',
  'presence_penalty',
  'prompt_truncation',
  'return_likelihoods',
  'return_prompt',
  'search_queries_only',
  'seed',
  'truncate',
]);

/** Cohere's own bound. */
const CHOICES = { num_generations: 5 };
const TEXT_RULE: OutputRule = { limits: ['max_tokens'], choices: CHOICES };
const CHAT_RULE: OutputRule = { limits: ['max_tokens'] };

/** Command R's own preamble, with the rules that it adds for tools and citations. */
const TEMPLATE_TOKENS = 2_000;

function inspectNative(body: JsonObject, reading: RequestReading): void {
  if (isGiven(body.prompt)) {
    if (isGiven(body.message)) {
      throw invalidField('prompt', 'and "message" are two requests; give one of them');
    }
    reading.checkMembers(body, TEXT_MEMBERS, '');
    inspectPrompt(body.prompt);
    return;
  }
  reading.checkMembers(body, CHAT_MEMBERS, '');
  inspectPrompt(body.message, 'message');
  for (const message of objectsOf(body.chat_history, 'chat_history')) {
    reading.addTokens(OVERHEAD_TOKENS.message);
    addRenderedJson(message.tool_calls, reading);
    addRenderedJson(message.tool_results, reading);
  }
  for (const tool of objectsOf(body.tools, 'tools')) {
    reading.addTool(OVERHEAD_TOKENS.tool);
    addRenderedJson(tool, reading);
  }
  for (const result of objectsOf(body.tool_results, 'tool_results')) {
    reading.addTokens(OVERHEAD_TOKENS.message);
    addRenderedJson(result.call, reading);
    inspectDocuments(result.outputs, reading, 'tool_results.outputs');
  }
  inspectDocuments(body.documents, reading, 'documents');
}

const extras = extrasByRule(EXTRA_MEMBERS, CHOICES, (fields, reading, path) =>
  inspectDocuments(fields.documents, reading, `${path}documents`),
);

export const cohereCommand: Family = {
  // Not Command R: to call tools and to cite, it writes plans and drafts that no frame shows.
  visibleModels: /^cohere\.command-(?:light|text)-/,
  // None of these models takes images.
  imageTokens: 'window',
  native: withTemplate(
    shapeByRule((body) => (isGiven(body.prompt) ? TEXT_RULE : CHAT_RULE), inspectNative),
    TEMPLATE_TOKENS,
  ),
  converse: converseByTemplate(extras, TEMPLATE_TOKENS),
  countsOfAnswer: () => undefined,
  createStreamMeter: createMetricsMeter,
};
