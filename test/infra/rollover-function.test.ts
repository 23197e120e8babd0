/**
 * Rules of the rollover function: its schedule, what becomes of failed runs, and its roles.
 */
import { describe, expect, it } from 'vitest';
import { createTemplate, resource, statementsOf } from './stack-under-test.ts';

const template = createTemplate();
const rollover = resource(template, 'AWS::Lambda::Function', /Rollover/);
const queue = resource(template, 'AWS::SQS::Queue', /Rollover/);
const ledger = resource(template, 'AWS::DynamoDB::Table', /Ledger/);
const settings = resource(template, 'AWS::DynamoDB::Table', /Settings/);

const onPartitions = (...patterns: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

describe('the rollover function', () => {
  it('runs Node 24 on arm64 for up to a minute', () => {
    expect(rollover.properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 60,
      Handler: 'index.handler',
    });
  });

  it('takes no concurrency from the account', () => {
    expect(rollover.properties.ReservedConcurrentExecutions).toBeUndefined();
  });

  it('is told the same settings as the gateway', () => {
    const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);

    expect(rollover.properties.Environment).toEqual(gateway.properties.Environment);
  });

  it('keeps a run that failed twice in the dead-letter queue', () => {
    expect(
      resource(template, 'AWS::Lambda::EventInvokeConfig', /Rollover/).properties,
    ).toMatchObject({
      FunctionName: `<${rollover.id}>`,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: `<${queue.id}.Arn>` } },
    });
  });
});

describe('the schedule', () => {
  const { properties } = resource(template, 'AWS::Scheduler::Schedule');

  it('runs the function every minute, on the minute', () => {
    expect(properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: { Arn: `<${rollover.id}.Arn>` },
    });
  });

  it('tries a lost invocation once more, then keeps it in the dead-letter queue', () => {
    expect(properties.Target).toMatchObject({
      RetryPolicy: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 300 },
      DeadLetterConfig: { Arn: `<${queue.id}.Arn>` },
    });
  });

  it('acts by a role that can invoke this function, lend nothing, and keep failures', () => {
    const role = resource(template, 'AWS::IAM::Role', /Scheduler/);

    expect(properties.Target).toMatchObject({ RoleArn: `<${role.id}.Arn>` });
    expect(role.properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: {
              'aws:SourceAccount': '<AWS::AccountId>',
              'aws:SourceArn':
                'arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:' +
                'schedule-group/default',
            },
          },
        },
      ],
    });
    expect(statementsOf(template, role)).toEqual({
      InvokeRollover: {
        Sid: 'InvokeRollover',
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: `<${rollover.id}.Arn>`,
      },
      KeepFailedRuns: {
        Sid: 'KeepFailedRuns',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: `<${queue.id}.Arn>`,
      },
    });
  });
});

describe('the dead-letter queue', () => {
  it('is encrypted, keeps messages for 14 days and takes them over TLS only', () => {
    expect(queue.properties).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    expect(resource(template, 'AWS::SQS::QueuePolicy', /Rollover/).properties).toMatchObject({
      PolicyDocument: {
        Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      },
    });
  });
});

describe("the rollover's role", () => {
  it('reads counters and caps, writes the ledger and refreshed prices, prunes, tells events as hardcap, keeps failures and logs: nothing else', () => {
    const role = resource(template, 'AWS::IAM::Role', /RolloverRole/);
    const logs = resource(template, 'AWS::Logs::LogGroup', /Rollover/);

    expect(rollover.properties.Role).toBe(`<${role.id}.Arn>`);
    expect(Object.values(statementsOf(template, role))).toEqual([
      {
        Sid: 'FindOpenCounters',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: `<${ledger.id}.Arn>/index/open`,
      },
      {
        Sid: 'ReadCaps',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('CAP'),
      },
      {
        Sid: 'WriteLedger',
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
        Resource: `<${ledger.id}.Arn>`,
      },
      {
        Sid: 'NameKeys',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: `<${settings.id}.Arn>`,
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['KEY'] },
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk'] },
          StringEquals: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
          Null: { 'dynamodb:LeadingKeys': 'false', 'dynamodb:Attributes': 'false' },
        },
      },
      {
        Sid: 'ReadClosedAndJournal',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: `<${ledger.id}.Arn>`,
        Condition: onPartitions('CLOSED', 'JOURNAL#*'),
      },
      {
        Sid: 'PruneClosedCounters',
        Effect: 'Allow',
        Action: 'dynamodb:DeleteItem',
        Resource: `<${ledger.id}.Arn>`,
        Condition: onPartitions('CLOSED', 'COUNTER#*'),
      },
      {
        Sid: 'ReadPriceBook',
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query'],
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('PRICE', 'PRICE-PROPOSAL', 'PRICE-REFRESH'),
      },
      {
        Sid: 'WriteRefreshedPrices',
        Effect: 'Allow',
        Action: 'dynamodb:PutItem',
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('PRICE', 'PRICE-PROPOSAL', 'PRICE-REFRESH'),
      },
      {
        Sid: 'KeepRefreshState',
        Effect: 'Allow',
        Action: 'dynamodb:UpdateItem',
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('PRICE-REFRESH'),
      },
      {
        Sid: 'RemoveProposals',
        Effect: 'Allow',
        Action: 'dynamodb:DeleteItem',
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('PRICE-PROPOSAL'),
      },
      {
        Sid: 'ReadPriceLists',
        Effect: 'Allow',
        Action: ['bedrock:ListFoundationModelAgreementOffers', 'pricing:GetProducts'],
        Resource: '*',
      },
      {
        Sid: 'KeepFailedRuns',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Resource: `<${queue.id}.Arn>`,
      },
      {
        Sid: 'ReadAliases',
        Effect: 'Allow',
        Action: 'dynamodb:Query',
        Resource: `<${settings.id}.Arn>`,
        Condition: onPartitions('ALIAS'),
      },
      {
        Sid: 'KeepToldMarks',
        Effect: 'Allow',
        Action: ['dynamodb:DeleteItem', 'dynamodb:Query'],
        Resource: `<${ledger.id}.Arn>`,
        Condition: onPartitions('TOLD', 'UNTOLD'),
      },
      {
        Sid: 'TellEvents',
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Resource: 'arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:event-bus/default',
        Condition: {
          'ForAllValues:StringEquals': { 'events:source': ['hardcap'] },
          Null: { 'events:source': 'false' },
        },
      },
      {
        Sid: 'WriteOwnLogs',
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: `<${logs.id}.Arn>`,
      },
    ]);
  });

  it('neither reads price lists nor writes a price where the refresh is off', () => {
    const off = createTemplate({ priceRefresh: 'off' });
    const role = resource(off, 'AWS::IAM::Role', /RolloverRole/);
    const sids = Object.keys(statementsOf(off, role));

    expect(sids).toContain('ReadPriceBook');
    expect(sids).not.toContain('ReadPriceLists');
    expect(sids).not.toContain('WriteRefreshedPrices');
  });
});

it("keeps the gateway's role from writing any setting", () => {
  const role = resource(template, 'AWS::IAM::Role', /GatewayRole/);
  const onSettings = Object.values(statementsOf(template, role)).filter(({ Resource }) =>
    JSON.stringify(Resource).includes(settings.id),
  );

  expect(JSON.stringify(onSettings)).not.toMatch(/Put|Update|Delete|BatchWrite/);
});
