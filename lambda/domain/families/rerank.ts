/**
 * Amazon's and Cohere's rerankers on InvokeModel, billed by the search unit.
 *
 * A search unit is one query with up to 100 documents. A document that is longer than 500 tokens
 * together with the query is split into chunks, and each chunk counts as a document. Amazon says
 * 512 where Cohere says 500: the smaller makes more chunks.
 *
 * Source: the notes on rerank models at https://aws.amazon.com/bedrock/pricing/ and
 *         https://docs.cohere.com/docs/how-does-cohere-pricing-work
 */
import { isJsonObject, type JsonValue } from '../request-body.ts';
import type { Family } from './family.ts';
import { createSilentMeter, entriesOf, inputOnlyShape, textOf } from './input-only.ts';
import type { RequestReading } from './request-reading.ts';

const MEMBERS: ReadonlySet<string> = new Set([
  'api_version',
  'documents',
  'max_chunks_per_doc',
  'max_tokens_per_doc',
  'query',
  'return_documents',
  'top_n',
]);

const DOCUMENTS_PER_UNIT = 100;
const TOKENS_PER_CHUNK = 500;
/** A longer query is cut off here, so that a chunk has room for a document. */
const MAX_QUERY_TOKENS = TOKENS_PER_CHUNK / 2;
/** What marks where the query ends and the document begins: at most three tokens are known. */
const MARKS = 4;

const OTHER_DOCUMENT =
  'only strings and objects with a "text" alone have a length that is to be seen';

/**
 * The most search units that a query over these documents is billed as.
 *
 * A text has at most as many tokens as bytes. So a chunk has room for 500 tokens less the query's
 * bytes, 246 at the least, and a document makes at most one chunk for each such piece of its bytes.
 */
export function mostSearchUnits(query: string, documents: readonly string[]): number {
  const room = TOKENS_PER_CHUNK - MARKS - Math.min(mostTokens(query), MAX_QUERY_TOKENS);
  let chunks = 0;
  for (const text of documents) chunks += Math.max(1, Math.ceil(mostTokens(text) / room));
  return Math.max(1, Math.ceil(chunks / DOCUMENTS_PER_UNIT));
}

/** Bytes, of the normal form where that is longer: tokenizers may normalise. */
const mostTokens = (text: string): number =>
  Math.max(Buffer.byteLength(text), Buffer.byteLength(text.normalize('NFKC')));

function documentText(document: JsonValue, reading: RequestReading): string {
  if (typeof document === 'string') return document;
  const text = isJsonObject(document) ? document.text : undefined;
  if (typeof text === 'string' && Object.keys(document as object).length === 1) return text;
  reading.refuse('documents', OTHER_DOCUMENT);
}

export const rerank: Family = {
  imageTokens: 'window',
  hasNoOutputTokens: true,
  isBilledByRequest: true,
  native: inputOnlyShape((body, reading) => {
    reading.checkMembers(body, MEMBERS, '');
    const texts = entriesOf(body.documents, 'documents').map((one) => documentText(one, reading));
    reading.addUnits('search-unit', mostSearchUnits(textOf(body, 'query') ?? '', texts));
  }),
  countsOfAnswer: () => undefined,
  createStreamMeter: createSilentMeter,
};
