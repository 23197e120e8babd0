/**
 * What CountTokens is asked about a request, and the bound on its input that the count gives.
 *
 * Invariant: only what stands in the counted members is taken from the count. Every other byte
 *            that goes out still counts as a token, as in the bound by bytes.
 */
import type { Prepared } from './estimate.ts';
import { normalizedBytes } from './normalized-bytes.ts';
import { isChat, isConverse, type Operation } from './operation.ts';
import { type JsonObject, parseBody, serializeBody } from './request-body.ts';

/** A request that a count may be trusted for. */
export interface Countable {
  /** Which of CountTokens' two inputs `body` is. */
  readonly form: 'converse' | 'invokeModel';
  /** JSON text in UTF-8. */
  readonly body: Uint8Array;
  /** Bound on the tokens that no count holds. */
  readonly otherTokens: number;
  /** The fewest that the whole input can come to, in tokens: most text has more. */
  readonly leastTokens: number;
}

/** Members whose tokens are counted. Of others it is not known, such as an output format. */
const COUNTED: ReadonlySet<string> = new Set(['messages', 'system', 'tools', 'toolConfig']);

/** All that CountTokens takes of a Converse request. */
const CONVERSE_INPUT = ['messages', 'system', 'toolConfig', 'additionalModelRequestFields'];

/** Few tokens stand for more bytes than this. */
const BYTES_PER_TOKEN = 8;

/**
 * What thinking of earlier turns looks like in the body that goes out. Models differ in whether
 * they drop it, and a count may drop what the model then reads. Text cannot look so, as its quotes
 * are escaped.
 */
const EARLIER_THINKING = [
  '"type":"thinking"',
  '"type":"redacted_thinking"',
  '"reasoningContent":',
].map((text) => Buffer.from(text));

/** How to ask for the request's count; undefined where none would be trusted, or of use. */
export function countableOf(
  operation: Operation,
  prepared: Pick<Prepared, 'body' | 'inputTokens' | 'overheadTokens'>,
): Countable | undefined {
  const { overheadTokens } = prepared;
  // CountTokens takes no body of chat completions.
  if (overheadTokens === undefined || isChat(operation)) return undefined;
  const bytes = bufferOf(prepared.body);
  if (EARLIER_THINKING.some((mark) => bytes.includes(mark))) return undefined;
  const body = parseBody(bytes);
  const others = bufferOf(serializeBody(without(body, COUNTED)));
  const otherTokens = overheadTokens + normalizedBytes(others);
  const countedBytes = Math.max(0, bytes.length - others.length);
  const leastTokens = otherTokens + Math.ceil(countedBytes / BYTES_PER_TOKEN);
  if (leastTokens >= prepared.inputTokens) return undefined;
  return isConverse(operation)
    ? { form: 'converse', body: converseInput(body), otherTokens, leastTokens }
    : { form: 'invokeModel', body: bytes, otherTokens, leastTokens };
}

/** Anthropic calls its count an estimate that may differ by a small amount: this much, we take. */
const MARGIN_PERCENT = 2;

/**
 * A bound on the input, by what CountTokens said of it.
 *
 * @throws RangeError where the count is no positive whole number
 */
export function mostInputTokens(countedTokens: number, { otherTokens }: Countable): number {
  if (!Number.isSafeInteger(countedTokens) || countedTokens < 1) {
    throw new RangeError(`not a count of tokens: ${countedTokens}`);
  }
  return countedTokens + Math.ceil((countedTokens * MARGIN_PERCENT) / 100) + otherTokens;
}

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const without = (body: JsonObject, names: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !names.has(name)));

const converseInput = (body: JsonObject): Uint8Array =>
  serializeBody(
    Object.fromEntries(Object.entries(body).filter(([name]) => CONVERSE_INPUT.includes(name))),
  );
