/**
 * The gateway's bundle behind the imitated Function URL, in a process of its own.
 *
 * `node --import bedrock-here.ts serve-bundle.ts <index.mjs>` prints its address, and ends with
 * its parent's pipe.
 */
import { pathToFileURL } from 'node:url';
import { installAwslambda } from '../../local/function-url-response.ts';
import { startFunctionUrlServer } from '../../local/function-url-server.ts';

const TIMEOUT_MS = 30_000;

// As the runtime does: before the handler's module is loaded.
installAwslambda();
const { handler } = await import(pathToFileURL(process.argv[2] ?? '').href);
const server = await startFunctionUrlServer({ handler, port: 0, timeoutMs: TIMEOUT_MS });
process.stdout.write(`${server.url}\n`);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
