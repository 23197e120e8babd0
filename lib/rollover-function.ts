/**
 * The rollover function: every minute it charges stale reservations, tells thresholds and closes
 * windows; once a day it looks at the price lists.
 *
 * Crash: a run that fails is tried again, then kept in the dead-letter queue, which alarms; the
 *        next minute's run does the same work, as each run starts from what it finds.
 */
import { Aws, Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  type IScheduleTarget,
  Schedule,
  ScheduleExpression,
  TimeWindow,
} from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DEFAULTS, EVENT_SOURCE, TABLE } from '../lambda/contract.ts';
import { useQueueKey, useTableKeys } from './encryption.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';

const ENTRY = 'lambda/rollover/handler.ts';
const MEMORY_MB = 512;
/** Equal to the schedule's interval: runs may follow closely but hardly overlap. */
const TIMEOUT_SECONDS = 60;
/** The next scheduled run repeats the work anyway, so a failed one is tried again only once. */
const RETRY_ATTEMPTS = 1;
/** A run that comes late is of no use: the next one has done its work. */
const MAX_EVENT_AGE_SECONDS = 300;
const DEAD_LETTER_DAYS = 14;

/** What the rollover function is told by the deployment. */
export interface RolloverFunctionProps
  extends Pick<
    NodeFunctionProps,
    'environment' | 'logRetention' | 'logRemovalPolicy' | 'encryptionKey' | 'isTraced'
  > {
  readonly settingsTableArn: string;
  readonly ledgerTableArn: string;
  readonly openIndexArn: string;
  /** ARNs of the customer's keys that encrypt the tables, if any. */
  readonly tableKeyArns: readonly string[];
  /** Whether it looks at AWS's price lists, and so may. */
  readonly refreshesPrices: boolean;
}

/** The function, its schedule and the queue of runs that failed. */
export class RolloverFunction extends Construct {
  readonly lambda: NodeFunction['lambda'];
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: RolloverFunctionProps) {
    super(scope, id);
    this.deadLetterQueue = this.#createDeadLetterQueue(props.encryptionKey);
    const { queueArn } = this.deadLetterQueue;
    const { lambda, role } = new NodeFunction(this, 'Default', {
      description: 'hardcap rollover: charges stale reservations in full, closes windows',
      entry: ENTRY,
      memoryMb: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: props.environment,
      logRetention: props.logRetention,
      logRemovalPolicy: props.logRemovalPolicy,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
      ...(props.isTraced === undefined ? {} : { isTraced: props.isTraced }),
      statements: [
        ...rolloverStatements(props, queueArn),
        ...alertStatements(props, defaultBusArn(this)),
      ],
      // The scheduler invokes asynchronously and learns nothing of a run that throws: Lambda
      // itself keeps those. The role's statement stands above, so the CDK need not grant it.
      onFailure: { bind: () => ({ destination: queueArn }) },
      retryAttempts: RETRY_ATTEMPTS,
    });
    this.lambda = lambda;
    if (props.refreshesPrices) {
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Price lists are of no account: neither action has a resource to name.',
      });
    }
    this.#createSchedule(props.encryptionKey);
  }

  #createDeadLetterQueue(encryptionMasterKey: IKey | undefined): Queue {
    const queue = new Queue(this, 'DeadLetters', {
      enforceSSL: true,
      ...(encryptionMasterKey === undefined
        ? { encryption: QueueEncryption.SQS_MANAGED }
        : { encryption: QueueEncryption.KMS, encryptionMasterKey }),
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This queue is itself where failed runs of the rollover function end.',
    });
    return queue;
  }

  #createSchedule(key: IKey | undefined): void {
    const target: IScheduleTarget = {
      bind: () => ({
        arn: this.lambda.functionArn,
        role: this.#createSchedulerRole(key),
        deadLetterConfig: { arn: this.deadLetterQueue.queueArn },
        retryPolicy: {
          maximumRetryAttempts: RETRY_ATTEMPTS,
          maximumEventAgeInSeconds: MAX_EVENT_AGE_SECONDS,
        },
      }),
    };
    new Schedule(this, 'Schedule', {
      description: 'Runs the hardcap rollover function',
      schedule: ScheduleExpression.rate(Duration.millis(DEFAULTS.rolloverIntervalMs)),
      timeWindow: TimeWindow.off(),
      target,
    });
  }

  /** The CDK's own target would also let the scheduler invoke every version of the function. */
  #createSchedulerRole(key: IKey | undefined): Role {
    const group = { service: 'scheduler', resource: 'schedule-group', resourceName: 'default' };
    const statements = [
      new PolicyStatement({
        sid: 'InvokeRollover',
        actions: ['lambda:InvokeFunction'],
        resources: [this.lambda.functionArn],
      }),
      keepFailedRuns(this.deadLetterQueue.queueArn),
      ...useQueueKey(key),
    ];
    return new Role(this, 'SchedulerRole', {
      description: 'Lets EventBridge Scheduler invoke the hardcap rollover function',
      // The conditions keep other accounts' schedules from borrowing the role.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: {
            'aws:SourceAccount': Aws.ACCOUNT_ID,
            'aws:SourceArn': Stack.of(this).formatArn(group),
          },
        },
      }),
      inlinePolicies: { hardcap: new PolicyDocument({ statements }) },
    });
  }
}

