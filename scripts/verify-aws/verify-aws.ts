/**
 * `npm run verify:aws`: what only AWS can show, checked on a deployed gateway (or, as far as that
 * goes, on a local one).
 *
 * Exit codes: 0 nothing differs, 1 something differs, 2 written wrongly.
 */
import { CommanderError } from 'commander';
import { explain } from '../../bin/commands/failure.ts';
import { createOutput } from '../../bin/commands/output.ts';
import { CHECKS } from './all-checks.ts';
import { readVerifyOptions, type VerifyOptions } from './options.ts';
import { reportJson, reportText } from './report.ts';
import { runChecks } from './run-checks.ts';
import { createScene } from './scene.ts';

const DIFFERS = 1;
const WRONG_USE = 2;

async function verify(options: VerifyOptions): Promise<number> {
  const scene = await createScene(options);
  const chosen = CHECKS.filter(({ id }) => options.only.length === 0 || options.only.includes(id));
  const results = await runChecks(chosen, scene, (id) => {
    if (process.stderr.isTTY) process.stderr.write(`checking ${id} ...\n`);
  });
  const spent = scene.caller.spendLimit.spent();
  createOutput(options.json === true).result(reportJson(results, spent), () =>
    reportText(results, spent),
  );
  return results.some(({ verdict }) => verdict === 'differs') ? DIFFERS : 0;
}

async function main(): Promise<number> {
  try {
    return await verify(readVerifyOptions(process.argv));
  } catch (error) {
    // Commander has said what is wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
    process.stderr.write(`verify:aws: ${explain(error)}\n`);
    return WRONG_USE;
  }
}

process.exitCode = await main();
