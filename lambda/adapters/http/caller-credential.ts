/**
 * The hardcap key of a request: where it may stand, and its form, before anything is read.
 */
import { keyIdOf } from '../../domain/caller-key.ts';
import { HardcapError } from '../../domain/errors.ts';

export interface CallerCredential {
  readonly keyText: string;
  readonly keyId: string;
}

const BEARER = /^bearer\s+(\S+)\s*$/i;

/** A header that is sent twice arrives as one, joined by a comma; no key holds one. */
const given = (header: string | undefined): string[] => (header ?? '').split(',');

/**
 * Reads the key from `Authorization: Bearer`, `x-api-key` or `x-hardcap-key`.
 *
 * A SigV4 `Authorization` is ignored, as SDKs sign although a key stands in another header.
 *
 * @param headers by lower-cased name
 * @throws HardcapError unknown_key where there is none or its form is wrong, invalid_request
 *         where two of them differ
 */
export function callerCredential(headers: Readonly<Record<string, string>>): CallerCredential {
  const offered = new Set<string>();
  const bearers = given(headers.authorization).map((text) => BEARER.exec(text)?.[1] ?? '');
  for (const text of [
    ...bearers,
    ...given(headers['x-api-key']),
    ...given(headers['x-hardcap-key']),
  ]) {
    if (text.trim() !== '') offered.add(text.trim());
  }
  if (offered.size > 1) {
    throw new HardcapError(
      'invalid_request',
      'invalid_request: two hardcap keys that differ; send one, in Authorization: Bearer, ' +
        'x-api-key or x-hardcap-key',
    );
  }
  const [keyText] = offered;
  if (keyText === undefined) {
    throw new HardcapError(
      'unknown_key',
      'unknown_key: no hardcap key; set AWS_BEARER_TOKEN_BEDROCK, or send Authorization: Bearer',
    );
  }
  const keyId = keyIdOf(keyText);
  if (keyId === undefined) {
    throw new HardcapError(
      'unknown_key',
      'unknown_key: this is not a hardcap key (hc_<id>_<secret>_<checksum>), or not a whole one',
    );
  }
  return { keyText, keyId };
}
