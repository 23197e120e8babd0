/**
 * Stack traces of a bundled function that name places in the sources.
 *
 * Node's own `--enable-source-maps` reads every map while the code is loaded, a fifth of the time
 * that a new instance takes to start. Here a map is read when a trace that needs it is.
 *
 * Invariant: a trace is never lost: what cannot be looked up stays as the bundle has it.
 */
import type { SourceMap } from 'node:module';

const HERE = new URL('.', import.meta.url).href;
const maps = new Map<string, SourceMap>();

Error.prepareStackTrace = (error, frames) =>
  [headOf(error), ...frames.map((frame) => `    at ${placed(frame)}`)].join('\n');

function headOf(error: Error): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

function placed(frame: NodeJS.CallSite): string {
  const text = String(frame);
  try {
    const file = frame.getScriptNameOrSourceURL();
    const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
    if (!file?.startsWith(HERE) || line === null || column === null) return text;
    // Both sides count lines and columns of a trace from 1.
    const origin = mapOf(file).findOrigin(line, column);
    if (!('fileName' in origin)) return text;
    const place = `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`;
    return text.replace(`${file}:${line}:${column}`, () => place);
  } catch {
    return text;
  }
}

function mapOf(file: string): SourceMap {
  const known = maps.get(file);
  if (known !== undefined) return known;
  // Not imported: the exports of both modules would be read at the start, for nothing.
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { SourceMap } = process.getBuiltinModule('node:module');
  const map = new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), 'utf8')));
  maps.set(file, map);
  return map;
}
