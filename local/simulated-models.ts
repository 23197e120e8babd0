/**
 * Which shape a model id has at the simulated Bedrock, by the vendor's part of the id.
 *
 * It goes by its own table, not by the catalogue: it is the other side of the wire.
 */
import { anthropicShape } from './simulated-anthropic.ts';
import { chatShape, commandRShape } from './simulated-chat-models.ts';
import { novaShape } from './simulated-converse.ts';
import { invalid } from './simulated-errors.ts';
import { simulatedModelOf } from './simulated-profiles.ts';
import {
  anthropicTextShape,
  commandShape,
  jurassicShape,
  llamaShape,
  mistralTextShape,
  titanTextShape,
} from './simulated-prompt-models.ts';
import {
  cohereEmbedShape,
  marengoShape,
  novaEmbedShape,
  rerankShape,
  stabilityShape,
  titanEmbedShape,
  titanImageShape,
} from './simulated-unit-models.ts';
import type { Json, VendorShape } from './simulated-vendor.ts';

const PROFILE_PREFIX = /^(?:us|eu|apac|jp|au|ca|us-gov|global|in)\./;
const ARN_RESOURCE =
  /^arn:aws[a-z-]*:bedrock:[a-z0-9-]*:\d*:(?:foundation-model|inference-profile)\//;

/** A model's own shapes; where there are two, the body tells which. */
interface ModelRow {
  readonly ids: RegExp;
  readonly shapeOf: (body: Json) => VendorShape;
  /** Whether Converse serves it too. */
  readonly converses: boolean;
}

const row = (ids: RegExp, shape: VendorShape, converses = true): ModelRow => ({
  ids,
  shapeOf: () => shape,
  converses,
});

const MODELS: readonly ModelRow[] = [
  row(/^anthropic\.claude-(?:v2|instant)/, anthropicTextShape),
  row(/^anthropic\./, anthropicShape),
  row(/^amazon\.(?:nova-canvas|titan-image)/, titanImageShape, false),
  row(/^amazon\.nova-2-multimodal-embeddings/, novaEmbedShape, false),
  row(/^amazon\.nova/, novaShape),
  row(/^amazon\.titan-embed/, titanEmbedShape, false),
  row(/^amazon\.titan-text/, titanTextShape),
  row(/^(?:amazon|cohere)\.rerank/, rerankShape, false),
  row(/^cohere\.embed/, cohereEmbedShape, false),
  row(/^cohere\.command-r/, commandRShape),
  row(/^cohere\.command/, commandShape),
  row(/^meta\./, llamaShape),
  {
    ids: /^mistral\./,
    shapeOf: (body) => (body.prompt === undefined ? chatShape : mistralTextShape),
    converses: true,
  },
  row(/^ai21\.j2/, jurassicShape, false),
  row(/^stability\./, stabilityShape, false),
  row(/^twelvelabs\.marengo/, marengoShape, false),
  row(
    /^(?:ai21|deepseek|google|minimax|moonshot|moonshotai|nvidia|openai|qwen|writer|xai|zai)\./,
    chatShape,
  ),
];

/** The id without ARN and profile prefix; of an application's profile, that of its model. */
export const baseModelIdOf = (modelId: string): string =>
  simulatedModelOf(modelId).replace(ARN_RESOURCE, '').replace(PROFILE_PREFIX, '');

export const isProfile = (modelId: string): boolean => PROFILE_PREFIX.test(modelId);

/** The model's own shape for this body. @throws BedrockError for an id that it does not serve */
export const vendorShapeOf = (modelId: string, body: Json): VendorShape =>
  modelRow(modelId).shapeOf(body);

/** @throws BedrockError where Converse does not serve the model */
export function requireConverse(modelId: string): void {
  if (modelRow(modelId).converses) return;
  throw invalid("This action doesn't support the model that you provided.");
}

/** @throws BedrockError where OpenAI's chat completions do not serve the model */
export function requireChat(modelId: string): void {
  if (modelRow(modelId).shapeOf({}) === chatShape) return;
  throw invalid(`The model '${modelId}' does not support the '/openai/v1/chat/completions' API`);
}

function modelRow(modelId: string): ModelRow {
  const found = MODELS.find(({ ids }) => ids.test(baseModelIdOf(modelId)));
  if (found === undefined) throw invalid('The provided model identifier is invalid.');
  return found;
}
