/**
 * Amazon Titan's text models on InvokeModel.
 *
 * Owns:   the allow-list of Titan's members, its nested output limit, and the names of its usage.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../request-body.ts';
import { inspectPrompt } from './chat-reading.ts';
import { converseShape } from './converse.ts';
import type { Family } from './family.ts';
import { createChunkMeter } from './openai-usage.ts';
import {
  extrasByRule,
  limitFrom,
  type OutputRule,
  refuseOtherNames,
  shapeByRule,
  withLimit,
} from './output-rule.ts';
import { objectOf, type RequestReading } from './request-reading.ts';
import { type Counts, countOf } from './usage-reading.ts';

const NATIVE_MEMBERS: ReadonlySet<string> = new Set(['inputText', 'textGenerationConfig']);

const CONFIG_MEMBERS: ReadonlySet<string> = new Set([
  'maxTokenCount',
  'stopSequences',
  'temperature',
  'topP',
]);

const CONFIG = 'textGenerationConfig';
const RULE: OutputRule = { limits: ['maxTokenCount'] };
/** What the refusals of other names say; none of these stands in the body itself. */
const BODY_RULE: OutputRule = { limits: [`${CONFIG}.maxTokenCount`] };

const configOf = (body: JsonObject): JsonObject => objectOf(body[CONFIG], CONFIG) ?? {};

function inspectNative(body: JsonObject, reading: RequestReading): void {
  reading.checkMembers(body, NATIVE_MEMBERS, '');
  refuseOtherNames(configOf(body), RULE, `${CONFIG}.`);
  reading.checkMembers(configOf(body), CONFIG_MEMBERS, `${CONFIG}.`);
  inspectPrompt(body.inputText, 'inputText');
}

/** Of a whole answer the results' counts are summed; a chunk has the count so far. */
function countsOfAnswer(answer: JsonObject): Counts | undefined {
  const input = countOf(answer, 'inputTextTokenCount');
  const output = countOf(answer, 'totalOutputTextTokenCount') ?? countOfResults(answer.results);
  return input === undefined && output === undefined ? undefined : { input, output };
}

/** Undefined where any result does not tell its count. */
function countOfResults(results: JsonValue | undefined): number | undefined {
  if (!Array.isArray(results)) return undefined;
  let sum = 0;
  for (const result of results) {
    const count = isJsonObject(result) ? countOf(result, 'tokenCount') : undefined;
    if (count === undefined) return undefined;
    sum += count;
  }
  return sum;
}

export const titanText: Family = {
  visibleModels: /^amazon\.titan-text-/,
  // None of these models takes images.
  imageTokens: 'window',
  native: {
    ...shapeByRule(() => BODY_RULE, inspectNative),
    outputLimitOf: (body) => limitFrom(configOf(body), RULE, `${CONFIG}.`),
    withOutputLimit: (body, tokens) => ({
      ...body,
      [CONFIG]: withLimit(configOf(body), RULE, tokens),
    }),
  },
  converse: converseShape(extrasByRule(new Set())),
  countsOfAnswer,
  createStreamMeter: () => createChunkMeter(countsOfAnswer),
};
