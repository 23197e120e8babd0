/**
 * The options of `npm start`, by arguments or by environment.
 */
import { Command, InvalidArgumentError, Option } from 'commander';

export interface StartOptions {
  readonly port: number;
  readonly upstream: string;
  readonly ledger: string;
  readonly dataDir?: string;
  readonly seed?: string;
  readonly ssmDir?: string;
  readonly functionTimeoutMs?: number;
  readonly rolloverIntervalMs?: number;
}

const DEFAULT_PORT = 8787;
const MAX_PORT = 65_535;
/** Lambda's own bound. */
const MAX_FUNCTION_TIMEOUT_MS = 900_000;
const MAX_ROLLOVER_INTERVAL_MS = 86_400_000;

/**
 * Reads the options. What is wrong with one goes to stderr, naming it, and ends the process, as
 * `--help` does.
 */
export function readStartOptions(argv: readonly string[]): StartOptions {
  return startCommand().parse(argv).opts<StartOptions>();
}

const WHOLE_NUMBER = /^\d{1,15}$/;

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (WHOLE_NUMBER.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };

function path(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

const startCommand = (): Command =>
  new Command('npm start --')
    .description('Runs the hardcap gateway on this machine.')
    .addOption(
      new Option('--port <number>', 'port on 127.0.0.1; 0 chooses a free one')
        .env('HARDCAP_PORT')
        .argParser(wholeNumber(0, MAX_PORT))
        .default(DEFAULT_PORT),
    )
    .addOption(
      new Option('--upstream <simulated|aws|url>', 'what is called as Bedrock')
        .env('HARDCAP_UPSTREAM')
        .default('simulated'),
    )
    .addOption(
      new Option('--ledger <embedded|aws|url>', 'the DynamoDB that holds both tables')
        .env('HARDCAP_LEDGER')
        .default('embedded'),
    )
    .addOption(
      new Option('--data-dir <dir>', 'keeps the embedded DynamoDB there; without it, in memory')
        .env('HARDCAP_DATA_DIR')
        .argParser(path),
    )
    .addOption(
      new Option('--seed <file.json>', 'keys, caps and prices to write over what is there')
        .env('HARDCAP_SEED')
        .argParser(path),
    )
    .addOption(
      new Option('--ssm-dir <folder>', 'files that stand for SSM parameters: <folder>/<capId>')
        .env('HARDCAP_SSM_DIR')
        .argParser(path),
    )
    .addOption(
      new Option('--function-timeout-ms <number>', "the function's time-out")
        .env('HARDCAP_FUNCTION_TIMEOUT_MS')
        .argParser(wholeNumber(1, MAX_FUNCTION_TIMEOUT_MS)),
    )
    .addOption(
      new Option('--rollover-interval-ms <number>', 'how often stale reservations are expired')
        .env('HARDCAP_ROLLOVER_INTERVAL_MS')
        .argParser(wholeNumber(1, MAX_ROLLOVER_INTERVAL_MS)),
    );
