/**
 * Meta's Llama on InvokeModel: one prompt of text, and the images of the vision models.
 *
 * Owns:   the allow-list of Llama's members, and the names of its usage.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import { inspectPrompt } from './chat-reading.ts';
import type { Family } from './family.ts';
import { createChunkMeter } from './openai-usage.ts';
import { converseByTemplate, extrasByRule, shapeByRule } from './output-rule.ts';
import { invalidField, isGiven, type RequestReading } from './request-reading.ts';
import { type Counts, countOf } from './usage-reading.ts';

const NATIVE_MEMBERS: ReadonlySet<string> = new Set([
  'images',
  'max_gen_len',
  'prompt',
  'stream',
  'temperature',
  'top_p',
]);

const EXTRA_MEMBERS: ReadonlySet<string> = new Set(['top_k']);

/** The dates that the newer templates write into each conversation, and its marks. */
const TEMPLATE_TOKENS = 100;

const BASE64 = /^[A-Za-z0-9+/=]*$/;

function inspectNative(body: JsonObject, reading: RequestReading): void {
  reading.checkMembers(body, NATIVE_MEMBERS, '');
  inspectPrompt(body.prompt);
  for (const image of imagesOf(body.images)) {
    if (!BASE64.test(image)) reading.refuseRemoteMedia('images');
    reading.addImage(image);
  }
}

function imagesOf(images: JsonValue | undefined): readonly string[] {
  if (!isGiven(images)) return [];
  if (!Array.isArray(images) || !images.every((image) => typeof image === 'string')) {
    throw invalidField('images', 'must be an array of base64 strings');
  }
  return images as readonly string[];
}

/** Running chunks repeat these counts, growing; a null stands where there is none yet. */
function countsOfAnswer(answer: JsonObject): Counts | undefined {
  const input = countOf(answer, 'prompt_token_count');
  const output = countOf(answer, 'generation_token_count');
  return input === undefined && output === undefined ? undefined : { input, output };
}

export const llama: Family = {
  visibleModels: /^meta\.llama[234]-/,
  // Tiles of the vision models have no published maximum on Bedrock.
  imageTokens: 'window',
  native: shapeByRule(() => ({ limits: ['max_gen_len'] }), inspectNative),
  converse: converseByTemplate(extrasByRule(EXTRA_MEMBERS), TEMPLATE_TOKENS),
  countsOfAnswer,
  createStreamMeter: () => createChunkMeter(countsOfAnswer),
};
