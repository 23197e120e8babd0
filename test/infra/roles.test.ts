/**
 * Rules of all roles together: there are no others, they hold no other statement than those named
 * here, and each option adds exactly its own. What a statement allows is in the tests of its part.
 *
 * A new role or statement fails this file until it is named in it.
 */
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import type { HardcapProps } from '../../lib/hardcap.ts';
import { createTemplate, resources, statementsOf } from './stack-under-test.ts';

const GATEWAY = [
  'InvokeInChosenRegions',
  'InvokeWhereProfilesRoute',
  'CountTokens',
  'ApplyGuardrails',
  'CheckText',
  'ResolveProfiles',
  'ReadSettings',
  'WriteLedger',
  'WriteOwnLogs',
];
const ROLLOVER = [
  'FindOpenCounters',
  'ReadCaps',
  'WriteLedger',
  'NameKeys',
  'ReadClosedAndJournal',
  'PruneClosedCounters',
  'ReadPriceBook',
  'WriteRefreshedPrices',
  'KeepRefreshState',
  'RemoveProposals',
  'ReadPriceLists',
  'ReadAliases',
  'KeepToldMarks',
  'TellEvents',
  'KeepFailedRuns',
  'WriteOwnLogs',
];
const MAILER = ['PublishAlerts', 'WriteOwnLogs'];
const SYNC = [
  'ListParameters',
  'ReadCaps',
  'WriteSyncedCaps',
  'RemoveSyncedCaps',
  'KeepFailedRuns',
  'WriteOwnLogs',
];
const WIDGET = ['ReadCaps', 'FindOpenCounters', 'ReadCounters', 'WriteOwnLogs'];
const SCHEDULER = ['InvokeRollover', 'KeepFailedRuns'];

/** `HardcapRolloverSchedulerRole1A2B3C4D` as `RolloverSchedulerRole`. */
const roleName = (id: string): string => id.replace(/^Hardcap/, '').replace(/[0-9A-F]{8}$/, '');

/** The statements of each role, by the role's name and their sids. */
const statementsByRole = (template: Template) =>
  Object.fromEntries(
    resources(template, 'AWS::IAM::Role').map((role) => [
      roleName(role.id),
      statementsOf(template, role),
    ]),
  );

const sidsByRole = (template: Template) =>
  Object.fromEntries(
    Object.entries(statementsByRole(template)).map(([name, statements]) => [
      name,
      Object.keys(statements).sort(),
    ]),
  );

const expected = (added: Readonly<Record<string, string[]>> = {}) => ({
  GatewayRole: [...GATEWAY, ...(added.gateway ?? [])].sort(),
  AlertsMailerRole: [...MAILER, ...(added.mailer ?? [])].sort(),
  SsmSyncRole: [...SYNC, ...(added.sync ?? [])].sort(),
  WidgetRole: [...WIDGET, ...(added.widget ?? [])].sort(),
  RolloverRole: [...ROLLOVER, ...(added.rollover ?? [])].sort(),
  RolloverSchedulerRole: [...SCHEDULER, ...(added.scheduler ?? [])].sort(),
});

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555';

