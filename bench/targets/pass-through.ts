/**
 * A pass-through proxy and nothing more: no proxy on Node's own HTTP does less.
 */
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const agent = new Agent({ keepAlive: true, maxSockets: 512 });

/** What is done before the request goes on; nothing by default. */
export type Before = () => Promise<unknown>;

/** Starts the proxy on a free port and resolves with its URL. */
export async function startPassThrough(upstream: string, before?: Before): Promise<string> {
  const { hostname, port } = new URL(upstream);
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method, url: path, headers } = incoming;
    const sent = request({ agent, hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    sent.on('error', () => outgoing.destroy());
    incoming.pipe(sent);
  };
  const server = createServer({ noDelay: true }, (incoming, outgoing) => {
    if (before === undefined) forward(incoming, outgoing);
    else
      before().then(
        () => forward(incoming, outgoing),
        () => outgoing.destroy(),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
