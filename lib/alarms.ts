/**
 * The alarms: what a person must hear of, each with what it means and what to do.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
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
  readonly rolloverDeadLetterQueue: IQueue;
  /** The alarm is raised when the prices are older than this. */
  readonly catalogueMaxAgeDays: number;
  /** @default - nobody is mailed; subscribe to the topic by hand */
  readonly email?: string;
  /** Encrypts the topic. @default - a key of AWS */
  readonly encryptionKey?: IKey;
}

interface Watch {
  readonly metric: Metric;
  readonly meaning: string;
  /** @default 1 */
  readonly threshold?: number;
}

/** One topic and the alarms that publish to it. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = this.#createTopic(props.email, props.encryptionKey);
    const action = new SnsAction(this.topic);
    for (const [name, { metric, meaning, threshold = 1 }] of Object.entries(watches(props))) {
      new Alarm(this, name, {
        metric,
        alarmDescription: `hardcap: ${meaning}`,
        threshold,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        // The metrics are written only when there is something to count.
        treatMissingData: TreatMissingData.NOT_BREACHING,
      }).addAlarmAction(action);
    }
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

const watches = (props: AlarmsProps): Readonly<Record<string, Watch>> => ({
  SettleFailures: {
    metric: metric('settleFailures'),
    meaning:
      'a request was served but its cost could not be settled. Its reservation will be charged ' +
      'in full when it expires; the log line of the failure holds what is needed to correct it.',
  },
  Overruns: {
    metric: metric('overruns'),
    meaning:
      'a request cost more than was reserved for it. The true cost is recorded; compare the ' +
      "model's price lines with what Bedrock charges before you trust its caps again.",
  },
  GatewayInvariantBroken: {
    metric: metric('invariantBroken'),
    meaning: 'the gateway found its own books impossible. Stop spending and read its log.',
  },
  RolloverInvariantBroken: {
    metric: metric('invariantBroken', { service: 'rollover' }),
    meaning: 'the rollover found impossible books. Stop spending and read its log.',
  },
  MalformedSettings: {
    metric: metric('malformedSettings', { period: Duration.minutes(1) }),
    meaning:
      'a settings item cannot be read, and requests that it could cover are refused. The log ' +
      'names the item and the field: correct it in the settings table.',
  },
  RolloverFailed: {
    metric: props.rolloverDeadLetterQueue.metricApproximateNumberOfMessagesVisible({
      statistic: 'Maximum',
      period: Duration.minutes(5),
    }),
    meaning:
      'runs of the rollover function failed: stale reservations may stay uncharged. Read its ' +
      'log, then purge the dead-letter queue; the next run catches up.',
  },
  PricesOld: {
    metric: metric('catalogueAgeDays', {
      service: 'rollover',
      statistic: 'Maximum',
      period: Duration.hours(1),
    }),
    threshold: props.catalogueMaxAgeDays + 1,
    meaning:
      `neither a release nor a refresh has looked at the prices for ${props.catalogueMaxAgeDays} ` +
      'days. Caps are as hard as their prices: run "hardcap prices refresh", or update hardcap.',
  },
  GatewayFailed: {
    metric: props.gateway.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) }),
    meaning:
      'the gateway function crashed or timed out. What was reserved is charged in full when it ' +
      'expires; read its log.',
  },
  GatewayThrottled: {
    metric: props.gateway.metricThrottles({ statistic: 'Sum', period: Duration.minutes(5) }),
    meaning:
      'more requests came at a time than the gateway has concurrency for, and were turned away. ' +
      'Raise reservedConcurrency, or look for a flood.',
  },
});
