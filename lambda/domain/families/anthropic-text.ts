/**
 * Anthropic's older text completions on InvokeModel: Claude v2 and Claude Instant.
 *
 * Owns:   the allow-list of their members. Their answers carry no usage: Bedrock's headers and
 *         metrics do.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html
 */
import { inspectPrompt } from './chat-reading.ts';
import { converseShape } from './converse.ts';
import type { Family } from './family.ts';
import { createMetricsMeter } from './openai-usage.ts';
import { extrasByRule, shapeByRule } from './output-rule.ts';

const NATIVE_MEMBERS: ReadonlySet<string> = new Set([
  'anthropic_version',
  'max_tokens_to_sample',
  'metadata',
  'prompt',
  'stop_sequences',
  'stream',
  'temperature',
  'top_k',
  'top_p',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set(['top_k']);

export const anthropicText: Family = {
  visibleModels: /^anthropic\.claude-(?:v\d|instant)/,
  // None of these models takes images.
  imageTokens: 'window',
  native: shapeByRule(
    () => ({ limits: ['max_tokens_to_sample'] }),
    (body, reading) => {
      reading.checkMembers(body, NATIVE_MEMBERS, '');
      inspectPrompt(body.prompt);
    },
  ),
  converse: converseShape(extrasByRule(EXTRA_MEMBERS)),
  countsOfAnswer: () => undefined,
  createStreamMeter: createMetricsMeter,
};
