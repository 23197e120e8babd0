/**
 * Amazon Titan's embeddings on InvokeModel: text by its tokens, an image by the piece.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed.html
 */
import type { JsonObject } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape, readImage, textOf } from './input-only.ts';
import { isGiven } from './request-reading.ts';
import { type Counts, countOf } from './usage-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'dimensions',
  'embeddingConfig',
  'embeddingTypes',
  'inputImage',
  'inputText',
  'normalize',
]);

/** @throws UnreadableUsage */
function countsOfAnswer(answer: JsonObject): Counts | undefined {
  const input = countOf(answer, 'inputTextTokenCount');
  return input === undefined ? undefined : { input };
}

export const titanEmbed: Family = {
  // An image has a price of its own and makes no tokens.
  imageTokens: 0,
  hasNoOutputTokens: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    textOf(body, 'inputText');
    if (isGiven(body.inputImage)) readImage(body.inputImage, reading, 'inputImage');
  }),
  countsOfAnswer,
  createStreamMeter: createSilentMeter,
};
