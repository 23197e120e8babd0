/**
 * TwelveLabs Marengo's embeddings on InvokeModel: one price for a text, one for an image.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo.html; the
 *         third version wraps each kind of input into an object of that name.
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape, readImage, textOf } from './input-only.ts';
import { isGiven, objectOf, type RequestReading } from './request-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'image',
  'inputText',
  'inputType',
  'mediaSource',
  'text',
  'textTruncate',
  'text_image',
]);

const TEXT_MEMBERS: ReadonlySet<string> = new Set(['inputText']);
const IMAGE_MEMBERS: ReadonlySet<string> = new Set(['mediaSource']);
const BOTH_MEMBERS: ReadonlySet<string> = new Set(['inputText', 'mediaSource']);

/** What InvokeModel takes; video and audio are for the asynchronous operation alone. */
const PRICED_INPUTS = ['text', 'image', 'text_image'];

function readMedia(value: JsonValue | undefined, reading: RequestReading, path: string): void {
  const source = objectOf(value, path);
  if (source === undefined) return;
  for (const kind in source) {
    if (kind !== 'base64String' && isGiven(source[kind])) {
      reading.refuseRemoteMedia(`${path}.${kind}`);
    }
  }
  readImage(source.base64String, reading, `${path}.base64String`);
}

function inspectInput(input: JsonObject, reading: RequestReading, path: string): void {
  if (textOf(input, 'inputText', `${path}inputText`) !== undefined) {
    reading.addUnits('text-request', 1);
  }
  readMedia(input.mediaSource, reading, `${path}mediaSource`);
}

export const marengo: Family = {
  imageTokens: 0,
  hasNoOutputTokens: true,
  isBilledByRequest: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    reading.checkPricedValue(body.inputType, PRICED_INPUTS, 'inputType');
    const kinds = { text: TEXT_MEMBERS, image: IMAGE_MEMBERS, text_image: BOTH_MEMBERS };
    inspectInput(body, reading, '');
    for (const [kind, members] of Object.entries(kinds)) {
      const input = objectOf(body[kind], kind);
      if (input === undefined) continue;
      reading.checkMembers(input, members, `${kind}.`);
      inspectInput(input, reading, `${kind}.`);
    }
    // Whatever it holds, a request is billed as one at least.
    if (Object.keys(reading.units).length === 0) reading.addUnits('text-request', 1);
  }),
  countsOfAnswer: () => undefined,
  createStreamMeter: createSilentMeter,
};
