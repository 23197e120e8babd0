/**
 * What a run was made on: figures of two machines are not to be compared.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, totalmem } from 'node:os';
import path from 'node:path';
import { isPinned } from './programs.ts';

const GB = 1024 ** 3;
const ROOT = path.resolve(import.meta.dirname, '..');

/** The load of the last minute before the run, as the system tells it. */
export const loadNow = (): string => loadavg()[0]?.toFixed(1) ?? '?';

/** One line for each fact. */
export function describeMachine(loadBefore: string): string {
  const facts = {
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / GB)} GB`,
    system: `${platform()} ${release()}, Node ${process.version}`,
    pinned: isPinned
      ? 'targets on the last core, all else on the first'
      : 'no: no taskset, or one core',
    load: `${loadBefore} before the run`,
    date: new Date().toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length),
    commit: commit(),
  };
  return Object.entries(facts)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
    const isChanged = git('status', '--porcelain').trim() !== '';
    return git('rev-parse', '--short', 'HEAD').trim() + (isChanged ? ' and changes' : '');
  } catch {
    return 'not known';
  }
}
