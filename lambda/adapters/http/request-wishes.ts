/**
 * What a request says of itself in hardcap's own headers: its tags, and the most that it may cost.
 */
import { MAX_USD_HEADER } from '../../application/admission.ts';
import { HardcapError } from '../../domain/errors.ts';
import { MAX_USD, NANO_USD_PER_USD, type NanoUsd, parseUsd } from '../../domain/money.ts';
import { isConverse } from '../../domain/operation.ts';
import {
  METADATA_HEADER,
  metadataOfHeader,
  type RequestTags,
  requestTags,
  TAG_HEADER,
} from '../../domain/request-tags.ts';
import type { Entry } from './doors/door.ts';

type Headers = Readonly<Record<string, string>>;

/** As they go into the spend guard; what is not said is absent. */
export interface RequestWishes {
  readonly tags?: RequestTags;
  readonly maxRequestNanoUsd?: NanoUsd;
}

/**
 * Reads them. Request metadata is where the operation has it: Converse in its body, the others in
 * Bedrock's own header.
 *
 * @throws HardcapError `invalid_request` naming the header at fault
 */
export function requestWishes(
  headers: Headers,
  { operation, body }: Pick<Entry, 'operation' | 'body'>,
): RequestWishes {
  const tags = requestTags(
    headers[TAG_HEADER],
    isConverse(operation) ? body.requestMetadata : metadataOf(headers),
  );
  const maxRequestNanoUsd = mostOf(headers[MAX_USD_HEADER]);
  return {
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(maxRequestNanoUsd !== undefined && { maxRequestNanoUsd }),
  };
}

function metadataOf(headers: Headers) {
  const text = headers[METADATA_HEADER];
  return text === undefined ? undefined : metadataOfHeader(text);
}

/** No exponent, no sign, no blank, and no second value of a header that was sent twice. */
const DECIMAL = /^\d{1,18}(?:\.\d{1,9})?$/;

function mostOf(text: string | undefined): NanoUsd | undefined {
  if (text === undefined) return undefined;
  const amount = DECIMAL.test(text) ? parseUsd(text) : undefined;
  if (amount !== undefined && amount <= MAX_USD * NANO_USD_PER_USD) return amount;
  throw new HardcapError(
    'invalid_request',
    `invalid_request: the header ${MAX_USD_HEADER} must be dollars as a decimal number such as ` +
      `0.05, from 0 to ${MAX_USD}, with at most 9 decimal places`,
    { details: { field: MAX_USD_HEADER } },
  );
}
