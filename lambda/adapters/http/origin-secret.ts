/**
 * Whether a request came by way of the edge, which sends a secret that callers do not have.
 *
 * Invariant: where a secret is set, nothing else of a request is looked at before it; and whatever
 *            stood in the header goes no further: no log, no estimate and no Bedrock sees it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { ORIGIN_SECRET_HEADER } from '../../contract.ts';
import { HardcapError } from '../../domain/errors.ts';

type Headers = Readonly<Record<string, string>>;

/**
 * Gives the headers without the secret.
 *
 * @param headers by lower-cased name
 * @throws HardcapError edge_required where the secret is missing or wrong
 */
export type OriginCheck = (headers: Headers) => Headers;

// Hashes are of one length, which a comparison in constant time needs, and tell nothing of theirs.
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Takes any one of `secrets`; without any, every request. */
export function createOriginCheck(secrets: readonly string[]): OriginCheck {
  const accepted = secrets.map(hashOf);
  return ({ [ORIGIN_SECRET_HEADER]: offered, ...headers }) => {
    if (accepted.length === 0) return headers;
    const hash = hashOf(offered ?? '');
    // Each is compared, so that the time does not tell which of them it was.
    const matches = accepted.filter((secret) => timingSafeEqual(secret, hash));
    if (matches.length > 0) return headers;
    throw new HardcapError(
      'edge_required',
      'edge_required: this address is not called directly; use the one that your operator gave ' +
        "you (the stack's output GatewayUrl)",
    );
  };
}
