/**
 * Alerts by mail: the events that a person must act on, from the bus to the alarms' topic.
 *
 * Not here: the events themselves (the rollover function), and who else hears of them: other rules
 * on the bus do (docs/alerts.md).
 */
import { Duration } from 'aws-cdk-lib';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ALERT_TOPIC_ENV, EVENT, EVENT_SOURCE } from '../lambda/contract.ts';
import { useTopicKey } from './encryption.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';

/** Where mails go, and how long the function's log is kept. */
export interface AlertsProps
  extends Pick<
    NodeFunctionProps,
    'logRetention' | 'logRemovalPolicy' | 'encryptionKey' | 'isTraced'
  > {
  readonly topic: ITopic;
}

/** Ended windows are on the bus too, but nobody has to act on them. */
const MAILED = [EVENT.threshold, EVENT.settingsMalformed, EVENT.priceChanged, EVENT.priceProposed];

const ENTRY = 'lambda/mail/handler.ts';
const MEMORY_MB = 256;
const TIMEOUT_SECONDS = 30;

/** The pattern of hardcap's events of these names, for a rule on the default bus. */
export const patternOf = (names: readonly string[]): EventPattern => ({
  source: [EVENT_SOURCE],
  detailType: [...names],
});

/** A rule and the function that makes a mail of an event. */
export class Alerts extends Construct {
  readonly mailer: NodeFunction['lambda'];
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id);
    const { topic, logRetention, logRemovalPolicy } = props;
    this.mailer = new NodeFunction(this, 'Mailer', {
      description: 'hardcap alerts: mails events that a person must act on',
      entry: ENTRY,
      memoryMb: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: { [ALERT_TOPIC_ENV]: topic.topicArn },
      logRetention,
      logRemovalPolicy,
      statements: [
        new PolicyStatement({
          sid: 'PublishAlerts',
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
        }),
        ...useTopicKey(props.encryptionKey),
      ],
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
      ...(props.isTraced === undefined ? {} : { isTraced: props.isTraced }),
    }).lambda;
    this.rule = new Rule(this, 'Rule', {
      description: 'Mails events of hardcap that a person must act on',
      eventPattern: patternOf(MAILED),
      targets: [new LambdaFunction(this.mailer)],
    });
  }

  /** Mails in 5 minutes that could not be sent. */
  get mailFailures(): Metric {
    return this.mailer.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) });
  }
}
