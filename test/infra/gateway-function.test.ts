/**
 * Rules of the gateway function: its runtime, its public URL, its environment and its role.
 */
import { describe, expect, it } from 'vitest';
import { ENV } from '../../lambda/contract.ts';
import { createTemplate, resource, resources, statementsOf } from './stack-under-test.ts';

const template = createTemplate();
const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);
const settings = resource(template, 'AWS::DynamoDB::Table', /Settings/);
const ledger = resource(template, 'AWS::DynamoDB::Table', /Ledger/);

const environmentIn = (from: typeof gateway): Record<string, string> =>
  (from.properties.Environment as { Variables: Record<string, string> }).Variables;

describe('the gateway function', () => {
  it('runs Node 24 on arm64 for up to 900 seconds in 1024 megabytes', () => {
    expect(gateway.properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Timeout: 900,
      MemorySize: 1024,
      Handler: 'index.handler',
    });
  });

  it('takes memory and time-out from the settings', () => {
    const other = createTemplate({ memoryMb: 2048, timeoutSeconds: 300 });

    const { properties } = resource(other, 'AWS::Lambda::Function', /Gateway/);
    expect(properties).toMatchObject({ MemorySize: 2048, Timeout: 300 });
  });

  it('is told every setting of the contract, with the defaults of the design', () => {
    const environment = environmentIn(gateway);

    expect(environment).toEqual({
      [ENV.settingsTable]: `<${settings.id}>`,
      [ENV.ledgerTable]: `<${ledger.id}>`,
      [ENV.regions]: 'us-east-1',
      [ENV.overCapStatus]: '429',
      [ENV.settingsMaxAgeMs]: '5000',
      [ENV.reservationMarginMs]: '60000',
      [ENV.uncovered]: 'refuse',
      [ENV.allowFields]: '',
      [ENV.maxInFlight]: '2000',
      [ENV.maxTagCounters]: '1000',
      [ENV.upstreamMetadata]: 'reservation',
      [ENV.whenClientLeaves]: 'drain',
      [ENV.journalDays]: '90',
      [ENV.counterDays]: '400',
      [ENV.catalogueMaxAgeDays]: '60',
      [ENV.priceRefresh]: 'daily',
      [ENV.ssmPrefix]: '/hardcap',
    });
    // The secret of an edge comes with the edge.
    const told = Object.values(ENV).filter((name) => name !== ENV.originSecret);
    expect(Object.keys(environment).sort()).toEqual(told.sort());
  });

  it('is told the settings that were set', () => {
    const other = createTemplate({
      regions: ['eu-west-1', 'us-east-1'],
      overCapStatus: 402,
      settingsMaxAgeMs: 1000,
      reservationMarginMs: 2000,
      uncovered: 'allow',
      allowFields: ['x_mode', 'x_tier'],
      maxInFlight: 7,
      maxTagCounters: 9,
      upstreamMetadata: 'none',
      journalDays: 3,
      counterDays: 60,
    });

    expect(environmentIn(resource(other, 'AWS::Lambda::Function', /Gateway/))).toMatchObject({
      [ENV.regions]: 'eu-west-1,us-east-1',
      [ENV.overCapStatus]: '402',
      [ENV.settingsMaxAgeMs]: '1000',
      [ENV.reservationMarginMs]: '2000',
      [ENV.uncovered]: 'allow',
      [ENV.allowFields]: 'x_mode,x_tier',
      [ENV.maxInFlight]: '7',
      [ENV.maxTagCounters]: '9',
      [ENV.upstreamMetadata]: 'none',
      [ENV.journalDays]: '3',
      [ENV.counterDays]: '60',
    });
  });

  it('serves at most 50 requests at a time, so that a flood has a ceiling', () => {
    expect(gateway.properties.ReservedConcurrentExecutions).toBe(50);
  });

  it.each([
    ['a number reserves that many', 200, 200],
    ['0 stops the gateway', 0, 0],
    ['none reserves nothing', 'none', undefined],
  ] as const)('reservedConcurrency: %s', (_, reservedConcurrency, expected) => {
    const { properties } = resource(
      createTemplate({ reservedConcurrency }),
      'AWS::Lambda::Function',
      /Gateway/,
    );

    expect(properties.ReservedConcurrentExecutions).toBe(expected);
  });
});

