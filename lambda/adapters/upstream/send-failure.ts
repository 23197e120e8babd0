/**
 * Whether a failed send can have reached Bedrock: only what is certain counts as not sent.
 *
 * Certain is what a connection reports before it is ready: until then no byte of a request has
 * left. The same error after that (a reset, a broken TLS record) says nothing.
 */
import type { Agent } from 'node:http';

/** Errors of connections that were not ready yet. */
const earlyErrors = new WeakSet<object>();

/**
 * Notes from now on what the agent's connections report before they are ready.
 *
 * @param readyEvent `connect` for plain connections, `secureConnect` where TLS comes first
 */
export function noteEarlyErrors(agent: Agent, readyEvent: 'connect' | 'secureConnect'): void {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    let isReady = false;
    socket?.once(readyEvent, () => {
      isReady = true;
    });
    socket?.on('error', (error) => {
      if (!isReady) earlyErrors.add(error);
    });
    return socket;
  };
}

/**
 * The handler's own time-out of a connection that was never made. Its time-out of a connection
 * that is silent reads otherwise, and comes when the request is out.
 */
const NEVER_CONNECTED = /did not establish a connection/;

/** True where no byte of the request can have been read by Bedrock. */
export const isCertainlyNotSent = (error: unknown): boolean =>
  error instanceof Error && (earlyErrors.has(error) || NEVER_CONNECTED.test(error.message));
