/**
 * Rules of the two tables.
 */
import { describe, expect, it } from 'vitest';
import { ENV } from '../../lambda/contract.ts';
import { createTemplate, resource, resources, statementsOf } from './stack-under-test.ts';

const template = createTemplate();
const TABLE_TYPE = 'AWS::DynamoDB::Table';
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
];

describe.each(['Settings', 'Ledger'])('the %s table', (name) => {
  const { properties, deletionPolicy } = resource(template, TABLE_TYPE, new RegExp(name));

  it('has the partition and sort keys of the contract', () => {
    expect(properties.KeySchema).toEqual(KEYS);
  });

  it('is paid by request and has a generated name', () => {
    expect(properties.BillingMode).toBe('PAY_PER_REQUEST');
    expect(properties.TableName).toBeUndefined();
  });

  it('can be recovered to any point in time', () => {
    expect(properties.PointInTimeRecoverySpecification).toEqual({
      PointInTimeRecoveryEnabled: true,
    });
  });

  it('is encrypted under the key that AWS manages', () => {
    expect(properties.SSESpecification).toEqual({ SSEEnabled: true });
  });

  it('survives its stack and refuses to be deleted', () => {
    expect(deletionPolicy).toBe('Retain');
    expect(properties.DeletionProtectionEnabled).toBe(true);
  });
});

describe('the ledger table', () => {
  const { properties } = resource(template, TABLE_TYPE, /Ledger/);

  it('indexes open counters by their keys alone', () => {
    expect(properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: 'open',
        KeySchema: [{ AttributeName: 'openKey', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ]);
  });

  it('expires items by the attribute that only journal entries carry', () => {
    expect(properties.TimeToLiveSpecification).toEqual({
      AttributeName: 'ttlEpochSeconds',
      Enabled: true,
    });
  });
});

describe('the settings table', () => {
  it('never expires an item and has no index', () => {
    const { properties } = resource(template, TABLE_TYPE, /Settings/);

    expect(properties.TimeToLiveSpecification).toBeUndefined();
    expect(properties.GlobalSecondaryIndexes).toBeUndefined();
  });
});

describe('tables by name', () => {
  it('are made under the names given', () => {
    const named = createTemplate({
      settingsTableName: 'hc-settings',
      ledgerTableName: 'hc-ledger',
    });

    const names = resources(named, TABLE_TYPE).map(({ properties }) => properties.TableName);
    expect(names).toEqual(['hc-settings', 'hc-ledger']);
  });

  it('that are there already are used as they are, and none is made', () => {
    const existing = createTemplate({
      existingSettingsTable: 'old-settings',
      existingLedgerTable: 'old-ledger',
    });

    expect(resources(existing, TABLE_TYPE)).toEqual([]);
    const table = 'arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table';
    const gateway = statementsOf(existing, resource(existing, 'AWS::IAM::Role', /Gateway/));
    expect(gateway.ReadSettings?.Resource).toBe(`${table}/old-settings`);
    expect(gateway.WriteLedger?.Resource).toBe(`${table}/old-ledger`);
    const rollover = statementsOf(existing, resource(existing, 'AWS::IAM::Role', /RolloverRole/));
    expect(rollover.FindOpenCounters?.Resource).toBe(`${table}/old-ledger/index/open`);
    for (const name of [/Gateway/, /Rollover/, /Widget/]) {
      const { properties } = resource(existing, 'AWS::Lambda::Function', name);
      expect(properties.Environment).toMatchObject({
        Variables: { [ENV.settingsTable]: 'old-settings', [ENV.ledgerTable]: 'old-ledger' },
      });
    }
  });

  it('may be one old and one new', () => {
    const mixed = createTemplate({ existingLedgerTable: 'old-ledger' });

    expect(resources(mixed, TABLE_TYPE).map(({ id }) => id)).toEqual([
      expect.stringContaining('Settings'),
    ]);
  });
});

describe('removalPolicy destroy', () => {
  it('lets the stack take tables and logs with it', () => {
    const trial = createTemplate({ removalPolicy: 'destroy' });

    const tables = resources(trial, TABLE_TYPE);
    const logs = resources(trial, 'AWS::Logs::LogGroup');
    expect(tables.map(({ properties }) => properties.DeletionProtectionEnabled)).toEqual([
      false,
      false,
    ]);
    const policies = [...tables, ...logs].map(({ deletionPolicy }) => deletionPolicy);
    expect(new Set(policies)).toEqual(new Set(['Delete']));
  });
});
