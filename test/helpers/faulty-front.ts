/**
 * A server before a gateway that passes everything on, but for one fault: what a platform might do.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  request,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Head {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
}

/** What is changed on the way; what is left out passes as it is. */
export interface Fault {
  readonly path?: (path: string) => string;
  readonly requestHeaders?: (headers: IncomingHttpHeaders) => IncomingHttpHeaders;
  /** An answer in place of the gateway's. */
  readonly instead?: (asked: Asked) => (Head & { readonly body: string }) | undefined;
  readonly head?: (head: Head, asked: Asked) => Head;
  /** The whole body at its end, in place of pieces as they come. */
  readonly body?: (body: Buffer) => Buffer;
}

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Starts on 127.0.0.1. */
export async function startFaultyFront(gatewayUrl: string, fault: Fault) {
  const server = createServer(async (incoming, outgoing) => {
    outgoing.on('error', () => undefined);
    const { url: path = '/', method, headers } = incoming;
    const asked = { path, headers, body: await buffer(incoming) };
    const instead = fault.instead?.(asked);
    if (instead !== undefined) {
      outgoing.writeHead(instead.status, instead.headers).end(instead.body);
      return;
    }
    const onward = request(
      gatewayUrl,
      {
        path: fault.path?.(path) ?? path,
        method,
        headers: fault.requestHeaders?.(headers) ?? headers,
        // The front must not hold the gateway open when it is closed.
        agent: false,
      },
      async (answer) => {
        const given = { status: answer.statusCode ?? 0, headers: answer.headers };
        const { status, headers } = fault.head?.(given, asked) ?? given;
        outgoing.writeHead(status, headers);
        if (fault.body !== undefined) outgoing.end(fault.body(await buffer(answer)));
        else answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    onward.end(asked.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