describe('the function URL', () => {
  it('streams its responses and leaves the check of keys to the function', () => {
    const url = resource(template, 'AWS::Lambda::Url');

    expect(url.properties).toEqual({
      AuthType: 'NONE',
      InvokeMode: 'RESPONSE_STREAM',
      TargetFunctionArn: `<${gateway.id}.Arn>`,
    });
  });

  it('is open to signed requests alone with authType iam, and the stack lets nobody in', () => {
    const signed = createTemplate({ authType: 'iam' });

    expect(resource(signed, 'AWS::Lambda::Url').properties).toMatchObject({
      AuthType: 'AWS_IAM',
      InvokeMode: 'RESPONSE_STREAM',
    });
    const open = resources(signed, 'AWS::Lambda::Permission').filter(({ id }) =>
      /Gateway/.test(id),
    );
    expect(open).toEqual([]);
  });

  it('may be called by anybody, but the function only through the URL', () => {
    const permissions = resources(template, 'AWS::Lambda::Permission').filter(({ id }) =>
      /Gateway/.test(id),
    );

    expect(permissions.map(({ properties }) => properties)).toEqual([
      {
        Action: 'lambda:InvokeFunctionUrl',
        FunctionName: `<${gateway.id}.Arn>`,
        FunctionUrlAuthType: 'NONE',
        Principal: '*',
      },
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: `<${gateway.id}.Arn>`,
        InvokedViaFunctionUrl: true,
        Principal: '*',
      },
    ]);
  });
});

describe("the gateway's log group", () => {
  it('is the one that the function writes to, and keeps lines for 90 days', () => {
    const logs = resource(template, 'AWS::Logs::LogGroup', /Gateway/);

    expect(logs.properties.RetentionInDays).toBe(90);
    expect(gateway.properties.LoggingConfig).toEqual({ LogGroup: `<${logs.id}>` });
  });

  it('keeps lines as long as the settings say', () => {
    const logs = resources(createTemplate({ logRetentionDays: 7 }), 'AWS::Logs::LogGroup');

    expect(new Set(logs.map(({ properties }) => properties.RetentionInDays))).toEqual(new Set([7]));
  });
});

