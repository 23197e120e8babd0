/**
 * Rules of a deployment's settings: what is taken, what is refused, and in which words.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  completeConfiguration,
  configurationFromContext,
  DEFAULT_CONFIGURATION,
} from '../../lib/configuration.ts';
import { stackFromContext } from '../../lib/stack-context.ts';
import { createApp } from './stack-under-test.ts';

const UUID = '12345678-90ab-cdef-1234-567890abcdef';
const EDGE = {
  edgeDomain: 'llm.example.com',
  edgeCertificateArn: `arn:aws:acm:us-east-1:123456789012:certificate/${UUID}`,
  edgeWebAclArn: `arn:aws:wafv2:us-east-1:123456789012:global/webacl/mine/${UUID}`,
};

const fromContext = (context: Record<string, unknown>) =>
  configurationFromContext(createApp(context).node);

describe('the defaults', () => {
  it('hold where nothing is set', () => {
    expect(completeConfiguration({})).toEqual(DEFAULT_CONFIGURATION);
    expect(fromContext({})).toEqual(DEFAULT_CONFIGURATION);
  });

  it('are spelt out in cdk.json, for people to edit', () => {
    const { context } = JSON.parse(
      readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8'),
    ) as { context: Record<string, unknown> };

    expect(context).toEqual(DEFAULT_CONFIGURATION);
  });

  it('hold for what is explicitly undefined', () => {
    expect(completeConfiguration({ memoryMb: undefined }).memoryMb).toBe(1024);
  });
});

describe('a setting', () => {
  it('is read from the text of the command line as from JSON', () => {
    const text = fromContext({
      regions: 'eu-west-1, us-gov-west-1',
      overCapStatus: '402',
      memoryMb: '2048',
      reservedConcurrency: '10',
      allowFields: 'x_a,x_b',
      logRetentionDays: '30',
      tags: 'team=platform, path=a=b',
    });

    expect(text).toEqual({
      ...DEFAULT_CONFIGURATION,
      regions: ['eu-west-1', 'us-gov-west-1'],
      overCapStatus: 402,
      memoryMb: 2048,
      reservedConcurrency: 10,
      allowFields: ['x_a', 'x_b'],
      logRetentionDays: 30,
      tags: { team: 'platform', path: 'a=b' },
    });
  });

  it('may be none where concurrency is not to be reserved', () => {
    expect(fromContext({ reservedConcurrency: 'none' }).reservedConcurrency).toBe('none');
  });

  it.each([
    ['regions', [], '1 to 12 AWS regions'],
    ['regions', 'us-east-1.evil.example/', '1 to 12 AWS regions'],
    ['regions', '', '1 to 12 AWS regions'],
    ['regions', Array(13).fill('us-east-1'), '1 to 12 AWS regions'],
    ['overCapStatus', 403, '429 or 402'],
    ['settingsMaxAgeMs', 60_001, 'milliseconds, 0 to 60000'],
    ['settingsMaxAgeMs', -1, 'milliseconds, 0 to 60000'],
    ['reservationMarginMs', 999, 'milliseconds, 1000 to 3600000'],
    ['uncovered', 'maybe', 'refuse or allow'],
    ['allowFields', 'a b', 'names of request members'],
    ['maxInFlight', 2001, 'reservations, 1 to 2000'],
    ['whenClientLeaves', 'stay', 'drain or settle'],
    ['journalDays', 0, 'days, 1 to 3650'],
    ['counterDays', 34, 'days, 35 to 36500'],
    ['ssmPrefix', 'hardcap', 'prefix of parameters'],
    ['ssmPrefix', '/hardcap/', 'prefix of parameters'],
    ['ssmPrefix', '/', 'prefix of parameters'],
    ['ssmPrefix', '/hard cap', 'prefix of parameters'],
    ['ssmPrefix', '/aws-caps', 'not of aws or ssm'],
    ['ssmPrefix', '/SSM/caps', 'not of aws or ssm'],
    ['ssmPrefix', `/${'a'.repeat(200)}`, 'prefix of parameters'],
    ['memoryMb', 'lots', 'megabytes, 256 to 10240'],
    ['memoryMb', 1024.5, 'megabytes, 256 to 10240'],
    ['timeoutSeconds', 901, 'seconds, 10 to 900'],
    ['reservedConcurrency', 'all', 'or none'],
    ['reservedConcurrency', -1, 'or none'],
    ['logRetentionDays', 31, "CloudWatch's steps in days"],
    ['logRetentionDays', 9999, "CloudWatch's steps in days"],
    ['alarmRefusals', -1, 'requests, 0 to 1000000'],
    ['runbookUrl', 'https://wiki/a#b', 'without # and blanks'],
    ['runbookUrl', '', 'without # and blanks'],
    ['alarmEmail', 'ops', 'one e-mail address'],
    ['removalPolicy', 'snapshot', 'retain or destroy'],
    ['edge', 'on', 'none or cloudfront'],
    ['edgeDirect', 'no', 'refuse or allow'],
    ['edgeDomain', 'https://llm.example.com', 'one domain name'],
    ['edgeDomain', 'localhost', 'one domain name'],
    ['edgeDomain', '*.example.com', 'one domain name'],
    [
      'edgeCertificateArn',
      `arn:aws:acm:eu-west-1:123456789012:certificate/${UUID}`,
      'a certificate in us-east-1',
    ],
    ['edgeRateLimit', 99, 'requests, 100 to 2000000000'],
    [
      'edgeWebAclArn',
      `arn:aws:wafv2:us-east-1:123456789012:regional/webacl/mine/${UUID}`,
      'a web ACL for CloudFront',
    ],
    ['edgeFirstByteSeconds', 0, 'seconds, 1 to 900'],
    ['edgeFirstByteSeconds', 901, 'seconds, 1 to 900'],
    ['edgeSecretVersion', 0, 'changes, 1 to 1000000'],
    ['settingsTableName', 'a/b', 'the name of a table'],
    ['existingLedgerTable', 'ab', 'the name of a table'],
    ['kmsKeyArn', 'alias/hardcap', 'the ARN of a KMS key (no alias)'],
    ['tags', 'aws:team=x', 'at most 40 tags'],
    ['tags', { team: 'a\nb' }, 'at most 40 tags'],
    [
      'tags',
      Object.fromEntries(Array.from({ length: 41 }, (_, at) => [`t${at}`, ''])),
      'at most 40',
    ],
    ['authType', 'AWS_IAM', 'none or iam'],
    ['tracing', 'on', 'off or xray'],
  ])('%s %j is refused, naming the key, the value and what is allowed', (key, value, allowed) => {
    const read = () => fromContext({ [key]: value });

    expect(read).toThrow(`"${key}" is ${JSON.stringify(value)}; allowed: `);
    expect(read).toThrow(allowed);
    expect(read).toThrow('cdk.json');
  });

  it('at fault does not hide another', () => {
    const read = () => completeConfiguration({ memoryMb: 1, uncovered: 'no' });

    expect(read).toThrow('"memoryMb" is 1');
    expect(read).toThrow('"uncovered" is "no"');
  });
});

describe('settings of the edge', () => {
  it('are read where there is one', () => {
    const set = { edge: 'cloudfront', ...EDGE, edgeFirstByteSeconds: '60', edgeSecretVersion: '2' };

    expect(fromContext(set)).toEqual({
      ...DEFAULT_CONFIGURATION,
      ...EDGE,
      edge: 'cloudfront',
      edgeFirstByteSeconds: 60,
      edgeSecretVersion: 2,
    });
  });

  it.each([
    ['edgeDirect', 'allow'],
    ['edgeDomain', EDGE.edgeDomain],
    ['edgeCertificateArn', EDGE.edgeCertificateArn],
    ['edgeRateLimit', 500],
    ['edgeWebAclArn', EDGE.edgeWebAclArn],
    ['edgeFirstByteSeconds', 60],
    ['edgeSecretVersion', 2],
  ])('%s is refused where there is none, as somebody may rely on it', (key, value) => {
    expect(() => fromContext({ [key]: value })).toThrow(
      `"${key}" is ${JSON.stringify(value)} while "edge" is "none"`,
    );
  });

  it.each(['edgeDomain', 'edgeCertificateArn'] as const)(
    '%s is refused without the other of the two',
    (key) => {
      expect(() => completeConfiguration({ edge: 'cloudfront', [key]: EDGE[key] })).toThrow(
        'set both or neither',
      );
    },
  );

  it('edgeRateLimit is refused beside a web ACL that has rules of its own', () => {
    const { edgeWebAclArn } = EDGE;

    expect(() =>
      completeConfiguration({ edge: 'cloudfront', edgeWebAclArn, edgeRateLimit: 500 }),
    ).toThrow('"edgeRateLimit" is 500, which nothing would enforce');
  });
});

describe('settings that contradict each other', () => {
  it.each([
    [
      { settingsTableName: 'new', existingSettingsTable: 'old' },
      '"existingSettingsTable" one that',
    ],
    [{ ledgerTableName: 'new', existingLedgerTable: 'old' }, '"existingLedgerTable" one that'],
    [{ settingsTableName: 'one', existingLedgerTable: 'one' }, 'they need a table each'],
  ])('%j are refused', (given, message) => {
    expect(() => completeConfiguration(given)).toThrow(message);
  });
});

describe('the stack', () => {
  const stack = (context: Record<string, unknown>) => stackFromContext(createApp(context).node);

  it('is left to its defaults where nothing, or an empty text, is given', () => {
    expect(stack({})).toEqual({});
    expect(stack({ stackName: '', stackAccount: '', stackRegion: '' })).toEqual({});
  });

  it('has the name, account and region that are given', () => {
    const given = {
      stackName: 'Hardcap-dev',
      stackAccount: 123456789012,
      stackRegion: 'eu-west-1',
    };

    expect(stack(given)).toEqual({
      stackName: 'Hardcap-dev',
      env: { account: '123456789012', region: 'eu-west-1' },
    });
    expect(() => fromContext(given)).not.toThrow();
  });

  it.each([
    [{ stackName: 'hard_cap' }, '"stackName" is "hard_cap"; allowed: 1 to 128 of A-Z a-z 0-9 -'],
    [{ stackAccount: '1', stackRegion: 'eu-west-1' }, '"stackAccount" is "1"; allowed: 12 digits'],
    [{ stackAccount: '123456789012', stackRegion: 'x' }, '"stackRegion" is "x"; allowed: an AWS'],
    [{ stackRegion: 'eu-west-1' }, '"stackAccount" and "stackRegion" go together'],
  ])('%j is refused', (given, message) => {
    expect(() => stack(given)).toThrow(message);
  });
});

describe('a key that is none of the settings', () => {
  it('is refused, as it may be a misspelt one', () => {
    const read = () => fromContext({ reservedConcurency: 'none' });

    expect(read).toThrow('"reservedConcurency" is no setting; there are: regions, ');
  });

  it("is left alone where it is the CDK's own", () => {
    const read = () =>
      fromContext({ 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:newStyleStackSynthesis': true });

    expect(read).not.toThrow();
  });
});
