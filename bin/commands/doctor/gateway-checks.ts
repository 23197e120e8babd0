/**
 * Checks of the gateway's address: that it answers, by which HTTP, and whose clock is right.
 */
import { chosenProtocol } from './chosen-protocol.ts';
import { type Check, type Finding, failure, ok, warning } from './finding.ts';

const TIMEOUT_MS = 10_000;

/** What `/healthz` gave. */
export interface HealthSeen {
  readonly status: number;
  /** Milliseconds. */
  readonly tookMs: number;
  /** Of the answer's Date, in epoch milliseconds; NaN where there is none. */
  readonly dateMs: number;
  /** Here, in the middle between question and answer. */
  readonly hereMs: number;
}

async function askHealth(gatewayUrl: string): Promise<HealthSeen> {
  const startedMs = Date.now();
  const response = await fetch(new URL('/healthz', gatewayUrl), {
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'manual',
  });
  const endedMs = Date.now();
  await response.arrayBuffer();
  return {
    status: response.status,
    tookMs: endedMs - startedMs,
    dateMs: Date.parse(response.headers.get('date') ?? ''),
    hereMs: (startedMs + endedMs) / 2,
  };
}

/** Whether the gateway is behind its address. */
export function verdictOnHealth(url: string, { status, tookMs }: HealthSeen): readonly Finding[] {
  if (status === 200) return [ok(`${url} answers in ${tookMs} ms`)];
  if (status === 403) {
    return [
      warning(
        `${url} asks for a signature of IAM, or lets nobody in (403)`,
        'with authType=iam that is right; else deploy again, for its two permissions',
      ),
    ];
  }
  return [
    failure(
      `${url}/healthz answers ${status}`,
      status === 429
        ? 'the gateway has no concurrency left: raise reservedConcurrency'
        : 'is this the address of the gateway? If so, read its log',
    ),
  ];
}

const WARN_SKEW_MS = 60_000;
/** AWS refuses signatures that are further off. */
const MAX_SKEW_MS = 300_000;

/** Whether this machine's clock agrees with the gateway's. */
export function verdictOnClock({ dateMs, hereMs }: HealthSeen): readonly Finding[] {
  if (Number.isNaN(dateMs)) {
    return [warning('the answer has no Date', 'is this the address of the gateway?')];
  }
  const skewMs = Math.abs(dateMs - hereMs);
  const seen = `${(skewMs / 1_000).toFixed(1)} s apart from the gateway's`;
  if (skewMs <= WARN_SKEW_MS) return [ok(seen)];
  const fix = "set this machine's clock: signatures, --expires 30d and the like go by it";
  return [skewMs > MAX_SKEW_MS ? failure(seen, fix) : warning(seen, fix)];
}

/** What programs may speak to the address; undefined where there is no TLS. */
export function verdictOnProtocol(chosen: string | undefined): readonly Finding[] {
  if (chosen === undefined) {
    return [ok('no TLS: HTTP/1.1, and HTTP/2 to who begins with it')];
  }
  if (chosen === 'h2') return [ok('HTTP/2: the JavaScript SDK needs nothing else')];
  if (chosen === 'http/1.1') {
    return [ok('HTTP/1.1: the JavaScript SDK needs requestHandler: new NodeHttpHandler()')];
  }
  return [warning(`the address offers ${chosen}`, 'is this the address of the gateway?')];
}

const urlOf = ({ gatewayUrl = '' }: { readonly gatewayUrl?: string }): string =>
  gatewayUrl.replace(/\/$/, '');

export const GATEWAY_CHECKS: readonly Check[] = [
  {
    id: 'gateway',
    needs: 'gateway',
    unseen: 'failure',
    run: async (scene) => verdictOnHealth(urlOf(scene), await askHealth(urlOf(scene))),
  },
  {
    id: 'clock',
    needs: 'gateway',
    run: async (scene) => verdictOnClock(await askHealth(urlOf(scene))),
  },
  {
    id: 'http',
    needs: 'gateway',
    run: async (scene) => {
      const url = new URL(urlOf(scene));
      return verdictOnProtocol(url.protocol === 'https:' ? await chosenProtocol(url) : undefined);
    },
  },
];
