/**
 * Loads one function's module in a fresh process, and tells how long that took.
 */
import { pathToFileURL } from 'node:url';
import { installAwslambda } from '../local/function-url-response.ts';
import { serveControl } from './control.ts';

installAwslambda();
const startMs = performance.now();
await import(pathToFileURL(process.env.BENCH_MODULE ?? '').href);
const loadMs = performance.now() - startMs;
serveControl(`loaded://here?ms=${loadMs}`);
