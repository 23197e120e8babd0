/**
 * What every command has in hand: the connection, the output and the time.
 *
 * Owns: the options that all commands share.
 */
import { type Command, Option } from 'commander';
import { type Connection, type ConnectionOptions, connect } from './connection.ts';
import { createOutput, type Output } from './output.ts';

export interface Session {
  readonly connection: Connection;
  readonly output: Output;
  readonly nowMs: number;
}

const DEFAULT_DATA_DIR = '.hardcap';

/** Adds the options that say where to work and how to print. */
export function addSharedOptions(program: Command): Command {
  return program
    .option('--json', 'print JSON')
    .option('--stack <name>', 'work on this deployed stack (default: Hardcap)')
    .addOption(
      new Option('--data-dir <dir>', 'where the local gateway keeps its files')
        .default(DEFAULT_DATA_DIR)
        .env('HARDCAP_DATA_DIR'),
    )
    .option('--settings-table <name>', 'work on this settings table')
    .option('--ledger-table <name>', 'work on this ledger table')
    .option('--endpoint <url>', 'DynamoDB endpoint of the two tables')
    .option('--region <region>', 'AWS region (default: that of the AWS configuration)')
    .option('--profile <name>', 'AWS profile (default: AWS_PROFILE)');
}

/** Opens the session that the command's options describe. */
export async function openSession(command: Command): Promise<Session> {
  const options = command.optsWithGlobals<ConnectionOptions & { readonly json?: boolean }>();
  const output = createOutput(options.json === true);
  const connection = await connect(options);
  return { connection, output, nowMs: Date.now() };
}
