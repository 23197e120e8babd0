/**
 * How DynamoDB is connected to: time-outs and kept connections, for whoever sends.
 */
import { NodeHttpHandler } from '@smithy/node-http-handler';

const MAX_SOCKETS = 256;

/** How long one attempt waits. The wait for a free socket counts as connecting. */
export interface LedgerTimeouts {
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** For DynamoDB in the same region, from a function that serves one request at a time. */
export const LEDGER_TIMEOUTS: LedgerTimeouts = { connectTimeoutMs: 300, requestTimeoutMs: 1_000 };

/**
 * For an embedded ledger, which does one write after another and shares the gateway's processor:
 * hundreds at once wait there for seconds, and giving up on them would only add to its work.
 */
export const EMBEDDED_LEDGER_TIMEOUTS: LedgerTimeouts = {
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
};

/** The SDK's handler; what waits for too long ends as a TimeoutError. */
export const createConnections = (timeouts: LedgerTimeouts): NodeHttpHandler =>
  new NodeHttpHandler({
    connectionTimeout: timeouts.connectTimeoutMs,
    requestTimeout: timeouts.requestTimeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
  });
