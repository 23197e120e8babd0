/**
 * How `hardcap doctor` runs its checks: all of them to an end, whatever one of them does.
 */
import { describe, expect, it } from 'vitest';
import type { Account } from '../../bin/commands/doctor/account.ts';
import { CHECKS } from '../../bin/commands/doctor/all-checks.ts';
import { type Check, ok } from '../../bin/commands/doctor/finding.ts';
import { reportJson, reportText } from '../../bin/commands/doctor/report.ts';
import { type Report, runChecks } from '../../bin/commands/doctor/run-checks.ts';
import type { Scene } from '../../bin/commands/doctor/scene.ts';
import { cap } from '../helpers/builders.ts';
import { callerKey } from '../helpers/fake-ports.ts';
import { NOON_MS } from '../helpers/virtual-clock.ts';

const ROLE = 'arn:aws:iam::1:role/Gateway';
const ALL = [{ Effect: 'Allow', Action: '*', Resource: '*' }];

/** An account with a whole stack in it, and one role that may go round the gateway. */
const account: Account = {
  identity: async () => ({ account: '1', arn: 'arn:aws:iam::1:user/me' }),
  resources: async () =>
    [
      ['AWS::Lambda::Function', 'HardcapGatewayFunction1'],
      ['AWS::CloudWatch::Dashboard', 'Dashboard'],
      ['AWS::CloudWatch::Alarm', 'Alarm'],
      ['AWS::SNS::Topic', 'Topic'],
    ].map(([type = '', logicalId = '']) => ({
      type,
      logicalId,
      physicalId: logicalId,
      status: 'CREATE_COMPLETE',
    })),
  functionFacts: async () => ({
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    authType: 'AWS_IAM',
    invokeMode: 'RESPONSE_STREAM',
    policyActions: [],
    reservedConcurrency: 50,
  }),
  functionSettings: async () => ({
    roleArn: ROLE,
    environment: { HARDCAP_REGIONS: 'eu-west-1, us-east-1', HARDCAP_SSM_PREFIX: '/hardcap' },
  }),
  subscriptions: async () => [{ protocol: 'email', endpoint: 'a@b.example', isPending: false }],
  parameters: async () => [],
  offeredModels: async () => new Set(),
  modelObstacle: async (region) => `no access in ${region}`,
  principals: async () => [
    { kind: 'role', arn: ROLE, statements: ALL },
    { kind: 'role', arn: 'arn:aws:iam::1:role/dev', statements: ALL },
  ],
  simulate: async () => 'allowed',
};

const scene: Scene = {
  nowMs: NOON_MS,
  isLocal: false,
  region: 'us-east-1',
  stackName: 'Hardcap',
  account,
  table: async (which) => ({
    name: which,
    status: 'ACTIVE',
    keys: ['pk', 'sk'],
    indexes: ['open'],
    isProtected: true,
    partitions: [],
  }),
  settings: async () => ({
    counts: { CAP: 1, KEY: 1, PRICE: 0, ALIAS: 0 },
    caps: { caps: [cap()], malformedCaps: [] },
    keys: [callerKey({ models: ['*nova-micro*'] })],
    prices: new Map(),
    aliases: [],
    capItems: [],
  }),
  age: async () => ({ ageDays: 1, maxAgeDays: 60, isOld: false, since: 'catalogue', sinceMs: 0 }),
};

const run = (checks: readonly Check[], changes: Partial<Scene> = {}): Promise<Report> =>
  runChecks(checks, { ...scene, ...changes }, () => undefined, 50);

const denied = (message: string): Error =>
  Object.assign(new Error(message), { name: 'AccessDeniedException' });

describe('the checks', () => {
  it('find what is right and what is not in a whole account', async () => {
    const { results, leftOut } = await run(CHECKS);
    const levels = Object.fromEntries(results.map(({ check, level }) => [check, level]));

    expect(levels).toMatchObject({ identity: 'ok', ssm: 'ok', function: 'ok', alarms: 'ok' });
    expect(results.filter(({ level }) => level !== 'ok').map(({ check }) => check)).toEqual([
      'model-access',
      'way-round',
    ]);
    expect(results.find(({ check }) => check === 'model-access')?.seen).toContain('eu-west-1');
    expect(results.find(({ check }) => check === 'way-round')?.seen).toContain(
      '1 user or role may call',
    );
    expect(leftOut.map(({ check }) => check)).toEqual(['gateway', 'clock', 'http']);
  });

  it('say what they cannot see, which right is lacking, and go on', async () => {
    const blind: Account = {
      ...account,
      principals: () => Promise.reject(denied('me may not perform: iam:GetAccount on *')),
      resources: () => Promise.reject(denied('no')),
    };
    const { results } = await run(CHECKS, { account: blind });
    const wayRound = results.find(({ check }) => check === 'way-round');

    expect(wayRound).toMatchObject({
      level: 'warning',
      seen: 'cannot be seen: these credentials may not iam:GetAccount',
      fix: expect.stringContaining('allow iam:GetAccount'),
    });
    expect(results.filter(({ level }) => level === 'ok').length).toBeGreaterThan(5);
  });

  it('fail where the tables themselves cannot be read', async () => {
    const { results } = await run(CHECKS, { settings: () => Promise.reject(denied('no')) });

    expect(results.find(({ check }) => check === 'settings')?.level).toBe('failure');
  });

  it('end where one of them never does', async () => {
    const stuck: Check = { id: 'stuck', needs: 'tables', run: () => new Promise(() => undefined) };
    const quick: Check = { id: 'quick', needs: 'tables', run: async () => [ok('here')] };
    const { results } = await run([stuck, quick]);

    expect(results.map(({ seen }) => seen)).toEqual([
      'cannot be seen: no answer in 0.05 s',
      'here',
    ]);
  });

  it('leave out what is not there, and say why', async () => {
    const { account: _account, stackName: _stack, ...local } = scene;
    const report = await runChecks(CHECKS, { ...local, isLocal: true }, () => undefined);

    expect(report.leftOut.map(({ check }) => check)).toContain('way-round');
    expect(reportText(report)).toMatch(/Not looked at: identity, .* there is nothing of it on/s);
    expect(reportJson(report)).toMatchObject({ failures: 0, warnings: 0 });
  });
});
