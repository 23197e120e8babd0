/**
 * The options of `npm run verify:aws`.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { keyIdOf } from '../../lambda/domain/caller-key.ts';
import { NANO_USD_PER_USD, type NanoUsd, parseUsd } from '../../lambda/domain/money.ts';
import { CHECKS } from './all-checks.ts';

export interface VerifyOptions {
  readonly url: URL;
  readonly key: string;
  readonly region?: string;
  readonly regions: readonly string[];
  readonly stack?: string;
  readonly profile?: string;
  readonly auth: 'none' | 'iam';
  readonly maxUsd: NanoUsd;
  readonly only: readonly string[];
  readonly cheapModel?: string;
  readonly claudeModel?: string;
  readonly samples: number;
  readonly pauses: readonly number[];
  readonly parallel: number;
  readonly waitMetrics: number;
  readonly json?: boolean;
}

const MAX_SPEND = 10n * NANO_USD_PER_USD;
const MAX_COUNT = 1_000;

/** Reads them. @throws CommanderError, after its message was written to stderr */
export const readVerifyOptions = (argv: readonly string[]): VerifyOptions =>
  verifyCommand().parse(argv).opts<VerifyOptions>();

function urlValue(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new InvalidArgumentError('It must be a URL such as https://....lambda-url....on.aws.');
}

function keyValue(text: string): string {
  if (keyIdOf(text) !== undefined) return text;
  throw new InvalidArgumentError('It is no whole hardcap key (hardcap key create makes one).');
}

function spendValue(text: string): NanoUsd {
  const amount = parseUsd(text);
  if (amount !== undefined && amount > 0n && amount <= MAX_SPEND) return amount;
  throw new InvalidArgumentError('It must be dollars above 0 and up to 10, such as 0.25.');
}

function countValue(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= MAX_COUNT) return Number(text);
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${MAX_COUNT}.`);
}

function samplesValue(text: string): number {
  const count = countValue(text);
  if (count > 0) return count;
  throw new InvalidArgumentError('There is no median of none.');
}

const names = (text: string): string[] => text.split(',').map((part) => part.trim());

function checkNames(text: string): string[] {
  const known = CHECKS.map(({ id }) => id);
  const unknown = names(text).find((name) => !known.includes(name));
  if (unknown === undefined) return names(text);
  throw new InvalidArgumentError(`There is no check "${unknown}"; there are: ${known.join(', ')}.`);
}

const DEFAULT_MAX_USD = '0.25';

function verifyCommand(): Command {
  return new Command('npm run verify:aws --')
    .description('Checks on a deployed hardcap what only AWS can show. Exit code 1: it differs.')
    .exitOverride()
    .addOption(
      new Option('--url <url>', 'GatewayUrl of the stack')
        .env('HARDCAP_URL')
        .argParser(urlValue)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--key <key>', 'a hardcap key with a cap of $1 or less')
        .env('HARDCAP_KEY')
        .argParser(keyValue)
        .makeOptionMandatory(),
    )
    .option('--region <region>', 'where the stack is (default: as the URL says)')
    .option('--regions <names>', 'other regions that it serves, separated by commas', names, [])
    .option('--stack <name>', 'the stack, for what AWS credentials can see (default: Hardcap)')
    .option('--profile <name>', 'AWS profile of the account')
    .addOption(
      new Option('--auth <type>', 'AuthType of the Function URL')
        .choices(['none', 'iam'])
        .default('none'),
    )
    .option(
      '--max-usd <usd>',
      'stops before more is spent',
      spendValue,
      spendValue(DEFAULT_MAX_USD),
    )
    .option('--only <checks>', 'some checks, separated by commas', checkNames, [])
    .option('--cheap-model <id>', 'in place of Nova Micro')
    .option('--claude-model <id>', 'in place of Claude Haiku 4.5')
    .option('--samples <n>', 'requests for each latency', samplesValue, 10)
    .option(
      '--pauses <seconds>',
      'idle times between requests, separated by commas',
      (text) => names(text).map(countValue),
      [0, 5, 9, 15, 60],
    )
    .option('--parallel <n>', 'so many requests at a time', countValue, 0)
    .option(
      '--wait-metrics <seconds>',
      "how long to wait for CloudWatch's figures",
      countValue,
      300,
    )
    .option('--json', 'prints JSON');
}
