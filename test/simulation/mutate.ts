/**
 * `npm run simulate:mutants -- --only <text>`: breaks copies of the protocol, and tells which seed
 * noticed each; without `--only` all of them.
 *
 * The copies lie below the project, so that they find its packages; nothing in place is changed.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SCRATCH = path.join(ROOT, '.mutants');
const SEEDS = 10_000;
const AT_ONCE = 2;
const NAME_WIDTH = 52;

const run = promisify(execFile);

/** The seed at which the simulation noticed; undefined where the mutant lived. */
async function killedAt(mutant: Mutant, index: number): Promise<string | undefined> {
  const folder = path.join(SCRATCH, String(index));
  await mkdir(folder, { recursive: true });
  await cp(path.join(ROOT, 'lambda'), path.join(folder, 'lambda'), { recursive: true });
  const simulation = path.join('test', 'simulation');
  await cp(path.join(ROOT, simulation), path.join(folder, simulation), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}\n');
  const file = path.join(folder, mutant.file);
  const source = await readFile(file, 'utf8');
  const pieces = source.split(mutant.from);
  if (pieces.length !== 2) {
    throw new Error(`mutant "${mutant.name}": its text stands ${pieces.length - 1} times`);
  }
  await writeFile(file, pieces.join(mutant.to));
  try {
    await run(process.execPath, [path.join(simulation, 'simulate.ts'), '--seeds', String(SEEDS)], {
      cwd: folder,
    });
    return undefined;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    const seed = /--from (\d+)/.exec(stdout)?.[1];
    if (seed === undefined) throw new Error(`mutant "${mutant.name}" does not run: ${stderr}`);
    return `seed ${seed}: ${/seed \d+: (.*)/.exec(stdout)?.[1] ?? stdout.trim().slice(0, 120)}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
const queue = chosen.map((mutant, index) => ({ mutant, index }));
let living = 0;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const killed = await killedAt(next.mutant, next.index);
      if (killed === undefined) living += 1;
      process.stdout.write(
        `${next.mutant.name.padEnd(NAME_WIDTH)} ${killed ?? `LIVES after ${SEEDS} seeds`}\n`,
      );
    }
  }),
);
await rm(SCRATCH, { recursive: true, force: true });
process.stdout.write(`${chosen.length - living} of ${chosen.length} mutants noticed\n`);
process.exitCode = living === 0 ? 0 : 1;
