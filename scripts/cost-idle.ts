/**
 * What a deployment costs while nobody asks for anything. A new resource is a new line here.
 */
import { METRIC } from '../lambda/contract.ts';
import { COST_FIGURES } from './cost-figures.ts';
import {
  ASSUMED,
  type CostLine,
  keptMonths,
  lambdaTime,
  MINUTES_A_MONTH,
  STACK,
} from './cost-lines.ts';

const runs = MINUTES_A_MONTH;

/** Names that gateway and rollover both write, each a metric of its own (docs/metrics.md). */
const OF_TWO_FUNCTIONS = 2;
const ALL_METRICS = Object.keys(METRIC).length + OF_TWO_FUNCTIONS;

/** Of a month in which nobody asks for anything. */
export function idleLines(): readonly CostLine[] {
  const { rollover, logBytes } = COST_FIGURES;
  const busiest = rollover['10 open counters of 10 caps'];
  const rolloverLog = BigInt(logBytes['a rollover run']) + ASSUMED.platformLogBytes;
  const syncLog = ASSUMED.syncLogBytes + ASSUMED.platformLogBytes;
  return [
    {
      what: 'rollover, its runs',
      price: 'lambdaRequests',
      units: runs,
      how: 'one a minute',
    },
    lambdaTime('rollover, its time', runs, ASSUMED.rolloverMs, STACK.rolloverMemoryMb),
    {
      what: 'rollover, its schedule',
      price: 'schedulerInvocations',
      units: runs * STACK.schedules,
      how: 'one a minute',
    },
    {
      what: 'rollover, its reads',
      price: 'dynamodbReads',
      units: runs * BigInt(busiest.readUnits),
      how: `${busiest.readUnits} a run with 10 caps and 10 open counters; 1 more for each further one`,
    },
    {
      what: 'settings from SSM, the runs of the sync',
      price: 'lambdaRequests',
      units: runs,
      how: 'one a minute',
    },
    lambdaTime('settings from SSM, their time', runs, ASSUMED.syncMs, STACK.syncMemoryMb),
    {
      what: 'settings from SSM, the schedule',
      price: 'schedulerInvocations',
      units: runs,
      how: 'one a minute; standard parameters and reading them are free',
    },
    {
      what: 'settings from SSM, their reads',
      price: 'dynamodbReads',
      units: runs * ASSUMED.syncReadUnits,
      how: `${ASSUMED.syncReadUnits} a run`,
    },
    {
      what: 'log lines, written',
      price: 'logIngestion',
      units: runs * (rolloverLog + syncLog),
      how: `${rolloverLog} and ${syncLog} bytes a minute, Lambda’s own lines included`,
    },
    {
      what: 'log lines, kept',
      price: 'logStorage',
      units: runs * (rolloverLog + syncLog) * keptMonths(STACK.logRetentionDays),
      how: `those of ${STACK.logRetentionDays} days`,
    },
    {
      what: 'metrics',
      price: 'metrics',
      units: 2n,
      how: `runs of the rollover, age of the prices; a stack in use writes at most ${ALL_METRICS}`,
    },
    { what: 'alarms', price: 'alarms', units: STACK.alarms, how: 'of the stack' },
    { what: 'dashboard', price: 'dashboards', units: STACK.dashboards, how: 'of the stack' },
    {
      what: 'tables, stored',
      price: 'dynamodbStorage',
      units: ASSUMED.tableBytes,
      how: '10 MB together',
    },
    {
      what: 'tables, their recovery',
      price: 'dynamodbRecovery',
      units: ASSUMED.tableBytes,
      how: 'the same',
    },
    {
      what: 'tables, their encryption',
      price: 'kmsRequests',
      units: (STACK.tables * MINUTES_A_MONTH) / ASSUMED.kmsIntervalMinutes,
      how: `one request in ${ASSUMED.kmsIntervalMinutes} minutes for each of ${STACK.tables} tables`,
    },
  ];
}

/** What only some deployments have, each on its own. */
export const OPTIONS: readonly CostLine[] = [
  { what: 'a key in Secrets Manager', price: 'secrets', units: 1n, how: '`--secret-name`' },
  { what: 'a KMS key of your own', price: 'kmsKeys', units: 1n, how: 'for the tables' },
  { what: 'the edge, its web ACL', price: 'wafLists', units: 1n, how: 'CloudFront itself is free' },
  { what: 'the edge, its rate rule', price: 'wafRules', units: 1n, how: 'one rule' },
  {
    what: 'all metrics at once',
    price: 'metrics',
    units: BigInt(ALL_METRICS),
    how: 'a month in which every one is written in every hour',
  },
];