const keepFailedRuns = (queueArn: string): PolicyStatement =>
  new PolicyStatement({
    sid: 'KeepFailedRuns',
    actions: ['sqs:SendMessage'],
    resources: [queueArn],
  });

/**
 * Only items whose partition key is one of these: no key's hash is read, no cap is written, no
 * summary is deleted.
 */
export const onPartitions = (...patterns: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
  // Without it, "for all values" would hold for a request that has none.
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

/** The partition's keys and no other attribute: not the hash of a caller's key. */
const onlyIdsOf = (partition: string) => {
  const { Null, ...leading } = onPartitions(partition);
  return {
    ...leading,
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': [TABLE.partitionKey, TABLE.sortKey] },
    StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
    Null: { ...Null, 'dynamodb:Attributes': 'false' },
  };
};

/** The default bus of this account and region. */
const defaultBusArn = (scope: Construct): string =>
  Stack.of(scope).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' });

/** What alerts need: nobody else's events can be made up by it, and no mark but its own goes. */
const alertStatements = (props: RolloverFunctionProps, busArn: string): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'ReadAliases',
    actions: ['dynamodb:Query'],
    resources: [props.settingsTableArn],
    conditions: onPartitions('ALIAS'),
  }),
  new PolicyStatement({
    sid: 'KeepToldMarks',
    actions: ['dynamodb:DeleteItem', 'dynamodb:Query'],
    resources: [props.ledgerTableArn],
    conditions: onPartitions('TOLD', 'UNTOLD'),
  }),
  new PolicyStatement({
    sid: 'TellEvents',
    actions: ['events:PutEvents'],
    resources: [busArn],
    conditions: {
      'ForAllValues:StringEquals': { 'events:source': [EVENT_SOURCE] },
      Null: { 'events:source': 'false' },
    },
  }),
];

const rolloverStatements = (props: RolloverFunctionProps, queueArn: string): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'FindOpenCounters',
    actions: ['dynamodb:Query'],
    resources: [props.openIndexArn],
  }),
  new PolicyStatement({
    sid: 'ReadCaps',
    actions: ['dynamodb:Query'],
    resources: [props.settingsTableArn],
    conditions: onPartitions('CAP'),
  }),
  new PolicyStatement({
    sid: 'WriteLedger',
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    resources: [props.ledgerTableArn],
  }),
  new PolicyStatement({
    sid: 'NameKeys',
    actions: ['dynamodb:Query'],
    resources: [props.settingsTableArn],
    conditions: onlyIdsOf('KEY'),
  }),
  new PolicyStatement({
    sid: 'ReadClosedAndJournal',
    actions: ['dynamodb:Query'],
    resources: [props.ledgerTableArn],
    conditions: onPartitions('CLOSED', 'JOURNAL#*'),
  }),
  new PolicyStatement({
    sid: 'PruneClosedCounters',
    actions: ['dynamodb:DeleteItem'],
    resources: [props.ledgerTableArn],
    conditions: onPartitions('CLOSED', 'COUNTER#*'),
  }),
  ...priceStatements(props),
  keepFailedRuns(queueArn),
  ...useTableKeys(props.tableKeyArns),
  ...useQueueKey(props.encryptionKey),
];

/** An operator's price item is of the same partition: the code never writes one without `auto:`. */
const priceStatements = (props: RolloverFunctionProps): PolicyStatement[] => [
  new PolicyStatement({
    sid: 'ReadPriceBook',
    actions: ['dynamodb:GetItem', 'dynamodb:Query'],
    resources: [props.settingsTableArn],
    conditions: onPartitions('PRICE', 'PRICE-PROPOSAL', 'PRICE-REFRESH'),
  }),
  ...(props.refreshesPrices
    ? [
        new PolicyStatement({
          sid: 'WriteRefreshedPrices',
          actions: ['dynamodb:PutItem'],
          resources: [props.settingsTableArn],
          conditions: onPartitions('PRICE', 'PRICE-PROPOSAL', 'PRICE-REFRESH'),
        }),
        new PolicyStatement({
          sid: 'KeepRefreshState',
          actions: ['dynamodb:UpdateItem'],
          resources: [props.settingsTableArn],
          conditions: onPartitions('PRICE-REFRESH'),
        }),
        new PolicyStatement({
          sid: 'RemoveProposals',
          actions: ['dynamodb:DeleteItem'],
          resources: [props.settingsTableArn],
          conditions: onPartitions('PRICE-PROPOSAL'),
        }),
        // Neither has resources to name.
        new PolicyStatement({
          sid: 'ReadPriceLists',
          actions: ['bedrock:ListFoundationModelAgreementOffers', 'pricing:GetProducts'],
          resources: ['*'],
        }),
      ]
    : []),
];
