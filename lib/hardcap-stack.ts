/**
 * The stack that `cdk deploy` makes: hardcap and what its users need to know of it.
 *
 * Owns: the outputs' names, which the command line tool and the README rely on.
 */
import { Aws, CfnOutput, DefaultStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type DenyPolicyNames, denyPolicy } from './deny-policy.ts';
import { Hardcap, type HardcapProps } from './hardcap.ts';

/** New Function URLs ask for both actions; by the second the function is called no other way. */
const callerPolicy = (functionArn: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunctionUrl',
      Resource: functionArn,
      Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
    },
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: functionArn,
      Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
    },
  ],
});

/** The stack's own properties, and the settings of hardcap in it. */
export interface HardcapStackProps extends StackProps {
  /** @default - the defaults of `Configuration` */
  readonly hardcap?: HardcapProps;
}

/** hardcap in one account and region; it needs to know neither before it is deployed. */
export class HardcapStack extends Stack {
  readonly hardcap: Hardcap;

  constructor(scope: Construct, id: string, props: HardcapStackProps = {}) {
    const { hardcap, ...stackProps } = props;
    super(scope, id, {
      description: 'hardcap: hard dollar caps for Amazon Bedrock',
      ...stackProps,
    });
    this.hardcap = new Hardcap(this, 'Hardcap', hardcap);
    for (const [name, output] of Object.entries(this.#outputs())) new CfnOutput(this, name, output);
  }

  #outputs(): Record<string, { readonly value: string; readonly description: string }> {
    const { settingsTable, ledgerTable, dashboard, edge, url } = this.hardcap;
    return {
      GatewayUrl: {
        value: url,
        description: 'The endpoint that programs call in place of Bedrock',
      },
      ...this.#entryOutputs(),
      SettingsTableName: {
        value: settingsTable.tableName,
        description: 'The table of caps, keys and prices, for people to edit',
      },
      LedgerTableName: {
        value: ledgerTable.tableName,
        description: 'The table of counters and the journal, for people to read only',
      },
      DashboardUrl: {
        value: dashboard.url,
        description: 'The CloudWatch dashboard',
      },
      ...(edge && {
        EdgeUrl: { value: edge.url, description: 'The endpoint by way of CloudFront' },
        EdgeDistributionDomain: {
          value: edge.distribution.distributionDomainName,
          description: 'Where the DNS record of edgeDomain leads to (CNAME or alias)',
        },
      }),
      DenyPolicy: {
        value: this.toJsonString(denyPolicy(this.#denyPolicyNames())),
        description:
          'A service control or IAM policy by which nobody but the gateway may spend on Bedrock ' +
          'models (docs/deny-policy.md); attach it once your programs use the gateway',
      },
    };
  }

  /** What programs need to come in: a signature cannot stand where the bearer token does. */
  #entryOutputs(): Record<string, { readonly value: string; readonly description: string }> {
    const { configuration, gateway, edge, url } = this.hardcap;
    const endpoint = `AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}`;
    if (configuration.authType === 'none') {
      return {
        EnvironmentLines: {
          value: [endpoint, 'AWS_BEARER_TOKEN_BEDROCK=hc_...'].join('\n'),
          description:
            'What a program needs to use hardcap, with a hardcap key for hc_...' +
            // CloudFront speaks HTTP/2, which the JavaScript SDK asks for.
            (edge === undefined
              ? ' ; in JavaScript ' +
                'also give the Bedrock client a requestHandler: new NodeHttpHandler()'
              : ''),
        },
      };
    }
    return {
      EnvironmentLines: {
        value: endpoint,
        description:
          'What a program needs to use hardcap, besides a signature for the service "lambda" and ' +
          'a hardcap key in the header x-hardcap-key (docs/deploying.md)',
      },
      CallerPolicy: {
        value: this.toJsonString(callerPolicy(gateway.lambda.functionArn)),
        description: 'The IAM policy of who signs requests to the gateway',
      },
    };
  }

  /** What deploys is the role of CloudFormation that `cdk bootstrap` made in this region. */
  #denyPolicyNames(): DenyPolicyNames {
    const { role, lambda } = this.hardcap.gateway;
    const qualifier =
      this.synthesizer.bootstrapQualifier ?? DefaultStackSynthesizer.DEFAULT_QUALIFIER;
    const deployer = `cdk-${qualifier}-cfn-exec-role-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
    return {
      gatewayRoleArn: role.roleArn,
      gatewayFunctionArn: lambda.functionArn,
      deployerArns: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${deployer}`],
    };
  }
}
