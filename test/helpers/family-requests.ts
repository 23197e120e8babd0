/**
 * One ordinary request for each form of body that a served model takes, by InvokeModel.
 *
 * The text holds directives of the simulated Bedrock, where a body has room for one.
 */
import type { FamilyName } from '../../lambda/domain/catalogue/catalogue-row.ts';

type Body = Readonly<Record<string, unknown>>;

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const MOST_TOKENS = 100;

const messages = (text: string) => [{ role: 'user', content: text }];
const chat = (text: string): Body => ({ messages: messages(text), max_tokens: MOST_TOKENS });

/** Families that models are of. */
export type ModelFamily = Exclude<FamilyName, 'guardrail' | 'guardrail-checks'>;

const BODIES: Readonly<Record<ModelFamily, (text: string, modelId: string) => Body>> = {
  ai21: (text, modelId) =>
    modelId.startsWith('ai21.j2') ? { prompt: text, maxTokens: MOST_TOKENS } : chat(text),
  anthropic: (text) => ({ anthropic_version: 'bedrock-2023-05-31', ...chat(text) }),
  'anthropic-text': (text) => ({
    prompt: `\n\nHuman: ${text}\n\nAssistant:`,
    max_tokens_to_sample: MOST_TOKENS,
  }),
  'cohere-command': (text, modelId) => ({
    [modelId.startsWith('cohere.command-r') ? 'message' : 'prompt']: text,
    max_tokens: MOST_TOKENS,
  }),
  'cohere-embed': (text) => ({ texts: [text, 'and this'], input_type: 'search_document' }),
  grok: chat,
  llama: (text) => ({ prompt: text, max_gen_len: MOST_TOKENS }),
  marengo: (text) => ({ inputType: 'text', inputText: text }),
  mistral: (text, modelId) =>
    /(?:7b|8x7b|2402)/.test(modelId) ? { prompt: text, max_tokens: MOST_TOKENS } : chat(text),
  nova: (text) => ({
    messages: [{ role: 'user', content: [{ text }] }],
    inferenceConfig: { maxTokens: MOST_TOKENS },
  }),
  'nova-embed': (text) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: 'GENERIC_INDEX',
      text: { truncationMode: 'END', value: text },
    },
  }),
  openai: chat,
  'openai-max-tokens': chat,
  rerank: (text, modelId) => ({
    query: text,
    documents: ['one', 'two'],
    ...(modelId.startsWith('cohere.') && { api_version: 2 }),
  }),
  stability: (text) => ({ prompt: text, output_format: 'png' }),
  'titan-embed': (text, modelId) => ({
    inputText: text,
    ...(modelId.includes('image') && { inputImage: PIXEL }),
  }),
  'titan-image': (text) => ({
    taskType: 'TEXT_IMAGE',
    textToImageParams: { text },
    imageGenerationConfig: { numberOfImages: 2, width: 512, height: 512 },
  }),
  'titan-text': (text) => ({
    inputText: text,
    textGenerationConfig: { maxTokenCount: MOST_TOKENS },
  }),
};

/** The body of a request that writes at most 100 tokens, or makes two images or one. */
export const nativeBody = (family: ModelFamily, modelId: string, text: string): string =>
  JSON.stringify(BODIES[family](text, modelId));

/** The same question to Converse. */
export const converseQuestion = (modelId: string, text: string) => ({
  modelId,
  messages: [{ role: 'user' as const, content: [{ text }] }],
  inferenceConfig: { maxTokens: MOST_TOKENS },
});
