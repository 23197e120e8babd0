/**
 * A folder of files in place of SSM's Parameter Store: `<folder>/<capId>` or
 * `<folder>/caps/<capId>` holds what the parameter `<prefix>/caps/<capId>` would.
 *
 * Not here: what a file means; it goes through the same sync and the same reading as a parameter.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SSM_CAPS_FOLDER } from '../lambda/contract.ts';
import type { Parameter, ParameterList } from '../lambda/ports/parameters.ts';

/** DynamoDB's sort keys have at most 1,024 bytes, and the sync puts its own word before. */
const MAX_NAME_BYTES = 1_000;
/** SSM's own bound on a parameter's value. */
const MAX_FILE_BYTES = 8_192;

/** What editors and file managers leave beside files; no cap is meant by it. */
const isLeftover = (name: string): boolean => name.startsWith('.') || name.endsWith('~');

/** The files of this folder, of all levels, as a list that is read anew each time. */
export const createParameterFolder = (folder: string): ParameterList => ({
  source: `files in ${folder}`,
  readAll: async (most) => {
    const names = await fileNames(folder, '', most);
    const found = await Promise.all(names.map((name) => readParameterFile(folder, name)));
    return withoutFolder(found.filter((parameter) => parameter !== undefined));
  },
});

/** @throws Error where the folder, or one within it, cannot be read */
async function fileNames(folder: string, within: string, most: number): Promise<string[]> {
  const entries = await readdir(path.join(folder, within), { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (isLeftover(entry.name)) continue;
    const name = path.posix.join(within, entry.name);
    if (entry.isDirectory()) names.push(...(await fileNames(folder, name, most)));
    else names.push(name);
    if (names.length > most) break;
  }
  return names;
}

/** Undefined where the file went while the folder was read. */
async function readParameterFile(folder: string, name: string): Promise<Parameter | undefined> {
  const file = path.join(folder, name);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`the name of ${file} is too long`);
  const parameter = { name, source: `file ${file}`, type: 'String' };
  try {
    const { size } = await stat(file);
    if (size <= MAX_FILE_BYTES) return { ...parameter, value: await readFile(file, 'utf8') };
    return { ...parameter, fault: `is larger than ${MAX_FILE_BYTES} bytes; make it shorter` };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') return undefined;
    return { ...parameter, fault: `cannot be read (${code}); make it readable, or remove it` };
  }
}

/** `caps/staging` is `staging`, unless that stands there too: then one of them is refused. */
function withoutFolder(parameters: readonly Parameter[]): readonly Parameter[] {
  const names = new Set(parameters.map(({ name }) => name));
  const folder = `${SSM_CAPS_FOLDER}/`;
  return parameters.map((parameter) => {
    const short = parameter.name.slice(folder.length);
    const isShortened = parameter.name.startsWith(folder) && !names.has(short);
    return isShortened ? { ...parameter, name: short } : parameter;
  });
}
