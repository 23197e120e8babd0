/**
 * A customer's KMS key: what the roles need to use what it encrypts, and which services must be let
 * in by its policy.
 *
 * Invariant: a role uses a key only through the service that keeps what is encrypted.
 * Not here:  the policy of a key that is only referred to: its owner's (docs/deploying.md).
 */
import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { TableReference } from './settings-table.ts';

/** What DynamoDB asks of who reads and writes a table that the key encrypts, no wildcards. */
const TABLE_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const MESSAGE_ACTIONS = ['kms:Decrypt', 'kms:GenerateDataKey'];

const via = (service: string) => ({
  StringEquals: { 'kms:ViaService': `${service}.${Aws.REGION}.amazonaws.com` },
});

/** Lets a role use tables that these keys encrypt; no statement where there is no key. */
export const useTableKeys = (keyArns: readonly string[]): PolicyStatement[] =>
  keyArns.length === 0
    ? []
    : [
        new PolicyStatement({
          sid: 'UseTableKeys',
          actions: TABLE_ACTIONS,
          resources: [...keyArns],
          conditions: via('dynamodb'),
        }),
      ];

/** Lets a role read such tables, and no more. */
export const readTableKeys = (keyArns: readonly string[]): PolicyStatement[] =>
  keyArns.length === 0
    ? []
    : [
        new PolicyStatement({
          sid: 'ReadTableKeys',
          actions: ['kms:Decrypt', 'kms:DescribeKey'],
          resources: [...keyArns],
          conditions: via('dynamodb'),
        }),
      ];

/** ARNs of the customer's keys that encrypt these tables, each once. */
export const keyArnsOf = (...tables: readonly TableReference[]): string[] => [
  ...new Set(tables.flatMap(({ encryptionKey }) => encryptionKey?.keyArn ?? [])),
];

/** Lets a role send to a queue that the key encrypts; no statement where there is no key. */
export const useQueueKey = (key: IKey | undefined): PolicyStatement[] =>
  key === undefined
    ? []
    : [
        new PolicyStatement({
          sid: 'UseQueueKey',
          actions: MESSAGE_ACTIONS,
          resources: [key.keyArn],
          conditions: via('sqs'),
        }),
      ];

/** Lets a role publish to a topic that the key encrypts; no statement where there is no key. */
export const useTopicKey = (key: IKey | undefined): PolicyStatement[] =>
  key === undefined
    ? []
    : [
        new PolicyStatement({
          sid: 'UseTopicKey',
          actions: MESSAGE_ACTIONS,
          resources: [key.keyArn],
          conditions: via('sns'),
        }),
      ];

/** The key of an ARN, or none where the ARN is empty. */
export const keyOf = (scope: Construct, arn: string): IKey | undefined =>
  arn === '' ? undefined : Key.fromKeyArn(scope, 'Key', arn);

/** Lets the services that act for nobody use the key: log groups, and alarms that publish. */
export function letServicesUse(key: IKey): void {
  const place = `${Aws.REGION}:${Aws.ACCOUNT_ID}`;
  const logGroups = `arn:${Aws.PARTITION}:logs:${place}:log-group:*`;
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'HardcapLogs',
      principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
      actions: [
        'kms:Decrypt*',
        'kms:Describe*',
        'kms:Encrypt*',
        'kms:GenerateDataKey*',
        'kms:ReEncrypt*',
      ],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': logGroups,
        },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'HardcapAlarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
  );
}
