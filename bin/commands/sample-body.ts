/**
 * A small request of each family, for questions that bring no body of their own.
 */
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';
import { FAMILIES } from '../../lambda/domain/families/registry.ts';
import { type JsonObject, parseBody, serializeBody } from '../../lambda/domain/request-body.ts';

const TEXT = 'Hello';
const CHAT = { messages: [{ role: 'user', content: TEXT }] };
const CONVERSE = { messages: [{ role: 'user', content: [{ text: TEXT }] }] };
const PROMPT = { prompt: TEXT };

/** Bodies of InvokeModel, without an output limit. */
const NATIVE: Readonly<Record<FamilyName, object>> = {
  ai21: CHAT,
  anthropic: { anthropic_version: 'bedrock-2023-05-31', ...CHAT },
  'anthropic-text': { prompt: `\n\nHuman: ${TEXT}\n\nAssistant:` },
  'cohere-command': { message: TEXT },
  'cohere-embed': { texts: [TEXT], input_type: 'search_document' },
  grok: CHAT,
  guardrail: { source: 'INPUT', content: [{ text: { text: TEXT } }] },
  'guardrail-checks': CHAT,
  llama: PROMPT,
  marengo: { inputType: 'text', inputText: TEXT },
  mistral: PROMPT,
  nova: CONVERSE,
  'nova-embed': {
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: 'GENERIC_INDEX',
      text: { truncationMode: 'END', value: TEXT },
    },
  },
  openai: CHAT,
  'openai-max-tokens': CHAT,
  rerank: { query: TEXT, documents: [TEXT] },
  stability: PROMPT,
  'titan-embed': { inputText: TEXT },
  'titan-image': { taskType: 'TEXT_IMAGE', textToImageParams: { text: TEXT } },
  'titan-text': { inputText: TEXT },
};

/** Which shape a body has: Converse's, that of OpenAI's and Anthropic's API, or the model's own. */
export type BodyShape = 'converse' | 'chat' | 'native';

const jsonOf = (value: object): JsonObject => parseBody(Buffer.from(JSON.stringify(value)));

/** A request of one word, with this output limit where it is given; JSON in UTF-8. */
export function sampleBody(
  family: FamilyName,
  shape: BodyShape,
  maxTokens: number | undefined,
): Uint8Array {
  if (shape === 'chat') {
    return serializeBody(
      jsonOf({ ...CHAT, ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }) }),
    );
  }
  const body = jsonOf(shape === 'converse' ? CONVERSE : NATIVE[family]);
  const limits = FAMILIES[family][shape];
  const hasLimit = limits !== undefined && FAMILIES[family].hasNoOutputTokens !== true;
  return serializeBody(
    maxTokens === undefined || !hasLimit ? body : limits.withOutputLimit(body, maxTokens),
  );
}
