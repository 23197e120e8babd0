/**
 * Amazon Nova's own body on InvokeModel, and its extras inside Converse.
 *
 * Owns: the allow-lists of Nova's members, its two names for the output limit, and its reasoning
 *       effort, which may forbid any limit.
 */
import type { JsonObject } from '../request-body.ts';
import {
  converseShape,
  countsOfConverseAnswer,
  countsOfUsage,
  inferenceOf,
  inspectCommon,
  withMaxTokens,
} from './converse.ts';
import type { ConverseExtras, Family, RequestShape, StreamMeter } from './family.ts';
import { type OutputRule, refuseLimits, refuseOtherNames } from './output-rule.ts';
import { invalidField, objectOf, positiveInteger, type RequestReading } from './request-reading.ts';
import {
  type Counts,
  countsOfInvocationMetrics,
  dearerCounts,
  memberObject,
  usageChunkOf,
} from './usage-reading.ts';

const NATIVE_MEMBERS: ReadonlySet<string> = new Set([
  'inferenceConfig',
  'messages',
  'reasoningConfig',
  'schemaVersion',
  'system',
  'toolConfig',
]);

const NATIVE_INFERENCE: ReadonlySet<string> = new Set([
  'maxTokens',
  // Older samples of Nova's documentation call it so, and the model honours it.
  'max_new_tokens',
  'reasoningConfig',
  'stopSequences',
  'temperature',
  'topK',
  'topP',
  'top_k',
  'top_p',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set(['inferenceConfig', 'reasoningConfig']);
const EXTRA_INFERENCE: ReadonlySet<string> = new Set(['reasoningConfig', 'topK', 'top_k']);
const LIMIT_RULE: OutputRule = { limits: ['maxTokens', 'max_new_tokens'] };
const EXTRA_PATH = 'additionalModelRequestFields.';

const native: RequestShape = {
  inspect(body, reading) {
    refuseOtherNames(inferenceOf(body) ?? {}, LIMIT_RULE, 'inferenceConfig.');
    reading.checkMembers(body, NATIVE_MEMBERS, '');
    inspectCommon(body, reading, NATIVE_INFERENCE);
    inspectReasoning(body, reading);
  },
  outputLimitOf(body) {
    const inference = inferenceOf(body);
    const limit = positiveInteger(inference?.maxTokens, 'inferenceConfig.maxTokens');
    const alias = positiveInteger(inference?.max_new_tokens, 'inferenceConfig.max_new_tokens');
    if (limit !== undefined && alias !== undefined && limit !== alias) {
      throw invalidField(
        'inferenceConfig.max_new_tokens',
        'and "inferenceConfig.maxTokens" are the same limit, but differ; give one of them',
      );
    }
    return limit ?? alias;
  },
  withOutputLimit(body, tokens) {
    // Two limits that differ would leave it to the model which of them holds.
    const { max_new_tokens: _, ...inference } = inferenceOf(body) ?? {};
    return withMaxTokens({ ...body, inferenceConfig: inference }, tokens);
  },
  thinkingBudgetOf: () => 0,
  forbidsOutputLimit,
  choicesOf: () => 1,
};

const extras: ConverseExtras = {
  inspect(fields, reading) {
    refuseLimits(fields, EXTRA_PATH);
    reading.checkMembers(fields, EXTRA_MEMBERS, EXTRA_PATH);
    const inference = objectOf(fields.inferenceConfig, `${EXTRA_PATH}inferenceConfig`) ?? {};
    refuseLimits(inference, `${EXTRA_PATH}inferenceConfig.`);
    reading.checkMembers(inference, EXTRA_INFERENCE, `${EXTRA_PATH}inferenceConfig.`);
    inspectReasoning(fields, reading);
  },
  thinkingBudgetOf: () => 0,
  forbidsOutputLimit,
};

/** Nova's documentation places the reasoning settings here and there; both are read. */
const reasoningOf = (fields: JsonObject): readonly JsonObject[] =>
  [
    memberObject(fields, 'reasoningConfig'),
    memberObject(memberObject(fields, 'inferenceConfig') ?? {}, 'reasoningConfig'),
  ].filter((settings) => settings !== undefined);

function inspectReasoning(fields: JsonObject, reading: RequestReading): void {
  if (reasoningOf(fields).length > 0) reading.noteThinking();
}

/** Efforts up to which Nova takes an output limit; from `high` on it answers 400 to any. */
const LIMITED_EFFORTS: ReadonlySet<unknown> = new Set(['low', 'medium']);

function forbidsOutputLimit(fields: JsonObject): boolean {
  return reasoningOf(fields).some(
    ({ type, maxReasoningEffort: effort }) =>
      type !== 'disabled' && typeof effort === 'string' && !LIMITED_EFFORTS.has(effort),
  );
}

/** Chunks are Converse's events by name; the last ones carry usage and Bedrock's own metrics. */
function createStreamMeter(): StreamMeter {
  let counts: Counts | undefined;
  let hasEnded = false;
  const add = (more: Counts | undefined): void => {
    if (more !== undefined) counts = dearerCounts(counts ?? {}, more);
  };
  return {
    event(eventType, payload) {
      const chunk = eventType === 'chunk' ? usageChunkOf(payload) : undefined;
      if (chunk === undefined) return;
      for (const holder of [
        chunk,
        memberObject(chunk, 'metadata'),
        memberObject(chunk, 'messageStop'),
      ]) {
        const usage = holder === undefined ? undefined : memberObject(holder, 'usage');
        if (usage !== undefined) add(countsOfUsage(usage));
      }
      const metrics = countsOfInvocationMetrics(chunk);
      add(metrics);
      hasEnded ||= [chunk.metadata, chunk.messageStop, metrics].some((end) => end !== undefined);
    },
    finalCounts: () => (hasEnded ? counts : undefined),
  };
}

/** Amazon's own figures end at some 2,000 tokens an image; the bound of Claude's is more. */
const IMAGE_TOKENS = 4_800;

export const nova: Family = {
  visibleModels: /^amazon\.nova-(?:micro|lite|pro|premier)-v1(?::|$)/,
  imageTokens: IMAGE_TOKENS,
  native,
  converse: converseShape(extras),
  countsOfAnswer: countsOfConverseAnswer,
  createStreamMeter,
};
