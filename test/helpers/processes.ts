/**
 * Programs of the project as processes of their own: started, waited for, ended by their id.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PROGRAM_ENVIRONMENT } from './program-environment.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const READY_WITHIN_MS = 30_000;
const URL_IN_LINE = /https?:\/\/[^\s]+/;

export interface RunningProgram {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything it has written to stdout. */
  output(): string;
  /** Memory that it holds now, in bytes (Linux); undefined elsewhere. */
  residentBytes(): Promise<number | undefined>;
  /** Sends the signal to this process and resolves with its exit code once it has ended. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `node <script> <args>` in `cwd`; resolves with the first URL that it prints. */
export async function startProgram(
  script: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<RunningProgram> {
  const child = spawn(process.execPath, [path.join(ROOT, script), ...args], {
    cwd: options.cwd,
    env: { ...PROGRAM_ENVIRONMENT, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not ready in time')), READY_WITHIN_MS);
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      const found = URL_IN_LINE.exec(line)?.[0];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`${script} ended with ${code}: ${errors}`));
    });
  });
  return {
    url,
    process: child,
    output: () => output,
    residentBytes: () => residentBytes(child.pid ?? 0),
    async end(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

const KIB = 1024;

async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * KIB;
  } catch {
    return undefined;
  }
}

/** A folder of the test's own, and how to remove it. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hardcap-test-'));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
