/**
 * The gateway function and its public, streaming URL.
 *
 * Invariant: it reads settings, writes the ledger, calls Bedrock and logs; its role allows no more.
 */
import { Aws, Fn, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { type FunctionUrl, type FunctionUrlAuthType, InvokeMode } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { bedrockStatements, bedrockWildcards } from './bedrock-access.ts';
import { useTableKeys } from './encryption.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';

const ENTRY = 'lambda/gateway/handler.ts';

/** What the gateway is told by the deployment. */
export interface GatewayFunctionProps
  extends Pick<
    NodeFunctionProps,
    | 'memoryMb'
    | 'timeoutSeconds'
    | 'environment'
    | 'logRetention'
    | 'logRemovalPolicy'
    | 'reservedConcurrency'
    | 'encryptionKey'
    | 'isTraced'
  > {
  readonly settingsTableArn: string;
  readonly ledgerTableArn: string;
  /** ARNs of the customer's keys that encrypt the tables, if any. */
  readonly tableKeyArns: readonly string[];
  /** Who may reach the URL: anybody, or signed requests of who may invoke it. */
  readonly authType: FunctionUrlAuthType;
  /** Regions whose models it may call. */
  readonly regions: readonly string[];
}

/** The function that stands between callers and Bedrock. */
export class GatewayFunction extends Construct {
  readonly lambda: NodeFunction['lambda'];
  readonly role: Role;
  /** `https://...` without a slash at its end: clients append a path to it. */
  readonly url: string;
  /** The URL itself; with `iam`, `functionUrl.grantInvokeUrl(role)` lets a role call it. */
  readonly functionUrl: FunctionUrl;

  constructor(scope: Construct, id: string, props: GatewayFunctionProps) {
    super(scope, id);
    const { settingsTableArn, ledgerTableArn, tableKeyArns, regions, authType, ...rest } = props;
    const { lambda, role } = new NodeFunction(this, 'Default', {
      ...rest,
      description: 'hardcap gateway: reserves, sends to Bedrock, settles',
      entry: ENTRY,
      statements: [
        ...bedrockStatements(regions),
        new PolicyStatement({
          sid: 'ReadSettings',
          actions: ['dynamodb:GetItem', 'dynamodb:Query'],
          resources: [settingsTableArn],
        }),
        new PolicyStatement({
          sid: 'WriteLedger',
          actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
          resources: [ledgerTableArn],
        }),
        ...useTableKeys(tableKeyArns),
      ],
    });
    this.lambda = lambda;
    this.role = role;
    // Callers present hardcap keys, which IAM cannot check: the function does, before any I/O.
    this.functionUrl = lambda.addFunctionUrl({
      authType,
      invokeMode: InvokeMode.RESPONSE_STREAM,
    });
    this.url = `https://${Fn.select(2, Fn.split('/', this.functionUrl.url))}`;
    this.#acknowledgeWildcards(regions);
  }

  #acknowledgeWildcards(regions: readonly string[]): void {
    for (const resource of new Set(bedrockWildcards(regions).map(asNagPrints))) {
      Validations.of(this.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${resource}]`,
        reason:
          'Which models and guardrails may be called is decided by prices, keys and caps, which ' +
          'change without a deployment; the role bounds the regions and the actions.',
      });
    }
  }
}

/** cdk-nag names a finding by the ARN with its pseudo parameters in angle brackets. */
const asNagPrints = (resource: string): string =>
  resource
    .replaceAll(Aws.PARTITION, '<AWS::Partition>')
    .replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>');
