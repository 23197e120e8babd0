/**
 * The console of local mode: everything goes to stderr, one JSON line each, so that stdout holds
 * only the lines for people.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';

/**
 * Makes the functions' logger, and whatever else prints, write to stderr. To be called before the
 * functions' code is loaded.
 */
export function logToStderr(): void {
  // Without it the logger opens a console of its own, on stdout; with it, it indents its JSON.
  process.env.POWERTOOLS_DEV = 'true';
  // Requests share one line of metrics where several run at a time: for one that tries it.
  process.env.POWERTOOLS_METRICS_DISABLED ??= 'true';
  const lines = new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      process.stderr.write(`${logLine(text.toString())}\n`);
      done();
    },
  });
  globalThis.console = new Console(lines, lines);
}

/** What was printed, as one line of JSON; text that is no JSON becomes its message. */
export function logLine(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return JSON.stringify(parsed);
  } catch {
    // Something other than the logger has printed.
  }
  return JSON.stringify({ level: 'INFO', message: text.trimEnd() });
}
