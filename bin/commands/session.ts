/**
 * What every command has in hand: the connection, the output and the time.
 *
 * Owns: the options that all commands share.
 */
import { type Command, Option } from 'commander';
import { awsAuthor, localAuthor } from './author.ts';
import { type Connection, type ConnectionOptions, connect } from './connection.ts';
import { createOutput, type Output } from './output.ts';

export interface Session {
  readonly connection: Connection;
  readonly output: Output;
  readonly nowMs: number;
  /** Who makes changes, for the history of what is changed; asked for once. */
  readonly author: () => Promise<string>;
  /** Why, as --reason says it. */
  readonly reason?: string;
  /** Whether --yes answers every question. */
  readonly isSure: boolean;
}

type SharedOptions = ConnectionOptions & {
  readonly json?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
};

const DEFAULT_DATA_DIR = '.hardcap';

/** Adds the options that say where to work and how to print. */
export function addSharedOptions(program: Command): Command {
  return program
    .option('--json', 'print JSON')
    .option('--yes', 'do not ask before what cannot be undone')
    .option('--reason <text>', "why, for the changed item's history")
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
  const options = command.optsWithGlobals<SharedOptions>();
  const output = createOutput(options.json === true);
  const connection = await connect(options);
  return {
    connection,
    output,
    nowMs: Date.now(),
    author: authorOf(connection, options),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    isSure: options.yes === true,
  };
}

/** Credentials that were made up for a store of this machine name nobody. */
function authorOf({ isLocal }: Connection, { region, profile }: SharedOptions) {
  const options = {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  let asked: Promise<string> | undefined;
  return () => {
    asked ??= isLocal ? Promise.resolve(localAuthor()) : awsAuthor(options);
    return asked;
  };
}
