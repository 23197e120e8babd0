/**
 * The alarms: what a person must hear of, each with what it means and where its runbook is.
 *
 * Not here: what to do (docs/runbook.md, one section for each anchor named here).
 */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { metric } from './metric.ts';

/** What is watched and who hears of it. */
export interface AlarmsProps {
  readonly gateway: IFunction;
  /** Seconds. */
  readonly gatewayTimeoutSeconds: number;
  readonly ledgerTable: Pick<ITable, 'metric'>;
  readonly rolloverDeadLetterQueue: IQueue;
  /** The alarm is raised when the prices are older than this. */
  readonly catalogueMaxAgeDays: number;
  /** How many refusals, or wrong keys, in 5 minutes are too many; 0: no number is. */
  readonly refusals: number;
  /** Where the runbook is read; an alarm adds `#` and its section. */
  readonly runbookUrl: string;
  /** @default - nobody is mailed; subscribe to the topic by hand */
  readonly email?: string;
  /** Encrypts the topic. @default - a key of AWS */
  readonly encryptionKey?: IKey;
}

/** What rings, and what it means. */
export interface Watch {
  readonly metric: Metric;
  readonly meaning: string;
  /** Section of the runbook. */
  readonly anchor: string;
  /** @default 1 */
  readonly threshold?: number;
  /** Whether it rings where the metric is less than the threshold, or absent. @default false */
  readonly isOfAbsence?: boolean;
}

/** One topic and the alarms that publish to it. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly #runbookUrl: string;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = this.#createTopic(props.email, props.encryptionKey);
    this.#runbookUrl = props.runbookUrl;
    for (const [name, watch] of Object.entries({ ...watches(props), ...surges(props) })) {
      this.watch(name, watch);
    }
  }

  /** Adds an alarm that publishes to the topic. */
  watch(name: string, watch: Watch): void {
    const { metric, meaning, anchor, threshold = 1, isOfAbsence = false } = watch;
    new Alarm(this, name, {
      metric,
      alarmDescription: `hardcap: ${meaning} Runbook: ${this.#runbookUrl}#${anchor}`,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: isOfAbsence
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // The metrics are written only when there is something to count.
      treatMissingData: isOfAbsence ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.topic));
  }

  #createTopic(email: string | undefined, masterKey: IKey | undefined): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: 'hardcap alarms',
      enforceSSL: true,
      ...(masterKey === undefined ? {} : { masterKey }),
    });
    // A topic with a policy of its own loses the default one, by which alarms could publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccountPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    );
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }
}

/** A single call fails now and then; this many in 5 minutes are no accident. */
const LEDGER_ERRORS = 5;
/** Throttled writes are tried again; this many in 5 minutes are a counter that is too busy. */
const LEDGER_THROTTLES = 10;
const NEAR_TIMEOUT_PERCENT = 90;
const MS_PER_SECOND = 1_000;

/** An alarm is an entry of one of these, with a section in docs/runbook.md of its anchor's name. */
const watches = (props: AlarmsProps): Readonly<Record<string, Watch>> => ({
  ...ofTheBooks(props),
  ...ofTheSettings(props),
  ...ofTheFunctions(props),
});

const ofTheBooks = ({ ledgerTable }: AlarmsProps): Readonly<Record<string, Watch>> => ({
  SettleFailures: {
    metric: metric('settleFailures'),
    anchor: 'settle-failures',
    meaning:
      'a request was served but its cost could not be settled. Its reservation will be charged ' +
      'in full when it expires; the log line of the failure holds what is needed to correct it.',
  },
  Overruns: {
    metric: metric('overruns'),
    anchor: 'overruns',
    meaning:
      'a request cost more than was reserved for it. The true cost is recorded; compare the ' +
      "model's price lines with what Bedrock charges before you trust its caps again.",
  },
  GatewayInvariantBroken: {
    metric: metric('invariantBroken'),
    anchor: 'invariant-broken',
    meaning: 'the gateway found its own books impossible. Stop spending and read its log.',
  },
  RolloverInvariantBroken: {
    metric: metric('invariantBroken', { service: 'rollover' }),
    anchor: 'invariant-broken',
    meaning: 'the rollover found impossible books. Stop spending and read its log.',
  },
  LedgerErrors: {
    metric: metric('ledgerErrors'),
    anchor: 'ledger-errors',
    threshold: LEDGER_ERRORS,
    meaning:
      'the ledger table does not answer the gateway. Requests are refused (503) while it lasts, ' +
      'and nothing is sent.',
  },
  LedgerThrottled: {
    metric: ledgerTable.metric('WriteThrottleEvents', {
      statistic: 'Sum',
      period: Duration.minutes(5),
    }),
    anchor: 'ledger-throttled',
    threshold: LEDGER_THROTTLES,
    meaning:
      'DynamoDB throttles writes to the ledger: a cap that all share is busier than one item can ' +
      'be. Requests wait, and some are refused (503).',
  },
  ReservationsExpired: {
    metric: metric('expired', { service: 'rollover' }),
    anchor: 'reservations-expired',
    meaning:
      'a request ended without settling, so that it is charged in full. Its gateway crashed or ' +
      'timed out, or the settle had failed.',
  },
});

