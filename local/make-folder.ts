/**
 * Makes a folder and those above it, one at a time.
 *
 * Node's own recursive mkdir never ends where a file system answers that the parent of a new folder
 * is missing although it is there, as /proc does.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Makes what is missing of it. @throws the system's error where that cannot be. */
export async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  let at = path.resolve(folder);
  while (!(await isFolder(at)) && path.dirname(at) !== at) {
    missing.push(at);
    at = path.dirname(at);
  }
  for (const one of missing.reverse()) await makeOne(one);
}

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have made it meanwhile; a file of that name is a fault.
    if (!(await isFolder(folder))) throw error;
  }
}

const isFolder = async (name: string): Promise<boolean> =>
  (await stat(name).catch(() => undefined))?.isDirectory() === true;
