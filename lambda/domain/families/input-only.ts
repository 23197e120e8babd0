/**
 * What embeddings, rerankings and images have in common: no output tokens, and so no limit of them.
 *
 * Not here: the members of each body (one file a family).
 */
import type { JsonObject, JsonValue } from '../request-body.ts';
import type { RequestShape, StreamMeter } from './family.ts';
import { invalidField, isGiven, type RequestReading } from './request-reading.ts';

/** A body that has nothing to limit; `inspect` reads all of it. */
export const inputOnlyShape = (inspect: RequestShape['inspect']): RequestShape => ({
  inspect,
  outputLimitOf: () => undefined,
  withOutputLimit: (body) => body,
  thinkingBudgetOf: () => 0,
  forbidsOutputLimit: () => false,
  choicesOf: () => 1,
});

/** Bedrock does not stream these answers; one that is streamed all the same is charged in full. */
export const createSilentMeter = (): StreamMeter => ({
  event: () => undefined,
  finalCounts: () => undefined,
});

/**
 * The string of a member; undefined where it is absent or null.
 *
 * @throws HardcapError `invalid_request` for anything else: a list may be billed by its entries
 */
export function textOf(body: JsonObject, name: string, path = name): string | undefined {
  const value = body[name];
  if (!isGiven(value)) return undefined;
  if (typeof value !== 'string') throw invalidField(path, 'must be a string');
  return value;
}

/**
 * The entries of a list; none where it is absent or null.
 *
 * @throws HardcapError `invalid_request` where it is no list
 */
export function entriesOf(value: JsonValue | undefined, path: string): readonly JsonValue[] {
  if (!isGiven(value)) return [];
  if (!Array.isArray(value)) throw invalidField(path, 'must be an array');
  return value;
}

/**
 * Counts an image that is billed by the piece, and that the body itself holds.
 *
 * @param data base64, or a URL of the kind `data:`
 * @throws HardcapError `unpriced_field` for an image that is elsewhere
 */
export function readImage(
  data: JsonValue | undefined,
  reading: RequestReading,
  path: string,
): void {
  if (typeof data !== 'string' || IS_ELSEWHERE.test(data)) reading.refuseRemoteMedia(path);
  reading.addImage(data);
  reading.addUnits('read-image', 1);
}

/** No base64 has a colon; of URLs, only those of the kind `data:` hold what they name. */
const IS_ELSEWHERE = /^(?!data:)[^:]{0,32}:/;