const ofTheSettings = ({ catalogueMaxAgeDays }: AlarmsProps): Readonly<Record<string, Watch>> => ({
  MalformedSettings: {
    metric: metric('malformedSettings', { period: Duration.minutes(1) }),
    anchor: 'malformed-settings',
    meaning:
      'a settings item cannot be read, and requests that it could cover are refused. The log ' +
      'names the item and the field: correct it in the settings table.',
  },
  PricesOld: {
    metric: metric('catalogueAgeDays', {
      service: 'rollover',
      statistic: 'Maximum',
      period: Duration.hours(1),
    }),
    anchor: 'prices-old',
    threshold: catalogueMaxAgeDays + 1,
    meaning:
      `neither a release nor a refresh has looked at the prices for ${catalogueMaxAgeDays} ` +
      'days. Caps are as hard as their prices: run "hardcap prices refresh", or update hardcap.',
  },
});

const ofTheFunctions = (props: AlarmsProps): Readonly<Record<string, Watch>> => ({
  RolloverLate: {
    metric: metric('rolloverRuns', { service: 'rollover' }),
    anchor: 'rollover-late',
    isOfAbsence: true,
    meaning:
      'the rollover function has not done its work for 5 minutes. No cap waits for it, but ' +
      'crashed requests are not charged, and no threshold is told.',
  },
  RolloverFailed: {
    metric: props.rolloverDeadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period: Duration.minutes(5),
    }),
    anchor: 'rollover-failed',
    meaning:
      'runs of the rollover function failed: stale reservations may stay uncharged. Read its ' +
      'log, then purge the dead-letter queue; the next run catches up.',
  },
  EventsNotDelivered: {
    metric: metric('eventFailures', { service: 'rollover' }),
    anchor: 'events-not-delivered',
    meaning:
      'alerts could not be given to EventBridge. Each run tries again; no cap and no request ' +
      'waits for it.',
  },
  GatewayFailed: {
    metric: props.gateway.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) }),
    anchor: 'gateway-failed',
    meaning:
      'the gateway function crashed or timed out. What was reserved is charged in full when it ' +
      'expires; read its log.',
  },
  GatewayThrottled: {
    metric: props.gateway.metricThrottles({ statistic: 'Sum', period: Duration.minutes(5) }),
    anchor: 'gateway-throttled',
    meaning:
      'more requests came at a time than the gateway has concurrency for, and were turned away. ' +
      'Raise reservedConcurrency, or look for a flood.',
  },
  GatewayNearTimeout: {
    metric: props.gateway.metricDuration({ statistic: 'Maximum', period: Duration.minutes(5) }),
    anchor: 'gateway-near-timeout',
    threshold: (props.gatewayTimeoutSeconds * MS_PER_SECOND * NEAR_TIMEOUT_PERCENT) / 100,
    meaning:
      `a request took ${NEAR_TIMEOUT_PERCENT} % of the function's time-out or more. One that ` +
      'takes all of it is cut and charged.',
  },
});

/** What is no fault of hardcap's: many refusals are a cap at work, or a program gone wild. */
function surges({ refusals: threshold }: AlarmsProps): Readonly<Record<string, Watch>> {
  if (threshold === 0) return {};
  return {
    RefusalsSurge: {
      metric: metric('refusals'),
      anchor: 'refusals-surge',
      threshold,
      meaning:
        `caps refused ${threshold} requests or more in 5 minutes: a cap that many need is full, ` +
        'or a program asks again and again.',
    },
    AuthenticationFailuresSurge: {
      metric: metric('authenticationFailures'),
      anchor: 'authentication-failures',
      threshold,
      meaning:
        `${threshold} requests or more in 5 minutes had no key or a wrong one: a program with an ` +
        'old key, or somebody who tries the door.',
    },
  };
}