describe("the gateway's role", () => {
  const regions = ['eu-west-1', 'us-east-1'];
  const wide = createTemplate({ regions });
  const role = resource(wide, 'AWS::IAM::Role', /Gateway/);
  const statements = statementsOf(wide, role);
  const bedrock = 'arn:<AWS::Partition>:bedrock';
  const models = regions.map((region) => `${bedrock}:${region}::foundation-model/*`);
  const profiles = regions.flatMap((region) => [
    `${bedrock}:${region}:<AWS::AccountId>:inference-profile/*`,
    `${bedrock}:${region}:<AWS::AccountId>:application-inference-profile/*`,
  ]);
  const ownModels = regions.map((region) => `${bedrock}:${region}:<AWS::AccountId>:*-model*/*`);
  const invoke = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];

  it('is the one that the function runs as', () => {
    const { properties } = resource(wide, 'AWS::Lambda::Function', /Gateway/);

    expect(properties.Role).toBe(`<${role.id}.Arn>`);
  });

  it('calls models, profiles and models of the account in the chosen regions', () => {
    expect(statements.InvokeInChosenRegions).toEqual({
      Sid: 'InvokeInChosenRegions',
      Effect: 'Allow',
      Action: invoke,
      Resource: [...models, ...profiles, ...ownModels],
    });
  });

  it('calls models elsewhere only where a profile of a chosen region routes to', () => {
    expect(statements.InvokeWhereProfilesRoute).toEqual({
      Sid: 'InvokeWhereProfilesRoute',
      Effect: 'Allow',
      Action: invoke,
      Resource: [`${bedrock}:*::foundation-model/*`, `${bedrock}:::foundation-model/*`],
      Condition: { ArnLike: { 'bedrock:InferenceProfileArn': profiles } },
    });
  });

  it('counts tokens and resolves profiles in the chosen regions', () => {
    expect(statements.CountTokens).toEqual({
      Sid: 'CountTokens',
      Effect: 'Allow',
      Action: 'bedrock:CountTokens',
      Resource: models,
    });
    // T23: the ARN of an application profile tells its model only by this call.
    expect(statements.ResolveProfiles).toEqual({
      Sid: 'ResolveProfiles',
      Effect: 'Allow',
      Action: 'bedrock:GetInferenceProfile',
      Resource: [
        `${bedrock}:*:<AWS::AccountId>:inference-profile/*`,
        `${bedrock}:*:<AWS::AccountId>:application-inference-profile/*`,
      ],
      Condition: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
    });
  });

  it('applies guardrails of the account, and checks text, in the chosen regions', () => {
    expect(statements.ApplyGuardrails).toEqual({
      Sid: 'ApplyGuardrails',
      Effect: 'Allow',
      Action: 'bedrock:ApplyGuardrail',
      Resource: [
        `${bedrock}:*:<AWS::AccountId>:guardrail/*`,
        `${bedrock}:*:<AWS::AccountId>:guardrail-profile/*`,
      ],
      Condition: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
    });
    expect(statements.CheckText).toEqual({
      Sid: 'CheckText',
      Effect: 'Allow',
      Action: 'bedrock:InvokeGuardrailChecks',
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestedRegion': [...regions] } },
    });
  });

  it('threat 24: reads settings and cannot write them', () => {
    expect(statements.ReadSettings).toEqual({
      Sid: 'ReadSettings',
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:Query'],
      Resource: `<${resource(wide, 'AWS::DynamoDB::Table', /Settings/).id}.Arn>`,
    });
  });

  it('writes the ledger and cannot delete from it', () => {
    expect(statements.WriteLedger).toEqual({
      Sid: 'WriteLedger',
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      Resource: `<${resource(wide, 'AWS::DynamoDB::Table', /Ledger/).id}.Arn>`,
    });
  });

  it('writes to its own log group', () => {
    expect(statements.WriteOwnLogs).toEqual({
      Sid: 'WriteOwnLogs',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `<${resource(wide, 'AWS::Logs::LogGroup', /Gateway/).id}.Arn>`,
    });
  });

  it('fits into the 10,240 characters that IAM takes, with all that may be set', () => {
    const zones = ['ap-southeast', 'ap-northeast', 'us-gov-north'];
    const regions = zones.flatMap((zone) => [1, 2, 3, 4].map((number) => `${zone}-${number}`));
    const kmsKeyArn = `arn:aws-us-gov:kms:us-gov-east-1:123456789012:key/${'a'.repeat(36)}`;
    const most = createTemplate({ regions, kmsKeyArn, tracing: 'xray' });

    const { properties } = resource(most, 'AWS::IAM::Role', /Gateway/);
    const policies = JSON.stringify(properties.Policies);
    expect(regions.filter((region) => !policies.includes(region))).toEqual([]);
    expect(policies.length).toBeLessThan(10_240);
  });

  it('may do nothing else', () => {
    expect(Object.keys(statements)).toEqual([
      'InvokeInChosenRegions',
      'InvokeWhereProfilesRoute',
      'CountTokens',
      'ApplyGuardrails',
      'CheckText',
      'ResolveProfiles',
      'ReadSettings',
      'WriteLedger',
      'WriteOwnLogs',
    ]);
    expect(Object.values(statements).flatMap(({ Action }) => Action)).not.toContainEqual(
      expect.stringContaining('*'),
    );
  });
});
