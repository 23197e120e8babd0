/**
 * The SSM sync: when a parameter under the prefix changes, and every minute, it brings the caps
 * that parameters say into the settings table.
 *
 * Invariant: its role reads parameters under the prefix alone, decrypts none, and touches caps
 *            alone. Of a cap's item it may write only the attributes of a synced one, so that it
 *            could refuse requests by what it writes, and never raise a limit.
 * Crash:     a run that fails is tried again, then kept in the dead-letter queue; the next minute's
 *            run does the same work, as each run starts from what it finds.
 */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Rule, type RuleProps, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DEFAULTS, ENV, SSM_CAPS_FOLDER, SYNCED_ATTRIBUTES } from '../lambda/contract.ts';
import { useTableKeys } from './encryption.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';

const ENTRY = 'lambda/ssm-sync/handler.ts';
const MEMORY_MB = 256;
/** Equal to the schedule's interval: runs may follow closely but hardly overlap. */
const TIMEOUT_SECONDS = 60;
/** The next minute's run repeats the work anyway, so a failed one is tried again only once. */
const RETRY_ATTEMPTS = 1;
/** A run that comes late is of no use: the next one has done its work. */
const MAX_EVENT_AGE_SECONDS = 300;
const DEAD_LETTER_DAYS = 14;

/** What the SSM sync is told by the deployment. */
export interface SsmSyncFunctionProps
  extends Pick<
    NodeFunctionProps,
    'logRetention' | 'logRemovalPolicy' | 'encryptionKey' | 'isTraced'
  > {
  readonly settingsTableName: string;
  readonly settingsTableArn: string;
  /** Of the customer's keys that encrypt the settings table. */
  readonly tableKeyArns: readonly string[];
  /** Caps stand under `<prefix>/caps`, such as `/hardcap/caps/staging`. */
  readonly ssmPrefix: string;
}

/** The function, what starts it, and the queue of runs that failed. */
export class SsmSyncFunction extends Construct {
  readonly lambda: NodeFunction['lambda'];
  readonly deadLetterQueue: Queue;

  constructor(scope: Construct, id: string, props: SsmSyncFunctionProps) {
    super(scope, id);
    const path = `${props.ssmPrefix}/${SSM_CAPS_FOLDER}`;
    this.deadLetterQueue = this.#createDeadLetterQueue();
    const { queueArn } = this.deadLetterQueue;
    const { lambda } = new NodeFunction(this, 'Default', {
      description: 'hardcap SSM sync: brings the caps of Parameter Store into the settings',
      entry: ENTRY,
      memoryMb: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: {
        [ENV.settingsTable]: props.settingsTableName,
        [ENV.ssmPrefix]: props.ssmPrefix,
      },
      logRetention: props.logRetention,
      logRemovalPolicy: props.logRemovalPolicy,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
      ...(props.isTraced === undefined ? {} : { isTraced: props.isTraced }),
      statements: [
        ...this.#statements(path, props.settingsTableArn, queueArn),
        ...useTableKeys(props.tableKeyArns),
      ],
      // The role's statement stands above, so the CDK need not grant it.
      onFailure: { bind: () => ({ destination: queueArn }) },
      retryAttempts: RETRY_ATTEMPTS,
    });
    this.lambda = lambda;
    this.#startBy('ParameterChanged', {
      description: `Runs the hardcap SSM sync when a parameter under ${path} changes`,
      eventPattern: {
        source: ['aws.ssm'],
        detailType: ['Parameter Store Change'],
        detail: { name: [{ prefix: `${path}/` }] },
      },
    });
    this.#startBy('EveryMinute', {
      description: 'Runs the hardcap SSM sync, as events of changes may be lost',
      schedule: Schedule.rate(Duration.millis(DEFAULTS.rolloverIntervalMs)),
    });
  }

  #createDeadLetterQueue(): Queue {
    // It holds names of parameters and no values, and EventBridge writes to it by itself.
    const queue = new Queue(this, 'DeadLetters', {
      enforceSSL: true,
      encryption: QueueEncryption.SQS_MANAGED,
      retentionPeriod: Duration.days(DEAD_LETTER_DAYS),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This queue is itself where failed runs of the SSM sync end.',
    });
    return queue;
  }

  #startBy(id: string, props: RuleProps): void {
    new Rule(this, id, props).addTarget(
      new LambdaFunction(this.lambda, {
        deadLetterQueue: this.deadLetterQueue,
        retryAttempts: RETRY_ATTEMPTS,
        maxEventAge: Duration.seconds(MAX_EVENT_AGE_SECONDS),
      }),
    );
  }

  #parametersArn(path: string): string {
    const resourceName = path.slice(1);
    return Stack.of(this).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
  }

  #statements(path: string, settingsTableArn: string, queueArn: string): PolicyStatement[] {
    const onSettings = (sid: string, action: string, conditions: Record<string, unknown>) =>
      new PolicyStatement({ sid, actions: [action], resources: [settingsTableArn], conditions });
    return [
      new PolicyStatement({
        sid: 'ListParameters',
        actions: ['ssm:GetParametersByPath'],
        // Who may list a path may list all below it: the parameters need not be named.
        resources: [this.#parametersArn(path)],
      }),
      onSettings('ReadCaps', 'dynamodb:Query', ONLY_CAPS),
      onSettings('WriteSyncedCaps', 'dynamodb:PutItem', ONLY_SYNCED_ATTRIBUTES),
      onSettings('RemoveSyncedCaps', 'dynamodb:DeleteItem', ONLY_CAPS),
      new PolicyStatement({
        sid: 'KeepFailedRuns',
        actions: ['sqs:SendMessage'],
        resources: [queueArn],
      }),
    ];
  }
}

/** IAM knows no condition on a sort key: that only items named `ssm:` are touched is the code's. */
const ONLY_CAPS = {
  'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['CAP'] },
  // Without it, "for all values" would hold for a request that has none.
  Null: { 'dynamodb:LeadingKeys': 'false' },
};

/** What is written over a cap of people's by mistake is malformed, and so refuses. */
const ONLY_SYNCED_ATTRIBUTES = {
  'ForAllValues:StringEquals': {
    ...ONLY_CAPS['ForAllValues:StringEquals'],
    'dynamodb:Attributes': SYNCED_ATTRIBUTES,
  },
  Null: { ...ONLY_CAPS.Null, 'dynamodb:Attributes': 'false' },
};
