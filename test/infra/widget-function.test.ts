/**
 * Rules of the function behind the dashboard's widget: small, short, and able to read only.
 */
import { expect, it } from 'vitest';
import { createTemplate, resource, resources, statementsOf } from './stack-under-test.ts';

const template = createTemplate();
const widget = resource(template, 'AWS::Lambda::Function', /Widget/);
const ledger = resource(template, 'AWS::DynamoDB::Table', /Ledger/);
const settings = resource(template, 'AWS::DynamoDB::Table', /Settings/);

const onPartitions = (...patterns: string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': patterns },
  Null: { 'dynamodb:LeadingKeys': 'false' },
});

it('is small, answers within ten seconds, and is told the names of the tables alone', () => {
  expect(widget.properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    MemorySize: 256,
    Timeout: 10,
    Environment: {
      Variables: {
        HARDCAP_SETTINGS_TABLE: `<${settings.id}>`,
        HARDCAP_LEDGER_TABLE: `<${ledger.id}>`,
      },
    },
  });
});

it('reads caps and counters and logs: no key, no journal, no write', () => {
  const role = resource(template, 'AWS::IAM::Role', /WidgetRole/);
  const logs = resource(template, 'AWS::Logs::LogGroup', /Widget/);

  expect(widget.properties.Role).toBe(`<${role.id}.Arn>`);
  expect(Object.values(statementsOf(template, role))).toEqual([
    {
      Sid: 'ReadCaps',
      Effect: 'Allow',
      Action: 'dynamodb:Query',
      Resource: `<${settings.id}.Arn>`,
      Condition: onPartitions('CAP'),
    },
    {
      Sid: 'FindOpenCounters',
      Effect: 'Allow',
      Action: 'dynamodb:Query',
      Resource: `<${ledger.id}.Arn>/index/open`,
    },
    {
      Sid: 'ReadCounters',
      Effect: 'Allow',
      Action: ['dynamodb:BatchGetItem', 'dynamodb:Query'],
      Resource: `<${ledger.id}.Arn>`,
      Condition: onPartitions('COUNTER#*', 'SUMMARY#*'),
    },
    {
      Sid: 'WriteOwnLogs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `<${logs.id}.Arn>`,
    },
  ]);
});

it('may be invoked by nobody who has no permission of their own', () => {
  const permissions = resources(template, 'AWS::Lambda::Permission').filter(({ properties }) =>
    JSON.stringify(properties).includes(widget.id),
  );

  expect(permissions).toEqual([]);
});
