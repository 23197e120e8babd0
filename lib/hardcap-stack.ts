/**
 * The stack that `cdk deploy` makes: hardcap and what its users need to know of it.
 *
 * Owns: the outputs' names, which the command line tool and the README rely on.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { denyPolicy } from './deny-policy.ts';
import { Hardcap, type HardcapProps } from './hardcap.ts';

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
    const { gateway, settingsTable, ledgerTable, dashboard, edge, url } = this.hardcap;
    return {
      GatewayUrl: {
        value: url,
        description: 'The endpoint that programs call in place of Bedrock',
      },
      EnvironmentLines: {
        value: [`AWS_ENDPOINT_URL_BEDROCK_RUNTIME=${url}`, 'AWS_BEARER_TOKEN_BEDROCK=hc_...'].join(
          '\n',
        ),
        description:
          'What a program needs to use hardcap, with a hardcap key for hc_...' +
          // CloudFront speaks HTTP/2, which the JavaScript SDK asks for.
          (edge === undefined
            ? ' ; in JavaScript ' +
              'also give the Bedrock client a requestHandler: new NodeHttpHandler()'
            : ''),
      },
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
        value: this.toJsonString(denyPolicy(gateway.role.roleArn)),
        description:
          'A service control or IAM policy by which nobody but the gateway may call Bedrock ' +
          'models; attach it once your programs use the gateway',
      },
    };
  }
}
