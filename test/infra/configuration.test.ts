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
import { createApp } from './stack-under-test.ts';

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
    });

    expect(text).toEqual({
      ...DEFAULT_CONFIGURATION,
      regions: ['eu-west-1', 'us-gov-west-1'],
      overCapStatus: 402,
      memoryMb: 2048,
      reservedConcurrency: 10,
      allowFields: ['x_a', 'x_b'],
      logRetentionDays: 30,
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
    ['alarmEmail', 'ops', 'one e-mail address'],
    ['removalPolicy', 'snapshot', 'retain or destroy'],
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
