/**
 * Cohere's embeddings on InvokeModel: texts by their tokens, images by the piece.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html and its
 *         pages for the third and fourth version.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, entriesOf, inputOnlyShape, readImage } from './input-only.ts';
import {
  invalidField,
  OVERHEAD_TOKENS,
  objectsOf,
  type RequestReading,
} from './request-reading.ts';
import { type Counts, countOf, memberObject } from './usage-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'embedding_types',
  'images',
  'input_type',
  'inputs',
  'max_tokens',
  'output_dimension',
  'texts',
  'truncate',
]);

/** Bedrock takes no more texts, images or inputs in one request. */
const MAX_ENTRIES = 96;

function atMost96(value: JsonValue | undefined, name: string): readonly JsonValue[] {
  const entries = entriesOf(value, name);
  if (entries.length <= MAX_ENTRIES) return entries;
  throw invalidField(name, `must have at most ${MAX_ENTRIES} entries`);
}

function inspectPart(part: JsonObject, reading: RequestReading): void {
  const path = 'inputs.content';
  reading.addTokens(OVERHEAD_TOKENS.block);
  if (part.type === 'text') return;
  if (part.type !== 'image_url') {
    reading.checkUnknownType(`${path}.`, typeof part.type === 'string' ? part.type : 'type');
    return;
  }
  const image = memberObject(part, 'image_url')?.url ?? part.image_url;
  readImage(image, reading, `${path}.image_url`);
}

/**
 * What Cohere's own platform says it bills, where the answer says it.
 *
 * @throws UnreadableUsage
 */
function countsOfAnswer(answer: JsonObject): Counts | undefined {
  const billed = memberObject(memberObject(answer, 'meta') ?? {}, 'billed_units');
  const input = billed && countOf(billed, 'input_tokens');
  return input === undefined ? undefined : { input };
}

export const cohereEmbed: Family = {
  // An image has a price of its own and makes no tokens; without that price it is refused.
  imageTokens: 0,
  hasNoOutputTokens: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    // The kind of input is told to the model in front of each text.
    for (const _ of atMost96(body.texts, 'texts')) reading.addTokens(OVERHEAD_TOKENS.message);
    for (const image of atMost96(body.images, 'images')) readImage(image, reading, 'images');
    atMost96(body.inputs, 'inputs');
    for (const input of objectsOf(body.inputs, 'inputs')) {
      reading.addTokens(OVERHEAD_TOKENS.message);
      for (const part of objectsOf(input.content, 'inputs.content')) inspectPart(part, reading);
    }
  }),
  countsOfAnswer,
  createStreamMeter: createSilentMeter,
};
