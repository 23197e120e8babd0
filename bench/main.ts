/**
 * `npm run bench`: the gateway beside a direct call and beside the least that a gateway can do.
 *
 * bench/README.md says how to read what it prints.
 */
import { Command, InvalidArgumentError } from 'commander';
import { writeReport } from './report.ts';
import { run } from './run.ts';
import { SCENARIO_NAMES, SCENARIOS } from './scenarios.ts';
import { TARGETS } from './targets.ts';

const wholeNumbers = (text: string): number[] =>
  text.split(',').map((part) => {
    if (!/^\d{1,5}$/.test(part)) throw new InvalidArgumentError('whole numbers, as in 1,8,32');
    return Number(part);
  });

const names =
  (known: readonly string[]) =>
  (text: string): string[] =>
    text.split(',').map((part) => {
      if (!known.includes(part)) throw new InvalidArgumentError(`of: ${known.join(', ')}`);
      return part;
    });

const DEFAULT_ROUNDS = 9;
const QUICK_ROUNDS = 3;
const QUICK_SHARE = 0.25;

const { quick, only, targets, connections, rounds, dynamodbDelay } = new Command()
  .name('npm run bench --')
  .option('--quick', 'fewer rounds of fewer requests: about a minute', false)
  .option('--only <scenarios>', SCENARIO_NAMES.join(', '), names(SCENARIO_NAMES))
  .option(
    '--targets <targets>',
    TARGETS.map(({ name }) => name).join(', '),
    names(TARGETS.map(({ name }) => name)),
  )
  .option('--connections <numbers>', 'how many at a time', wholeNumbers, [1, 8, 32])
  .option('--rounds <number>', `how many rounds (default: ${DEFAULT_ROUNDS})`, wholeNumbers)
  .option('--dynamodb-delay <ms>', 'how long every answer of DynamoDB waits', wholeNumbers, [0])
  .parse()
  .opts<{
    quick: boolean;
    only?: string[];
    targets?: string[];
    connections: number[];
    rounds?: number[];
    dynamodbDelay: number[];
  }>();

const result = await run({
  targets: TARGETS.filter(({ name }) => targets?.includes(name) ?? true),
  scenarios: SCENARIOS.filter(({ name }) => only?.includes(name) ?? true),
  connections,
  rounds: rounds?.[0] ?? (quick ? QUICK_ROUNDS : DEFAULT_ROUNDS),
  share: quick ? QUICK_SHARE : 1,
  dynamodbDelayMs: dynamodbDelay[0] ?? 0,
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
process.stdout.write(writeReport(result, { targets: TARGETS, scenarios: SCENARIOS, connections }));
