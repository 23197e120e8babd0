/**
 * DynamoDB inside this process, in memory or in a folder: dynalite behind one local port.
 *
 * Invariant: a folder belongs to one process at a time; a second one is told so.
 * Crash:     what was answered is in the folder's log; the next start reads it back.
 */
import type { RequestListener, Server } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { makeFolder } from './make-folder.ts';

export interface EmbeddedDynamodbOptions {
  /** Where data live on; made if it is missing. Absent: in memory. */
  readonly dataDir?: string;
  /** Default 0: a free port. */
  readonly port?: number;
}

export interface EmbeddedDynamodb {
  /** `http://127.0.0.1:<port>`; any region and credentials do. */
  readonly url: string;
  readonly port: number;
  /** Ends running requests, then frees port and folder. */
  close(): Promise<void>;
}

interface DynaliteOptions {
  readonly path?: string;
  readonly createTableMs: number;
  readonly updateTableMs: number;
  readonly deleteTableMs: number;
}

interface Store {
  readonly db: { open(): Promise<void>; close(): Promise<void> };
}

// dynalite has no types; these are the two calls that are made to it.
const require = createRequire(import.meta.url);
const dynalite = require('dynalite') as (options: DynaliteOptions) => Server;
const { create: createStore } = require('dynalite/db/index.js') as {
  create(options: DynaliteOptions): Store;
};

const AT_ONCE = { createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 };
const KEEP_ALIVE_TIMEOUT_MS = 60_000;
const CLOSE_LOOK_MS = 20;
const CLOSE_GRACE_MS = 2_000;

/**
 * Starts on 127.0.0.1.
 *
 * @throws Error naming the folder where another process uses it or it cannot be opened, and the
 * system's error where the port cannot be had.
 */
export async function startEmbeddedDynamodb(
  options: EmbeddedDynamodbOptions = {},
): Promise<EmbeddedDynamodb> {
  const path = options.dataDir === undefined ? undefined : resolve(options.dataDir);
  if (path !== undefined) await assertUsable(path);
  const server = dynalite({ ...AT_ONCE, ...(path === undefined ? {} : { path }) });
  surviveAbortedRequests(server);
  server.keepAliveTimeout = KEEP_ALIVE_TIMEOUT_MS;
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: () => stop(server),
  };
}

/** Opens and closes the folder: dynalite itself opens it late and dies of a failure. */
async function assertUsable(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    throw new Error(`the data folder ${path} cannot be made: ${String(error)}`, { cause: error });
  }
  const { db } = createStore({ ...AT_ONCE, path });
  try {
    await db.open();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') {
      throw new Error(
        `the data folder ${path} is in use by another hardcap: stop it, name another folder, ` +
          'or share its ledger by URL',
        { cause: error },
      );
    }
    throw new Error(`the data folder ${path} cannot be opened: ${String(cause ?? error)}`, {
      cause: error,
    });
  }
  await db.close();
}

/** dynalite throws what a request's stream reports, so one client that leaves would end us. */
function surviveAbortedRequests(server: Server): void {
  const serve = server.listeners('request')[0] as RequestListener;
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    serve(request, response);
    request.removeAllListeners('error');
    request.on('error', () => undefined);
    response.on('error', () => undefined);
  });
}

/** Running requests end first; connections that are kept open for a next one are not waited for. */
async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolveClose, reject) => {
    server.close((error) => (error instanceof Error ? reject(error) : resolveClose()));
  });
  const idleCloser = setInterval(() => server.closeIdleConnections(), CLOSE_LOOK_MS);
  const killer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  try {
    await closed;
  } finally {
    clearInterval(idleCloser);
    clearTimeout(killer);
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolvePort(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
