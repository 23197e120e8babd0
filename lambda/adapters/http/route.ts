/**
 * Which operation of Bedrock Runtime a request asks for, read off the undecoded path.
 *
 * Invariant: the path is matched before it is decoded, and what is decoded is decoded once; so a
 *            model id means here what it means at Bedrock.
 */
import { GUARDRAIL_CHECKS_ID, GUARDRAIL_ID } from '../../domain/catalogue/guardrails.ts';
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
  | {
      readonly kind: 'guardrail';
      readonly operation: Operation;
      /** The name that settings and prices know it by. */
      readonly modelId: string;
      readonly region: string;
      /** Encoded, for Bedrock. */
      readonly upstreamPath: string;
    }
  | { readonly kind: 'health' }
  /** An operation of Bedrock's that hardcap does not pass on. */
  | { readonly kind: 'unserved'; readonly operation: string; readonly why: string }
  | { readonly kind: 'unknown' };

const MODEL_PATH =
  /^\/model\/(.+)\/(invoke|invoke-with-response-stream|converse|converse-stream|count-tokens)$/;
const APPLY_PATH = /^\/guardrail\/(.+)\/version\/([^/]+)\/apply$/;
const CHECKS_PATH = '/guardrail-checks/invoke';
const REGION_PATH = /^\/bedrock\/([^/]+)(\/.*)$/;
const REPEATED_SLASHES = /\/{2,}/g;
const UNKNOWN: Route = { kind: 'unknown' };

/** An operation that is refused, whoever asks for it. */
export interface UnservedOperation {
  readonly operation: string;
  readonly method: string;
  /** As in `DoorRoute`. */
  readonly path: string;
  readonly pattern: RegExp;
  /** Ends the sentence "it is not served: ". */
  readonly why: string;
}

const NO_USAGE_COMES_BACK =
  'its result goes to S3 and no usage ever comes back, so that it could not be settled';

/** The operations of Bedrock Runtime that no gateway of this kind can bound or pass on. */
export const UNSERVED_OPERATIONS: readonly UnservedOperation[] = [
  {
    operation: 'StartAsyncInvoke',
    method: 'POST',
    path: '/async-invoke',
    pattern: /^\/async-invoke$/,
    why: NO_USAGE_COMES_BACK,
  },
  {
    operation: 'ListAsyncInvokes',
    method: 'GET',
    path: '/async-invoke',
    pattern: /^\/async-invoke$/,
    why: 'hardcap starts no asynchronous invocations, so that there are none of its own to list',
  },
  {
    operation: 'GetAsyncInvoke',
    method: 'GET',
    path: '/async-invoke/{invocationArn}',
    pattern: /^\/async-invoke\/.+$/,
    why: 'hardcap starts no asynchronous invocations, so that there is none of its own to get',
  },
  {
    operation: 'InvokeModelWithBidirectionalStream',
    method: 'POST',
    path: '/model/{modelId}/invoke-with-bidirectional-stream',
    pattern: /^\/model\/.+\/invoke-with-bidirectional-stream$/,
    why:
      'it streams in both directions, and a Lambda Function URL takes a request whole before it ' +
      'answers',
  },
];

/**
 * Finds the route of a request; the first of `regions` is the one of a path that names none.
 *
 * @throws HardcapError region_not_allowed, invalid_request where the path cannot be decoded
 */
export function routeOf(method: string, rawPath: string, regions: readonly string[]): Route {
  // An endpoint that ends in a slash makes SDKs send `//model/...`.
  const whole = rawPath.replace(REPEATED_SLASHES, '/');
  if (whole === '/healthz' && method === 'GET') return { kind: 'health' };
  const [, region, rest] = REGION_PATH.exec(whole) ?? [];
  const path = rest ?? whole;
  const unserved = UNSERVED_OPERATIONS.find(
    (one) => one.method === method && one.pattern.test(path),
  );
  if (unserved !== undefined) {
    return { kind: 'unserved', operation: unserved.operation, why: unserved.why };
  }
  if (method !== 'POST') return UNKNOWN;
  return modelRoute(path, region, regions) ?? guardrailRoute(path, region, regions) ?? UNKNOWN;
}

function modelRoute(
  path: string,
  region: string | undefined,
  regions: readonly string[],
): Route | undefined {
  const match = MODEL_PATH.exec(path);
  if (match === null) return undefined;
  const [, encodedModelId = '', operation] = match;
  return {
    kind: 'model',
    operation: operation as Operation,
    modelId: decodeOnce(encodedModelId),
    region: allowedRegion(region, regions),
  };
}

function guardrailRoute(
  path: string,
  region: string | undefined,
  regions: readonly string[],
): Route | undefined {
  if (path === CHECKS_PATH) {
    return {
      kind: 'guardrail',
      operation: 'invoke-guardrail-checks',
      modelId: GUARDRAIL_CHECKS_ID,
      region: allowedRegion(region, regions),
      upstreamPath: CHECKS_PATH,
    };
  }
  const match = APPLY_PATH.exec(path);
  if (match === null) return undefined;
  const [, encodedId = '', encodedVersion = ''] = match;
  return {
    kind: 'guardrail',
    operation: 'apply-guardrail',
    modelId: GUARDRAIL_ID,
    region: allowedRegion(region, regions),
    upstreamPath: applyPath(
      decodeOnce(encodedId, 'the guardrail'),
      decodeOnce(encodedVersion, 'the version'),
    ),
  };
}

/** As Bedrock's reference has them: nothing that a path could be bent by. */
const GUARDRAIL = /^(?:[a-z0-9]+|arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:guardrail\/[a-z0-9]+)$/;
const GUARDRAIL_VERSION = /^(?:[1-9]\d{0,7}|DRAFT)$/;

/** @throws HardcapError `invalid_request` */
function applyPath(guardrail: string, version: string): string {
  if (!GUARDRAIL.test(guardrail) || !GUARDRAIL_VERSION.test(version)) {
    throw new HardcapError(
      'invalid_request',
      'invalid_request: the path must name a guardrail by its id or ARN, and its version by a ' +
        'number or DRAFT',
    );
  }
  return `/guardrail/${encodeURIComponent(guardrail)}/version/${version}/apply`;
}

/**
 * What stands for a model id, or something else, in a path, decoded once.
 *
 * @throws HardcapError invalid_request
 */
export function decodeOnce(encoded: string, what = 'the model id'): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new HardcapError(
      'invalid_request',
      `invalid_request: ${what} in the path is not valid percent-encoding: "${encoded}"`,
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
