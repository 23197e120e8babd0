/**
 * Requests to the gateway under check, each held to the run's own spend limit.
 *
 * Invariant: every request with the key says in `x-hardcap-max-usd` what it may cost at most.
 */
import { MAX_USD_HEADER } from '../../lambda/application/admission.ts';
import { formatUsd, type NanoUsd, nanoUsd, parseUsd, ZERO_USD } from '../../lambda/domain/money.ts';
import type { SpendLimit } from './spend-limit.ts';
import { exchange, type WireAnswer } from './wire.ts';

export interface Call {
  /** Behind the gateway's URL, percent-encoded as it is to be sent. */
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  /** JSON, or bytes as they are. */
  readonly body?: object | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: as a Bearer token, or in `x-hardcap-key` where IAM signs. */
  readonly key?: 'default' | 'x-api-key' | 'x-hardcap-key' | 'none';
  /** Whether IAM's signature is left out where the URL asks for one. */
  readonly isUnsigned?: boolean;
  readonly mostNanoUsd?: NanoUsd;
  /** Nothing of it is billed, so its answer tells no cost. */
  readonly isFree?: boolean;
  readonly leaveAfter?: (pieces: number) => boolean;
}

export type Answer = WireAnswer & {
  /** What it is taken to have cost: the bound, where a stream's cost is not told. */
  readonly costNanoUsd: NanoUsd;
};

export interface Caller {
  readonly url: URL;
  /** The hardcap key, for an SDK that is run against the gateway. */
  readonly key: string;
  /** @throws SpendLimitReached in place of a request that is too dear for what is left */
  call(call: Call): Promise<Answer>;
  /** Takes money for what is not sent by `call`, and gives what of it was spent. */
  readonly spendLimit: SpendLimit;
}

/** Signs for a Function URL that asks for IAM. */
export type Sign = (request: {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}) => Promise<Record<string, string>>;

export interface CallerOptions {
  readonly url: URL;
  readonly key: string;
  readonly spendLimit: SpendLimit;
  readonly sign?: Sign;
  readonly trustedCertificates?: string;
}

/** Of one request; the dearest that is sent has a bound of a tenth of it. */
const DEFAULT_MOST = nanoUsd(10_000_000n);
const TIMEOUT_MS = 60_000;

export function createCaller(options: CallerOptions): Caller {
  const { url, key, spendLimit, sign, trustedCertificates } = options;
  return {
    url,
    key,
    spendLimit,
    async call(asked) {
      const method = asked.method ?? 'POST';
      const path = url.pathname.replace(/\/+$/, '') + asked.path;
      const body = bytesOf(asked.body);
      const most = asked.mostNanoUsd ?? DEFAULT_MOST;
      const taken = spendLimit.take(most);
      let cost = taken;
      try {
        const unsigned = {
          host: url.host,
          'content-type': 'application/json',
          [MAX_USD_HEADER]: formatUsd(taken),
          ...keyHeader(key, asked.key ?? 'default', sign !== undefined),
          ...asked.headers,
        };
        const isSigned = sign !== undefined && asked.isUnsigned !== true;
        const headers = isSigned ? await sign({ method, path, headers: unsigned, body }) : unsigned;
        const answer = await exchange({
          ...{ url, method, path, headers, body, timeoutMs: TIMEOUT_MS },
          ...(asked.leaveAfter && { leaveAfter: asked.leaveAfter }),
          ...(trustedCertificates && { trustedCertificates }),
        });
        cost = costOf(answer, asked.isFree === true ? ZERO_USD : taken);
        // Refused for what this run has left, which says nothing of the gateway.
        if (taken < most && answer.headers['x-hardcap-reason'] === 'request_too_dear') {
          throw spendLimit.reached();
        }
        return { ...answer, costNanoUsd: cost };
      } finally {
        spendLimit.give(taken, cost);
      }
    },
  };
}

function bytesOf(body: Call['body']): Uint8Array {
  if (body === undefined) return new Uint8Array();
  return body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
}

function keyHeader(
  key: string,
  where: NonNullable<Call['key']>,
  isSigned: boolean,
): Record<string, string> {
  if (where === 'none') return {};
  if (where !== 'default') return { [where]: key };
  return isSigned ? { 'x-hardcap-key': key } : { authorization: `Bearer ${key}` };
}

/** What was told; else what was reserved; nothing where hardcap refused or never saw it. */
function costOf(answer: WireAnswer, most: NanoUsd): NanoUsd {
  if (answer.status === 0) return most;
  const told = answer.headers['x-hardcap-cost-usd'] ?? answer.headers['x-hardcap-reserved-usd'];
  if (told !== undefined) return parseUsd(told) ?? most;
  return answer.status < 400 ? most : ZERO_USD;
}
