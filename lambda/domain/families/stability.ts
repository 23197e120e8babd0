/**
 * Stability's image models on InvokeModel: one image a request, or as many as `samples` says.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html
 */

import type { Family } from './family.ts';
import { createSilentMeter, inputOnlyShape } from './input-only.ts';
import { positiveInteger } from './request-reading.ts';

/** Of the older and the newer bodies, and of each editing service. */
const MEMBERS: ReadonlySet<string> = new Set([
  'aspect_ratio',
  'cfg_scale',
  'change_strength',
  'clip_guidance_preset',
  'composition_fidelity',
  'control_strength',
  'creativity',
  'down',
  'fidelity',
  'grow_mask',
  'height',
  'image',
  'image_strength',
  'init_image',
  'init_image_mode',
  'init_image_strength',
  'left',
  'mask',
  'mask_image',
  'mask_source',
  'mode',
  'negative_prompt',
  'output_format',
  'prompt',
  'right',
  'sampler',
  'samples',
  'search_prompt',
  'seed',
  'select_prompt',
  'step_schedule_end',
  'step_schedule_start',
  'steps',
  'strength',
  'style_image',
  'style_preset',
  'style_strength',
  'text_prompts',
  'up',
  'width',
]);

/** The steps that the price of an older model's image holds for; more of them cost more. */
const MAX_STEPS = 50;

export const stability: Family = {
  imageTokens: 'window',
  hasNoOutputTokens: true,
  isBilledByRequest: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    const steps = positiveInteger(body.steps, 'steps', 'steps') ?? 0;
    if (steps > MAX_STEPS) {
      reading.refuse('steps', `an image of more than ${MAX_STEPS} steps has a price of its own`);
    }
    reading.addUnits('made-image', positiveInteger(body.samples, 'samples', 'images') ?? 1);
  }),
  countsOfAnswer: () => undefined,
  createStreamMeter: createSilentMeter,
};
