/**
 * How hardcap builds a Lambda function: bundled ESM on Node 24, its own role and its own logs.
 *
 * Invariant: the role allows the statements given and writing to the function's own log group;
 *            no managed policy and no grant by the CDK is ever added.
 */
import { join } from 'node:path';
import { AssetHashType, DockerImage, Duration, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type CfnFunction,
  Code,
  type IDestination,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundleFunction } from './function-bundle.ts';

const ROOT = join(import.meta.dirname, '..');

/** What a function is made of. */
export interface NodeFunctionProps {
  readonly description: string;
  /** Path of the file that exports `handler`, from the project's root. */
  readonly entry: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Record<string, string>;
  /** All that the role may do, but for logging. */
  readonly statements: readonly PolicyStatement[];
  /** Days. */
  readonly logRetention: RetentionDays;
  readonly logRemovalPolicy: RemovalPolicy;
  /** @default - no concurrency is reserved */
  readonly reservedConcurrency?: number;
  /** Where failed asynchronous invocations go after `retryAttempts`. @default - nowhere */
  readonly onFailure?: IDestination;
  /** How often a failed asynchronous invocation is tried again. @default - Lambda's own, 2 */
  readonly retryAttempts?: number;
  /** Encrypts the log group. @default - a key of AWS */
  readonly encryptionKey?: IKey;
  /** Whether X-Ray traces the invocations. @default false */
  readonly isTraced?: boolean;
}

/** A function with its role and its log group. */
export class NodeFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const { reservedConcurrency: reservedConcurrentExecutions, onFailure, retryAttempts } = props;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: props.logRemovalPolicy,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    this.role = new Role(this, 'Role', {
      description: `Role of: ${props.description}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        hardcap: new PolicyDocument({
          statements: [
            ...props.statements,
            ...(props.isTraced === true ? [writeTraces()] : []),
            writeLogs(logGroup),
          ],
        }),
      },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: codeOf(props.entry),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      role: this.role,
      logGroup,
      ...(reservedConcurrentExecutions === undefined ? {} : { reservedConcurrentExecutions }),
      ...(onFailure === undefined ? {} : { onFailure }),
      ...(retryAttempts === undefined ? {} : { retryAttempts }),
    });
    if (props.isTraced === true) this.#trace();
  }

  /** By the resource itself: the CDK's own property would add to the role what stands there. */
  #trace(): void {
    (this.lambda.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Neither of the actions that write traces has a resource to name.',
    });
  }
}

const writeTraces = (): PolicyStatement =>
  new PolicyStatement({
    sid: 'WriteTraces',
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    resources: ['*'],
  });

const writeLogs = (logGroup: LogGroup): PolicyStatement =>
  new PolicyStatement({
    sid: 'WriteOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  });

/** Made by this project's own esbuild, and only where the stack is going to be deployed. */
const codeOf = (entry: string): Code =>
  Code.fromAsset(join(ROOT, entry, '..'), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: it stands in the key by which the CDK tells bundles apart.
      image: DockerImage.fromRegistry('none'),
      command: [entry],
      local: {
        tryBundle(folder) {
          bundleFunction(entry, folder);
          return true;
        },
      },
    },
  });
