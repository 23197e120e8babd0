/**
 * Amazon's Titan Image Generator and Nova Canvas on InvokeModel, billed by the image that is made.
 *
 * A size and a quality move the price of an image; the catalogue has the dearest, so that nothing
 * of them is looked at here.
 *
 * Source: https://docs.aws.amazon.com/nova/latest/userguide/image-gen-access.html and
 *         https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
 */
import type { JsonObject } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape } from './input-only.ts';
import { objectOf, positiveInteger } from './request-reading.ts';

/** Each task's parameters hold a prompt and images, none of which is billed. */
const MEMBERS: ReadonlySet<string> = new Set([
  'backgroundRemovalParams',
  'colorGuidedGenerationParams',
  'imageGenerationConfig',
  'imageVariationParams',
  'inPaintingParams',
  'outPaintingParams',
  'taskType',
  'textToImageParams',
  'virtualTryOnParams',
]);

const CONFIG_MEMBERS: ReadonlySet<string> = new Set([
  'cfgScale',
  'height',
  'numberOfImages',
  'quality',
  'seed',
  'width',
]);

/** Tasks whose every request makes one image, or `numberOfImages`; others may make more. */
const PRICED_TASKS = [
  'BACKGROUND_REMOVAL',
  'COLOR_GUIDED_GENERATION',
  'IMAGE_VARIATION',
  'INPAINTING',
  'OUTPAINTING',
  'TEXT_IMAGE',
  'VIRTUAL_TRY_ON',
];

/** An absent number is 1 by Amazon's pages. */
function imagesAskedFor(config: JsonObject): number {
  return (
    positiveInteger(config.numberOfImages, 'imageGenerationConfig.numberOfImages', 'images') ?? 1
  );
}

export const titanImage: Family = {
  imageTokens: 'window',
  hasNoOutputTokens: true,
  isBilledByRequest: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    reading.checkPricedValue(body.taskType, PRICED_TASKS, 'taskType');
    const config = objectOf(body.imageGenerationConfig, 'imageGenerationConfig') ?? {};
    reading.checkMembers(config, CONFIG_MEMBERS, 'imageGenerationConfig.');
    reading.addUnits('made-image', imagesAskedFor(config));
  }),
  countsOfAnswer: () => undefined,
  createStreamMeter: createSilentMeter,
};
