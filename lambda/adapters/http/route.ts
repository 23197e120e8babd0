/**
 * Which operation a request asks for, read off the undecoded path.
 *
 * Invariant: the path is matched before it is decoded, and what is decoded is decoded once; so a
 *            model id means here what it means at Bedrock.
 */
import { HardcapError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation.ts';

export type Route =
  | {
      readonly kind: 'model';
      readonly operation: Operation;
      /** Decoded. */
      readonly modelId: string;
      readonly region: string;
    }
  | { readonly kind: 'health' }
  | { readonly kind: 'unknown' };

const MODEL_PATH =
  /^\/model\/(.+)\/(invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$/;
const REGION_PATH = /^\/bedrock\/([^/]+)(\/.*)$/;
const REPEATED_SLASHES = /\/{2,}/g;
const UNKNOWN: Route = { kind: 'unknown' };

/**
 * Finds the route of a request; the first of `regions` is the one of a path that names none.
 *
 * @throws HardcapError region_not_allowed, invalid_request where the path cannot be decoded
 */
export function routeOf(method: string, rawPath: string, regions: readonly string[]): Route {
  // An endpoint that ends in a slash makes SDKs send `//model/...`.
  const path = rawPath.replace(REPEATED_SLASHES, '/');
  if (path === '/healthz' && method === 'GET') return { kind: 'health' };
  const named = REGION_PATH.exec(path);
  const match = MODEL_PATH.exec(named?.[2] ?? path);
  if (match === null || method !== 'POST') return UNKNOWN;
  const [, encodedModelId = '', operation] = match;
  return {
    kind: 'model',
    operation: operation as Operation,
    modelId: decodeOnce(encodedModelId),
    region: allowedRegion(named?.[1], regions),
  };
}

/**
 * What stands for a model id in a path, decoded once.
 *
 * @throws HardcapError invalid_request
 */
export function decodeOnce(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new HardcapError(
      'invalid_request',
      `invalid_request: the model id in the path is not valid percent-encoding: "${encoded}"`,
    );
  }
}

/**
 * The region that is called: the named one if it is allowed, else the first.
 *
 * @throws HardcapError region_not_allowed
 */
export function allowedRegion(named: string | undefined, regions: readonly string[]): string {
  const region = named ?? regions[0];
  if (region !== undefined && regions.includes(region)) return region;
  throw new HardcapError(
    'region_not_allowed',
    `region_not_allowed: "${region}" is not one of this gateway's regions: ${regions.join(', ')}`,
    { details: { region: region ?? '' } },
  );
}

/** The path that Bedrock is asked by, its model id encoded as AWS SDKs do. */
export const upstreamPath = (modelId: string, operation: Operation): string =>
  `/model/${encodeURIComponent(modelId)}/${operation}`;
