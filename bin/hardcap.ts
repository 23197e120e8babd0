#!/usr/bin/env node
/**
 * The command line: `hardcap key`, `hardcap cap`, `hardcap alias`, `hardcap prices`,
 * `hardcap status`, `hardcap usage`, `hardcap audit`, `hardcap export`, `hardcap import`,
 * `hardcap rollover`, `hardcap explain`, `hardcap doctor`.
 *
 * Exit codes: 0 done, 1 failed, 2 written wrongly. Results go to stdout, all else to stderr.
 */
import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { addAliasCommands } from './commands/alias.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addCapCommands } from './commands/cap.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addExplainCommand } from './commands/explain.ts';
import { addExportCommand } from './commands/export.ts';
import { exitCodeOf, explain } from './commands/failure.ts';
import { addImportCommand } from './commands/import.ts';
import { addKeyCommands } from './commands/key.ts';
import { printable } from './commands/malformed-view.ts';
import { addPricesCommands } from './commands/prices.ts';
import { addRolloverCommand } from './commands/rollover.ts';
import { addSharedOptions } from './commands/session.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUsageCommand } from './commands/usage.ts';

const WRONG_USE = 2;

function createProgram(): Command {
  const program = addSharedOptions(new Command('hardcap'))
    .description(
      'Hard dollar caps for Amazon Bedrock: keys, caps, names, prices and what is spent.',
    )
    .version(packageJson.version, '--version', 'print the version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  addKeyCommands(program);
  addCapCommands(program);
  addAliasCommands(program);
  addPricesCommands(program);
  addStatusCommand(program);
  addExplainCommand(program);
  addUsageCommand(program);
  addAuditCommand(program);
  addExportCommand(program);
  addImportCommand(program);
  addRolloverCommand(program);
  addDoctorCommand(program);
  return program;
}

/** Runs one command and gives its exit code. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv);
    return 0;
  } catch (error) {
    // Commander has printed its own message, or the help that was asked for, already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USE;
    const lines = explain(error).split('\n').map(printable);
    process.stderr.write(`hardcap: ${lines.join('\n')}\n`);
    return exitCodeOf(error);
  }
}

// Who reads no more (`hardcap audit | head`) is no reason to fail, or to stop halfway through a change.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
// The package holds its SDK, which keeps running on the Node that it was tested with.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
process.exitCode = await run(process.argv);
