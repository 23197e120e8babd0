/**
 * The rollover's bundle, run once in a process of its own; prints its report as JSON.
 */
import { pathToFileURL } from 'node:url';
import { invocationContext } from '../../local/function-url-event.ts';

const TIMEOUT_MS = 30_000;

const { handler } = await load();
const report: unknown = await handler({}, invocationContext('rehearsal', TIMEOUT_MS));
process.stdout.write(`report ${JSON.stringify(report)}\n`);

/** As Lambda's runtime does, it tells the trace alone: Node itself would quote the whole bundle. */
async function load() {
  try {
    return await import(pathToFileURL(process.argv[2] ?? '').href);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
}
