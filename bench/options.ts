/**
 * The command line of `npm run bench`.
 */
import { Command, InvalidArgumentError } from 'commander';
import { SCENARIO_NAMES } from './scenarios.ts';
import { TARGETS } from './targets.ts';

export interface BenchOptions {
  /** Names of scenarios; absent: all. */
  readonly only?: readonly string[];
  /** Names of targets; absent: all. */
  readonly targets?: readonly string[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** How many of a scenario's requests are made in a round, as a share of them. */
  readonly share: number;
  /** How much of the warm-up is made, as a share of it. */
  readonly warmUpShare: number;
  readonly dynamodbDelayMs: number;
  readonly withPortkey: boolean;
  readonly startUp: boolean;
  /** Whether the report replaces bench/RESULTS.md. */
  readonly write: boolean;
}

const DEFAULT_ROUNDS = 9;
const CONNECTIONS = [1, 8, 32];
const QUICK_ROUNDS = 2;
const QUICK_CONNECTIONS = [1, 8];
const QUICK_SHARE = 0.2;
const QUICK_WARM_UP_SHARE = 0.2;

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const numbers = (text: string): number[] => text.split(',').map(wholeNumber);

const namesOf =
  (known: readonly string[]) =>
  (text: string): string[] => {
    const names = text.split(',');
    const strange = names.find((name) => !known.includes(name));
    if (strange === undefined) return names;
    throw new InvalidArgumentError(`"${strange}" is not one of ${known.join(', ')}.`);
  };

/** Ends the process with a message where the command line is wrong. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const targetNames = TARGETS.map(({ name }) => name);
  const { quick, connections, rounds, dynamodbDelay, ...rest } = new Command()
    .name('npm run bench --')
    .option('--quick', 'few rounds of few requests: about a minute', false)
    .option('--only <scenarios>', SCENARIO_NAMES.join(', '), namesOf(SCENARIO_NAMES))
    .option('--targets <targets>', targetNames.join(', '), namesOf(targetNames))
    .option(
      '--connections <numbers>',
      `default ${CONNECTIONS}, quick ${QUICK_CONNECTIONS}`,
      numbers,
    )
    .option('--rounds <number>', `default ${DEFAULT_ROUNDS}, quick ${QUICK_ROUNDS}`, wholeNumber)
    .option('--dynamodb-delay <ms>', 'what every answer of DynamoDB waits', wholeNumber, 0)
    .option('--with-portkey', 'install a public gateway from npm and compare with it', false)
    .option('--no-start-up', 'leave the start-up out')
    .option('--write', 'keep the report in bench/RESULTS.md', false)
    .parse([...argv])
    .opts<Given>();
  return {
    ...rest,
    connections: connections ?? (quick ? QUICK_CONNECTIONS : CONNECTIONS),
    rounds: rounds ?? (quick ? QUICK_ROUNDS : DEFAULT_ROUNDS),
    share: quick ? QUICK_SHARE : 1,
    warmUpShare: quick ? QUICK_WARM_UP_SHARE : 1,
    dynamodbDelayMs: dynamodbDelay,
  };
}

interface Given
  extends Omit<
    BenchOptions,
    'connections' | 'rounds' | 'share' | 'warmUpShare' | 'dynamodbDelayMs'
  > {
  readonly quick: boolean;
  readonly connections?: readonly number[];
  readonly rounds?: number;
  readonly dynamodbDelay: number;
}
