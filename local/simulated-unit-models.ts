/**
 * The simulated models whose answers hold no text: embeddings, rerankings and images.
 *
 * Invariant: an image and a search unit are billed as asked, whatever the answer shows.
 */
import { invalid } from './simulated-errors.ts';
import {
  type Asked,
  countMember,
  isObject,
  type Json,
  objectIn,
  requireMember,
  textMember,
  tokensOfBytes,
  type VendorShape,
} from './simulated-vendor.ts';

/** Short: nobody looks into a simulated vector. */
const VECTOR = [0.1, 0.2, 0.3];
/** The smallest PNG, one transparent pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** A rerank query with up to this many documents is one search unit; long ones count more. */
const DOCUMENTS_PER_SEARCH_UNIT = 100;
const TOKENS_PER_DOCUMENT = 500;

const tokensOfText = (text: string): number => tokensOfBytes(Buffer.byteLength(text));

const asked = (text: string, more: Partial<Asked> = {}): Asked => ({
  directiveText: text,
  promptTokens: text === '' ? 0 : tokensOfText(text),
  maxTokens: 0,
  ...more,
});

/** @throws BedrockError unless the member is an array of texts */
function textsMember(body: Json, name: string): readonly string[] {
  const value = requireMember(body, name);
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
  throw invalid(`Malformed input request: #/${name}: not an array of strings`);
}

export const titanEmbedShape: VendorShape = {
  read(body) {
    const { inputText, inputImage } = body;
    if (inputText === undefined && inputImage === undefined) requireMember(body, 'inputText');
    return asked(typeof inputText === 'string' ? inputText : '', {
      units: inputImage === undefined ? {} : { 'read-image': 1 },
    });
  },
  answer: ({ tokens, hidesUsage }) => ({
    embedding: VECTOR,
    ...(!hidesUsage && { inputTextTokenCount: tokens.inputTokens }),
  }),
};

export const novaEmbedShape: VendorShape = {
  read(body) {
    const params = objectIn(body, 'singleEmbeddingParams');
    const { value } = objectIn(params, 'text');
    return asked(typeof value === 'string' ? value : '', {
      units: params.image === undefined ? {} : { 'read-image': 1 },
    });
  },
  answer: () => ({ embeddings: [{ embeddingType: 'TEXT', embedding: VECTOR }] }),
};

export const cohereEmbedShape: VendorShape = {
  read(body) {
    const texts = body.images === undefined ? textsMember(body, 'texts') : [];
    const images = Array.isArray(body.images) ? body.images.length : 0;
    return asked(texts.join('\n'), {
      items: Math.max(texts.length, images),
      units: images === 0 ? {} : { 'read-image': images },
    });
  },
  answer: ({ items }) => ({
    id: 'simulated',
    response_type: 'embeddings_floats',
    embeddings: Array.from({ length: items }, () => VECTOR),
  }),
};

export const marengoShape: VendorShape = {
  read(body) {
    const nested = objectIn(body, 'text').inputText;
    const text = typeof nested === 'string' ? nested : textMember(body, 'inputText');
    return asked(text, { promptTokens: 0, units: { 'text-request': 1 } });
  },
  answer: () => ({ data: [{ embedding: VECTOR }] }),
};

export const rerankShape: VendorShape = {
  read(body) {
    const query = textMember(body, 'query');
    const documents = requireMember(body, 'documents');
    if (!Array.isArray(documents) || documents.length === 0) {
      throw invalid('documents: at least one document is required');
    }
    const chunks = documents
      .map((document) => tokensOfText(query) + tokensOfText(textOfDocument(document)))
      .reduce((sum, tokens) => sum + Math.ceil(tokens / TOKENS_PER_DOCUMENT), 0);
    return asked(query, {
      promptTokens: 0,
      items: documents.length,
      units: { 'search-unit': Math.ceil(chunks / DOCUMENTS_PER_SEARCH_UNIT) },
    });
  },
  answer: ({ items }) => ({
    results: Array.from({ length: items }, (_, index) => ({
      index,
      relevance_score: 1 / (index + 1),
    })),
  }),
};

const textOfDocument = (document: unknown): string =>
  typeof document === 'string' ? document : JSON.stringify(document);

export const titanImageShape: VendorShape = {
  read(body) {
    requireMember(body, 'taskType');
    const { text } = Object.values(body)
      .filter(isObject)
      .find((params) => typeof params.text === 'string') ?? { text: '' };
    const config = objectIn(body, 'imageGenerationConfig');
    return asked(String(text), {
      promptTokens: 0,
      units: { 'made-image': countMember(config, 'numberOfImages') ?? 1 },
    });
  },
  answer: ({ units }) => ({
    images: Array.from({ length: units['made-image'] ?? 1 }, () => PIXEL),
    error: null,
  }),
};

export const stabilityShape: VendorShape = {
  read: (body) =>
    asked(typeof body.prompt === 'string' ? body.prompt : '', {
      promptTokens: 0,
      units: { 'made-image': 1 },
    }),
  answer: () => ({ seeds: [1], finish_reasons: [null], images: [PIXEL] }),
};
