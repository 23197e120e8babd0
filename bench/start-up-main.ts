/**
 * Loads one function's module in a fresh process, and tells how long that took and of how many
 * bytes of code; chunks that nothing asked for are not loaded, and data beside the code is none.
 */
import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installAwslambda } from '../local/function-url-response.ts';
import { serveControl } from './control.ts';

const module = pathToFileURL(process.env.BENCH_MODULE ?? '').href;
const folder = path.posix.dirname(module);
const loaded: string[] = [];

installAwslambda();
registerHooks({
  load(url, context, nextLoad) {
    if (url.startsWith(folder) && url.endsWith('.mjs')) loaded.push(url);
    return nextLoad(url, context);
  },
});
const startMs = performance.now();
await import(module);
const loadMs = performance.now() - startMs;
const bytes = loaded.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0);
serveControl(`loaded://here?ms=${loadMs}&bytes=${bytes}`);
