/**
 * The headers of an admitted request's answer: Bedrock's, and hardcap's own beside them.
 */
import type { AnswerHead, Timings } from '../../application/guarded-request.ts';
import { formatUsd, type NanoUsd } from '../../domain/money.ts';
import { isoTime } from './error-response.ts';

/** Headers of one connection, and those that the Function URL sets for itself. */
const NOT_PASSED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'date',
  'server',
]);

/** @param costNanoUsd the true cost, where it is known before the answer begins */
export function answerHeaders(
  head: AnswerHead,
  requestId: string,
  costNanoUsd: NanoUsd | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(head.headers)) {
    if (!NOT_PASSED.has(name)) headers[name] = value;
  }
  headers['x-hardcap-request-id'] = requestId;
  headers['x-hardcap-reserved-usd'] = formatUsd(head.reservedNanoUsd);
  if (costNanoUsd !== undefined) headers['x-hardcap-cost-usd'] = formatUsd(costNanoUsd);
  if (head.clampedMaxTokens !== undefined) {
    headers['x-hardcap-clamped-max-tokens'] = String(head.clampedMaxTokens);
  }
  if (head.cap !== undefined) {
    headers['x-hardcap-cap'] = head.cap.capId;
    headers['x-hardcap-remaining-usd'] = formatUsd(head.cap.remainingNanoUsd);
    const { resetsAtMs } = head.cap;
    if (resetsAtMs !== undefined) headers['x-hardcap-resets-at'] = isoTime(resetsAtMs);
  }
  headers['server-timing'] = serverTiming(head.timings);
  return headers;
}

const DECIMALS = 2;

/** The value of `Server-Timing`: the milliseconds of each step. */
export const serverTiming = (timings: Timings): string =>
  [
    ['auth', timings.authMs] as const,
    ['estimate', timings.estimateMs] as const,
    ['reserve', timings.reserveMs] as const,
    ['upstream', timings.upstreamMs] as const,
  ]
    .map(([name, ms]) => `${name};dur=${ms.toFixed(DECIMALS)}`)
    .join(', ');
