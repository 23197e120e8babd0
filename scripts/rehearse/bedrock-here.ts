/**
 * Preloaded into a bundle's process: connections to AWS end at the simulated Bedrock of this
 * machine, without TLS, and nowhere else.
 *
 * The bundle looks up Bedrock's address by itself and takes no other, as it does when deployed.
 */
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';

const port = Number(process.env.REHEARSAL_BEDROCK_PORT);
const BEDROCK = /^bedrock-runtime\.[a-z0-9-]+\.amazonaws\.com$/;

tls.connect = ((options: { readonly host?: string }): Socket => {
  if (!BEDROCK.test(options.host ?? '')) {
    throw new Error(`a connection to ${options.host} in a rehearsal`);
  }
  const socket = connect(port, '127.0.0.1');
  // What waits for TLS waits for this event.
  socket.once('connect', () => socket.emit('secureConnect'));
  return socket;
}) as unknown as typeof tls.connect;
