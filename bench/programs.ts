/**
 * The programs of a run: started one process each, pinned to a core, measured, ended by their id.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { FromProgram, ToProgram, Usage } from './control.ts';

const READY_WITHIN_MS = 30_000;
const END_WITHIN_MS = 10_000;

/** Targets have the last core for themselves; everything else shares the first. */
export const CORES = { others: 0, targets: availableParallelism() - 1 } as const;

/** Whether programs can be pinned to a core on this machine. */
export const isPinned: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** Pins this process, which asks the targets, to the core that is not theirs. */
export function pinSelf(): void {
  if (isPinned) spawnSync('taskset', ['-acp', String(CORES.others), String(process.pid)]);
}

export interface Program {
  readonly url: string;
  /** What it has used since it started; `collect` asks for a collection of garbage before. */
  measure(collect?: boolean): Promise<Usage>;
  end(): Promise<void>;
}

/** Starts a program of this folder, and resolves when it has said where it listens. */
export async function startProgram(
  script: string,
  core: number,
  env: Readonly<Record<string, string>>,
): Promise<Program> {
  const file = path.join(import.meta.dirname, script);
  const node = [process.execPath, '--expose-gc', ...profileFlags(core), file];
  const [command = '', ...rest] = isPinned ? ['taskset', '-c', String(core), ...node] : node;
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const complaints = complaintsOf(child);
  const ready = await answerOf(child, 'ready', READY_WITHIN_MS, complaints).catch((error) => {
    child.kill();
    throw error;
  });
  return {
    url: ready.url,
    measure: async (collect = false) => {
      const answer = answerOf(child, 'usage', READY_WITHIN_MS, complaints);
      const question: ToProgram = { kind: 'measure', collect };
      child.send(question);
      return answer;
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      const killer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
      // It exits by itself, so that a profile is written.
      child.disconnect();
      await exited;
      clearTimeout(killer);
    },
  };
}

/** With BENCH_PROFILE every target leaves a CPU profile in that folder when it ends. */
function profileFlags(core: number): string[] {
  const folder = process.env.BENCH_PROFILE;
  const isProfiled = folder !== undefined && folder !== '' && core === CORES.targets;
  return isProfiled ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
}

/** The end of what the program has written to stderr. */
function complaintsOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-2_000);
  });
  return () => text;
}

type Answer<Kind> = Extract<FromProgram, { readonly kind: Kind }>;

function answerOf<Kind extends FromProgram['kind']>(
  child: ChildProcess,
  kind: Kind,
  withinMs: number,
  complaints: () => string,
): Promise<Answer<Kind>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: FromProgram): void => {
      if (message.kind !== kind) return;
      stop();
      resolve(message as Answer<Kind>);
    };
    const fail = (why: string) => (): void => {
      stop();
      reject(new Error(`${child.spawnargs.join(' ')}: ${why}\n${complaints()}`));
    };
    const onExit = fail('it has ended');
    const timer = setTimeout(fail(`no answer within ${withinMs} ms`), withinMs);
    const stop = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