describe('the roles of the stack', () => {
  it('are these, with these statements and no policy beside them', () => {
    const template = createTemplate();

    expect(sidsByRole(template)).toEqual(expected());
    expect(resources(template, 'AWS::IAM::Policy')).toEqual([]);
    expect(resources(template, 'AWS::IAM::ManagedPolicy')).toEqual([]);
  });

  it('are taken by the service that each is for, and by nobody else', () => {
    const trusted = resources(createTemplate(), 'AWS::IAM::Role').map(({ id, properties }) => {
      const { Statement } = properties.AssumeRolePolicyDocument as {
        Statement: { Effect: string; Action: string; Principal: unknown }[];
      };
      const parts = Statement.map(({ Effect, Action, Principal }) => [Effect, Action, Principal]);
      return [roleName(id), parts] as const;
    });

    const lambda = [['Allow', 'sts:AssumeRole', { Service: 'lambda.amazonaws.com' }]];
    expect(Object.fromEntries(trusted)).toEqual({
      AlertsMailerRole: lambda,
      GatewayRole: lambda,
      SsmSyncRole: lambda,
      WidgetRole: lambda,
      RolloverRole: lambda,
      RolloverSchedulerRole: [['Allow', 'sts:AssumeRole', { Service: 'scheduler.amazonaws.com' }]],
    });
  });

  it('name no action by a wildcard', () => {
    const statements = Object.values(statementsByRole(createTemplate({ kmsKeyArn: KEY })));
    const actions = statements.flatMap(Object.values).flatMap(({ Action }) => Action);

    expect(actions.filter((action: string) => action.includes('*'))).toEqual([]);
  });

  it.each<[string, HardcapProps, Parameters<typeof expected>[0]]>([
    ['nothing for signed URLs', { authType: 'iam' }, {}],
    [
      'what writes traces, for X-Ray',
      { tracing: 'xray' },
      Object.fromEntries(
        ['gateway', 'rollover', 'mailer', 'sync', 'widget'].map((name) => [name, ['WriteTraces']]),
      ),
    ],
    [
      'what uses the key, for a key',
      { kmsKeyArn: KEY },
      {
        gateway: ['UseTableKeys'],
        rollover: ['UseTableKeys', 'UseQueueKey'],
        scheduler: ['UseQueueKey'],
        mailer: ['UseTopicKey'],
        sync: ['UseTableKeys'],
        widget: ['ReadTableKeys'],
      },
    ],
  ])('get %s', (_, options, added) => {
    expect(sidsByRole(createTemplate(options))).toEqual(expected(added));
  });
});

describe('a statement of an option', () => {
  it('uses the key through the service that keeps what is encrypted', () => {
    const roles = statementsByRole(createTemplate({ kmsKeyArn: KEY }));
    const { GatewayRole, RolloverRole, RolloverSchedulerRole } = roles;
    const { AlertsMailerRole, SsmSyncRole, WidgetRole } = roles;

    const useTableKeys = {
      Sid: 'UseTableKeys',
      Effect: 'Allow',
      Action: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: KEY,
      Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.<AWS::Region>.amazonaws.com' } },
    };
    const useQueueKey = {
      Sid: 'UseQueueKey',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: KEY,
      Condition: { StringEquals: { 'kms:ViaService': 'sqs.<AWS::Region>.amazonaws.com' } },
    };
    expect(GatewayRole?.UseTableKeys).toEqual(useTableKeys);
    expect(RolloverRole?.UseTableKeys).toEqual(useTableKeys);
    expect(RolloverRole?.UseQueueKey).toEqual(useQueueKey);
    expect(RolloverSchedulerRole?.UseQueueKey).toEqual(useQueueKey);
    expect(SsmSyncRole?.UseTableKeys).toEqual(useTableKeys);
    expect(WidgetRole?.ReadTableKeys).toEqual({
      ...useTableKeys,
      Sid: 'ReadTableKeys',
      Action: ['kms:Decrypt', 'kms:DescribeKey'],
    });
    expect(AlertsMailerRole?.UseTopicKey).toEqual({
      ...useQueueKey,
      Sid: 'UseTopicKey',
      Condition: { StringEquals: { 'kms:ViaService': 'sns.<AWS::Region>.amazonaws.com' } },
    });
  });

  it('writes traces and reads none', () => {
    const template = createTemplate({ tracing: 'xray' });
    const { GatewayRole, RolloverRole } = statementsByRole(template);

    const writeTraces = {
      Sid: 'WriteTraces',
      Effect: 'Allow',
      Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
      Resource: '*',
    };
    expect(GatewayRole?.WriteTraces).toEqual(writeTraces);
    expect(RolloverRole?.WriteTraces).toEqual(writeTraces);
    for (const { properties } of resources(template, 'AWS::Lambda::Function')) {
      expect(properties.TracingConfig).toEqual({ Mode: 'Active' });
    }
  });
});
