/**
 * `hardcap status --watch`: reads again and again, and shows what it read.
 *
 * Crash: a reading that fails is shown and tried again; only the first one ends the command, as a
 *        plain `status` would end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { type Connection, type ConnectionOptions, connectLocal } from './connection.ts';
import { CliFailure, explain, wrongUse } from './failure.ts';
import { openSession } from './session.ts';
import { type Paint, watchFrame } from './watch-frame.ts';
import { paceMs, readOnce, type WatchReading } from './watch-reading.ts';
import { openScreen } from './watch-screen.ts';
import {
  failureJson,
  viewAfter,
  viewAfterFailure,
  type WatchView,
  watchJson,
} from './watch-view.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const DURATION = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m)?$/;
const LEAST_MS = 500;
const MOST_MS = 3_600_000;

/** Milliseconds of `2s`, `500ms`, `1m` or `2`, which is seconds. @throws CliFailure */
export function parseEvery(text: string): number {
  const [, figure = '', unit = 's'] = DURATION.exec(text.trim()) ?? [];
  const everyMs = figure === '' ? Number.NaN : Number(figure) * (UNITS_MS[unit] ?? Number.NaN);
  if (everyMs >= LEAST_MS && everyMs <= MOST_MS) return Math.round(everyMs);
  throw wrongUse(`--every "${text}" is not a time from 500ms to 60m, such as 2s`);
}

/** What became of a reading. */
type Turn =
  | { readonly kind: 'read'; readonly name: string; readonly reading: WatchReading }
  | { readonly kind: 'failed'; readonly problem: string };

/**
 * Watches until the process is ended.
 *
 * @throws CliFailure where the terminal is none and no JSON was asked for; what the first reading
 *         fails with
 */
export async function watchStatus(command: Command, everyMs: number): Promise<void> {
  const asJson = command.optsWithGlobals<{ json?: boolean }>().json === true;
  if (!asJson && !process.stdout.isTTY) {
    throw wrongUse(
      '--watch draws on a terminal, and stdout is none; add --json for one JSON object a line',
    );
  }
  const session = await openSession(command);
  const first = await readOnce(session.connection);
  const show = asJson ? printLines() : drawScreen(everyMs);
  let view = viewAfter(undefined, session.connection.name, first);
  let pace = paceMs(everyMs, first.reads);
  show.read(view, pace);
  for await (const turn of turns(command, session.connection, () => pace)) {
    if (turn.kind === 'read') {
      view = viewAfter(view, turn.name, turn.reading);
      pace = paceMs(everyMs, turn.reading.reads);
      show.read(view, pace);
    } else {
      view = viewAfterFailure(view, turn.problem, Date.now());
      show.failed(view, pace);
    }
  }
}

/** A gateway that was started again has its tables at another port; AWS is where it was. */
function connectAgain(command: Command, lost: Connection): Connection {
  if (!lost.isLocal || lost.gatewayUrl === undefined) return lost;
  const found = connectLocal(command.optsWithGlobals<ConnectionOptions>());
  if (found === undefined) {
    throw new CliFailure('the local gateway has ended; start it again with npm start');
  }
  lost.client.destroy();
  return found;
}

/** Readings without end. After one that failed the tables are looked for anew. */
async function* turns(
  command: Command,
  opened: Connection,
  pace: () => number,
): AsyncGenerator<Turn, never> {
  let connection = opened;
  let isLost = false;
  for (;;) {
    await sleep(pace());
    try {
      if (isLost) connection = connectAgain(command, connection);
      isLost = false;
      yield { kind: 'read', name: connection.name, reading: await readOnce(connection) };
    } catch (error) {
      isLost = true;
      yield { kind: 'failed', problem: explain(error) };
    }
  }
}

interface Show {
  read(view: WatchView, paceMs: number): void;
  failed(view: WatchView, paceMs: number): void;
}

function printLines(): Show {
  const print = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read the lines has enough of them.
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  return {
    read: (view) => print(watchJson(view)),
    failed: ({ problem }) => print(failureJson(problem?.text ?? '', Date.now())),
  };
}

const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

function drawScreen(everyMs: number): Show {
  const quit = () => process.exit(0);
  const screen = openScreen(process.stdout, process.stdin, quit, () => {
    process.kill(process.pid, 'SIGSTOP');
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quit);
  const draw = (view: WatchView, pace: number) =>
    screen.draw((size) => watchFrame(view, size, Math.max(pace, everyMs), paint));
  return { read: draw, failed: draw };
}
