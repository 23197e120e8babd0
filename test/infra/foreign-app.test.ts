/**
 * Rules of the construct in somebody else's app: it brings all that it needs, lives beside another
 * of its kind, and uses what the app has made.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Tags } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AttributeType, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { afterAll, describe, expect, it } from 'vitest';
import { ENV } from '../../lambda/contract.ts';
import { Hardcap } from '../../lib/hardcap.ts';
import { flatten, resource, resources, statementsOf } from './stack-under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'hardcap-foreign-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Without the feature flags and the context of hardcap's own app. */
const foreignStack = (): Stack => {
  const outdir = mkdtempSync(join(scratch, 'app-'));
  const app = new App({ outdir, context: { 'aws:cdk:bundling-stacks': [], theirOwn: 'word' } });
  return new Stack(app, 'Platform');
};

const keys = {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
};

describe('two of them in one stack', () => {
  const stack = foreignStack();
  const [red, blue] = [
    new Hardcap(stack, 'Red', { regions: ['eu-west-1'], reservedConcurrency: 'none' }),
    new Hardcap(stack, 'Blue', { authType: 'iam', tags: { team: 'blue' } }),
  ];
  const template = Template.fromStack(stack);

  it('have tables, functions, roles and a URL each', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 4);
    template.resourceCountIs('AWS::Lambda::Function', 10);
    template.resourceCountIs('AWS::IAM::Role', 12);
    template.resourceCountIs('AWS::Lambda::Url', 2);
  });

  it('reach their own tables only', () => {
    for (const [name, other] of [
      ['Red', 'Blue'],
      ['Blue', 'Red'],
    ] as const) {
      const role = resource(template, 'AWS::IAM::Role', new RegExp(`^${name}Gateway`));
      const statements = JSON.stringify(statementsOf(template, role));
      expect(statements).toContain(`<${name}Ledger`);
      expect(statements).not.toContain(`<${other}`);
    }
  });

  it('do not read the context: what the app set for itself is no setting of theirs', () => {
    expect(red?.configuration.regions).toEqual(['eu-west-1']);
    expect(blue?.configuration.regions).toEqual(['us-east-1']);
  });

  it('carry the tags of their own settings', () => {
    const tagsOf = (id: RegExp) => resource(template, 'AWS::Lambda::Function', id).properties.Tags;

    expect(tagsOf(/^RedGateway/)).toBeUndefined();
    expect(tagsOf(/^BlueGateway/)).toEqual([{ Key: 'team', Value: 'blue' }]);
  });
});

describe('what the app has made', () => {
  const stack = foreignStack();
  const encryptionKey = new Key(stack, 'Key');
  const tablesKey = new Key(stack, 'TablesKey');
  const settingsTable = new Table(stack, 'TheirSettings', {
    ...keys,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: tablesKey,
  });
  const ledgerTable = new Table(stack, 'TheirLedger', keys);
  ledgerTable.addGlobalSecondaryIndex({
    indexName: 'open',
    partitionKey: { name: 'openKey', type: AttributeType.STRING },
    projectionType: ProjectionType.KEYS_ONLY,
  });
  const hardcap = new Hardcap(stack, 'Hardcap', { settingsTable, ledgerTable, encryptionKey });
  const caller = new Role(stack, 'Caller', {
    assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
  });
  hardcap.gateway.functionUrl.grantInvokeUrl(caller);
  Tags.of(stack).add('owner', 'platform');
  const template = Template.fromStack(stack);
  const idOf = (name: RegExp) => resource(template, 'AWS::KMS::Key', name).id;

  it('is used in place of tables of its own', () => {
    template.resourceCountIs('AWS::DynamoDB::Table', 2);
    const gateway = resource(template, 'AWS::Lambda::Function', /^HardcapGateway/);
    const settings = resource(template, 'AWS::DynamoDB::Table', /^TheirSettings/);
    const ledger = resource(template, 'AWS::DynamoDB::Table', /^TheirLedger/);
    expect(gateway.properties.Environment).toMatchObject({
      Variables: {
        [ENV.settingsTable]: `<${settings.id}>`,
        [ENV.ledgerTable]: `<${ledger.id}>`,
      },
    });
  });

  it('is read and written by the key of those tables, not by that of logs and queue', () => {
    const role = resource(template, 'AWS::IAM::Role', /^HardcapGateway/);

    expect(statementsOf(template, role).UseTableKeys).toMatchObject({
      Resource: `<${idOf(/^TablesKey/)}.Arn>`,
    });
  });

  it('encrypts logs, the queue of failed runs and the topic of alarms', () => {
    const key = `<${idOf(/^Key/)}.Arn>`;

    for (const { properties } of resources(template, 'AWS::Logs::LogGroup')) {
      expect(properties.KmsKeyId).toBe(key);
    }
    expect(resource(template, 'AWS::SQS::Queue', /Rollover/).properties.KmsMasterKeyId).toBe(key);
    expect(resource(template, 'AWS::SNS::Topic').properties.KmsMasterKeyId).toBe(key);
  });

  it('lets the services in that act for nobody', () => {
    const { KeyPolicy } = resource(template, 'AWS::KMS::Key', /^Key/).properties as {
      KeyPolicy: { Statement: { Sid?: string; Principal: unknown; Condition?: unknown }[] };
    };

    const ours = KeyPolicy.Statement.filter(({ Sid }) => Sid?.startsWith('Hardcap'));
    expect(ours.map(({ Principal, Condition }) => [Principal, Condition])).toEqual([
      [
        { Service: 'logs.<AWS::Region>.amazonaws.com' },
        {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn':
              'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*',
          },
        },
      ],
      [
        { Service: 'cloudwatch.amazonaws.com' },
        { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
      ],
    ]);
  });

  it('may be let call a signed URL', () => {
    const policies = flatten(template.findResources('AWS::IAM::Policy')) as object;

    expect(JSON.stringify(policies)).toContain('lambda:InvokeFunctionUrl');
  });

  it('and a name of a table at once is refused', () => {
    const twice = { ledgerTable, existingLedgerTable: 'another' };

    expect(() => new Hardcap(stack, 'Twice', twice)).toThrow(
      'both "ledgerTable" and the name "another" stand for a table',
    );
  });
});
