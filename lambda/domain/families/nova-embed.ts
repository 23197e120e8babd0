/**
 * Amazon Nova's multimodal embeddings on InvokeModel: text by its tokens, an image by the piece.
 *
 * Invariant: sound and moving pictures are refused, as their seconds are not to be seen; so is what
 *            only the asynchronous operation takes.
 * Source:    https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape, readImage, textOf } from './input-only.ts';
import { isGiven, objectOf, type RequestReading } from './request-reading.ts';
import { type Counts, countOf, memberObject } from './usage-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'schemaVersion',
  'singleEmbeddingParams',
  'taskType',
]);

const PARAMS_PATH = 'singleEmbeddingParams';
const PARAMS: ReadonlySet<string> = new Set([
  'embeddingDimension',
  'embeddingPurpose',
  'image',
  'text',
]);

const SECONDS = 'it is billed by the second, and its length is not to be seen here';

const PRICED_TASKS = ['SINGLE_EMBEDDING'];

function inspectParams(params: JsonObject, reading: RequestReading): void {
  for (const kind of ['audio', 'video']) {
    if (isGiven(params[kind])) reading.refuse(`${PARAMS_PATH}.${kind}`, SECONDS);
  }
  reading.checkMembers(params, PARAMS, `${PARAMS_PATH}.`);
  const text = objectOf(params.text, `${PARAMS_PATH}.text`) ?? {};
  textOf(text, 'value', `${PARAMS_PATH}.text.value`);
  if (isGiven(text.source)) reading.refuseRemoteMedia(`${PARAMS_PATH}.text.source`);
  const image = objectOf(params.image, `${PARAMS_PATH}.image`);
  if (image !== undefined) readImage(inlineBytesOf(image, reading), reading, IMAGE_SOURCE);
}

const IMAGE_SOURCE = `${PARAMS_PATH}.image.source`;

function inlineBytesOf(image: JsonObject, reading: RequestReading): JsonValue | undefined {
  const source = objectOf(image.source, IMAGE_SOURCE) ?? {};
  for (const kind in source) {
    if (kind !== 'bytes' && isGiven(source[kind])) {
      reading.refuseRemoteMedia(`${IMAGE_SOURCE}.${kind}`);
    }
  }
  return source.bytes;
}

/** @throws UnreadableUsage */
function countsOfAnswer(answer: JsonObject): Counts | undefined {
  const holder = memberObject(answer, 'usage') ?? answer;
  const input = countOf(holder, 'inputTextTokenCount', 'inputTokens');
  return input === undefined ? undefined : { input };
}

export const novaEmbed: Family = {
  // An image has a price of its own and makes no tokens.
  imageTokens: 0,
  hasNoOutputTokens: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    reading.checkPricedValue(body.taskType, PRICED_TASKS, 'taskType');
    inspectParams(objectOf(body.singleEmbeddingParams, PARAMS_PATH) ?? {}, reading);
  }),
  countsOfAnswer,
  createStreamMeter: createSilentMeter,
};
