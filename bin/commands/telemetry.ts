/**
 * What a command's work tells: notices for the person who runs it, events as JSON on stderr.
 */
import type { Events } from '../../lambda/ports/events.ts';
import type { LogFields, Telemetry } from '../../lambda/ports/telemetry.ts';
import type { Output } from './output.ts';

/** One JSON line an event; who subscribed to the function's log does not hear of it. */
export const stderrEvents: Events = {
  emit: async (name, detail) => {
    process.stderr.write(`${JSON.stringify({ event: name, ...detail })}\n`);
  },
};

/** What a person should know of the run; the numbers are in the report. */
export function telemetryOf(output: Output): Telemetry {
  const notice = (message: string, fields: LogFields = {}) =>
    output.notice(Object.keys(fields).length === 0 ? message : `${message} ${textOf(fields)}`);
  return {
    info: () => undefined,
    warn: notice,
    error: notice,
    count: () => undefined,
    describe: () => undefined,
    flush: () => undefined,
  };
}

const textOf = (fields: LogFields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
