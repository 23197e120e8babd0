/**
 * Rules of the two tables.
 */
import { describe, expect, it } from 'vitest';
import { createTemplate, resource, resources } from './stack-under-test.ts';

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
