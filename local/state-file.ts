/**
 * The file by which the command line finds the gateway that runs in a directory.
 *
 * Invariant: the file of another gateway that runs is neither overwritten nor removed.
 * Crash:     the file stays; whoever reads it sees that its process is gone.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import * as z from 'zod/mini';
import { makeFolder } from './make-folder.ts';

const STATE_FILE = 'local.json';
const CONNECT_TIMEOUT_MS = 1_000;

const GATEWAY_STATE = z.object({
  /** Of the DynamoDB that holds both tables. */
  endpoint: z.string(),
  settingsTable: z.string(),
  ledgerTable: z.string(),
  url: z.string(),
  pid: z.int(),
});
export type GatewayState = z.output<typeof GATEWAY_STATE>;

/** Writes the file; where that may not or cannot be, leaves it and says why. */
export async function publishState(dir: string, state: GatewayState): Promise<string | undefined> {
  const file = path.join(dir, STATE_FILE);
  const other = await readState(file);
  if (other !== undefined && other.pid !== state.pid && (await isServed(other))) {
    return `${file} is that of another gateway, process ${other.pid} at ${other.url}`;
  }
  try {
    await makeFolder(dir);
    // By another name first: who reads at this moment must not see half of it.
    const draft = `${file}.${state.pid}`;
    await writeFile(draft, `${JSON.stringify(state)}\n`);
    await rename(draft, file);
    return undefined;
  } catch (error) {
    return `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Removes the file if it is this process's. */
export async function withdrawState(dir: string, pid: number): Promise<void> {
  const file = path.join(dir, STATE_FILE);
  if ((await readState(file))?.pid === pid) await rm(file, { force: true });
}

async function readState(file: string): Promise<GatewayState | undefined> {
  try {
    return GATEWAY_STATE.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether its process runs and listens: a process id alone may have gone to another program. */
async function isServed({ pid, url }: GatewayState): Promise<boolean> {
  return isRunning(pid) && (await isListening(url));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isListening(url: string): Promise<boolean> {
  if (!URL.canParse(url)) return Promise.resolve(false);
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const answer = (isThere: boolean) => () => {
      socket.destroy();
      resolve(isThere);
    };
    // One that is too busy to accept is there all the same.
    socket.setTimeout(CONNECT_TIMEOUT_MS, answer(true));
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
