/**
 * `npm run bench`: the gateway beside a direct call and beside the least that keeps books.
 *
 * bench/README.md says how to read what it prints; with --write it is kept in bench/RESULTS.md.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeMachine, loadNow } from './machine.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { type InstalledPortkey, installPortkey } from './portkey.ts';
import { pinSelf } from './programs.ts';
import { type Asked, reportOf } from './report.ts';
import { type Result, run } from './run.ts';
import { SCENARIOS } from './scenarios.ts';
import { STANDSTILL_MS } from './slow-reader.ts';
import { measureStartUp } from './start-up.ts';
import { TARGETS } from './targets.ts';

const options = readOptions(process.argv);
const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const load = loadNow();
const portkey = options.withPortkey ? await portkeyIfPossible() : undefined;
try {
  const asked = askedBy(options, portkey);
  const result = await measure(asked, options);
  const how = `${options.rounds} rounds of ${options.share * 100} % of the requests`;
  const report = `${describeMachine(load)}\nrun: ${how}\n\n${reportOf(result, asked)}`;
  process.stdout.write(report);
  if (options.write) await keep(report);
} finally {
  await portkey?.remove();
}

async function portkeyIfPossible(): Promise<InstalledPortkey | undefined> {
  note('installing the public gateway');
  try {
    return await installPortkey();
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    note(`the public gateway is left out, as npm could not install it: ${why}`);
    return undefined;
  }
}

function askedBy(
  { only, targets, connections }: BenchOptions,
  installed?: InstalledPortkey,
): Asked {
  const chosen = TARGETS.filter(({ name }) => targets?.includes(name) ?? true);
  return {
    targets: installed === undefined ? chosen : [...chosen, installed.target],
    scenarios: SCENARIOS.filter(({ name }) => only?.includes(name) ?? true),
    connections,
  };
}

async function measure(asked: Asked, options: BenchOptions): Promise<Result> {
  pinSelf();
  const plan = { ...options, ...asked, standstillMs: STANDSTILL_MS, onProgress: note };
  const result = await run(plan);
  if (!options.startUp) return result;
  note('start-up');
  return { ...result, startUp: await measureStartUp() };
}

async function keep(report: string): Promise<void> {
  const text =
    '# What was measured\n\nMade by `npm run bench -- --write`; [README.md](README.md) says how ' +
    `to read it.\n\n\`\`\`text\n${report}\`\`\`\n`;
  await writeFile(path.join(import.meta.dirname, 'RESULTS.md'), text);
}
