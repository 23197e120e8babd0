/**
 * Rules of the SSM sync: what starts it, what becomes of failed runs, and how little its role may.
 */
import { describe, expect, it } from 'vitest';
import { createTemplate, resource, resources, statementsOf } from './stack-under-test.ts';

const template = createTemplate({ ssmPrefix: '/ours/hardcap' });
const sync = resource(template, 'AWS::Lambda::Function', /SsmSync/);
const queue = resource(template, 'AWS::SQS::Queue', /SsmSync/);
const settings = resource(template, 'AWS::DynamoDB::Table', /Settings/);
const rules = resources(template, 'AWS::Events::Rule').filter(({ id }) => /SsmSync/.test(id));

const CAPS = { 'dynamodb:LeadingKeys': ['CAP'] };

describe('the SSM sync', () => {
  it('is told the settings table and the prefix, and nothing of the ledger', () => {
    expect(sync.properties).toMatchObject({ Timeout: 60, Architectures: ['arm64'] });
    expect(sync.properties.Environment).toEqual({
      Variables: {
        HARDCAP_SETTINGS_TABLE: `<${settings.id}>`,
        HARDCAP_SSM_PREFIX: '/ours/hardcap',
      },
    });
  });

  it('runs when a parameter under the prefix changes, and every minute', () => {
    const started = rules.map(
      ({ properties: { EventPattern, ScheduleExpression } }) => EventPattern ?? ScheduleExpression,
    );

    expect(started).toEqual([
      {
        source: ['aws.ssm'],
        'detail-type': ['Parameter Store Change'],
        detail: { name: [{ prefix: '/ours/hardcap/caps/' }] },
      },
      'rate(1 minute)',
    ]);
  });

  it('tries a lost start and a failed run once more, then keeps them in its own queue', () => {
    for (const { properties } of rules) {
      expect(properties.Targets).toMatchObject([
        {
          Arn: `<${sync.id}.Arn>`,
          DeadLetterConfig: { Arn: `<${queue.id}.Arn>` },
          RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 300 },
        },
      ]);
    }
    expect(
      resource(template, 'AWS::Lambda::EventInvokeConfig', /SsmSync/).properties,
    ).toMatchObject({
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: `<${queue.id}.Arn>` } },
    });
  });

  it('may be started by its two rules alone', () => {
    const permissions = resources(template, 'AWS::Lambda::Permission')
      .map(({ properties }) => properties)
      .filter(({ FunctionName }) => FunctionName === `<${sync.id}.Arn>`);

    expect(permissions.map(({ Principal, SourceArn }) => [Principal, SourceArn])).toEqual(
      rules.map(({ id }) => ['events.amazonaws.com', `<${id}.Arn>`]),
    );
  });

  it('lists its path, reads and removes caps, writes no attribute of a cap of people: no more', () => {
    const role = resource(template, 'AWS::IAM::Role', /SsmSync/);
    const logs = resource(template, 'AWS::Logs::LogGroup', /SsmSync/);
    const onSettings = { Effect: 'Allow', Resource: `<${settings.id}.Arn>` };
    const onCaps = {
      'ForAllValues:StringEquals': CAPS,
      Null: { 'dynamodb:LeadingKeys': 'false' },
    };

    expect(sync.properties.Role).toBe(`<${role.id}.Arn>`);
    expect(Object.values(statementsOf(template, role))).toEqual([
      {
        Sid: 'ListParameters',
        Effect: 'Allow',
        Action: 'ssm:GetParametersByPath',
        Resource:
          'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter/ours/hardcap/caps',
      },
      { Sid: 'ReadCaps', Action: 'dynamodb:Query', ...onSettings, Condition: onCaps },
      {
        Sid: 'WriteSyncedCaps',
        Action: 'dynamodb:PutItem',
        ...onSettings,
        Condition: {
          'ForAllValues:StringEquals': {
            ...CAPS,
            'dynamodb:Attributes': ['pk', 'sk', 'v', 'source', 'type', 'value', 'fault', 'run'],
          },
          Null: { 'dynamodb:LeadingKeys': 'false', 'dynamodb:Attributes': 'false' },
        },
      },
      { Sid: 'RemoveSyncedCaps', Action: 'dynamodb:DeleteItem', ...onSettings, Condition: onCaps },
      {
        Sid: 'KeepFailedRuns',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: `<${queue.id}.Arn>`,
      },
      {
        Sid: 'WriteOwnLogs',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `<${logs.id}.Arn>`,
      },
    ]);
  });

  it('is not there where the prefix is empty', () => {
    const off = createTemplate({ ssmPrefix: '' });

    expect(JSON.stringify(off.toJSON())).not.toMatch(/SsmSync|ssm:GetParameter|aws\.ssm/);
  });
});
