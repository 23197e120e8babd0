/**
 * Users and roles as IAM tells of them, with policies of every place that they can be in.
 */
import {
  GetAccountAuthorizationDetailsCommand,
  IAMClient,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, expect, it } from 'vitest';
import { readPrincipals, simulate } from '../../bin/commands/doctor/sdk-principals.ts';

const iam = mockClient(IAMClient);
const client = new IAMClient({ region: 'us-east-1' });
afterEach(() => iam.reset());

const document = (Action: string, asList = true): string => {
  const statement = { Effect: 'Allow', Action, Resource: '*' };
  return encodeURIComponent(JSON.stringify({ Statement: asList ? [statement] : statement }));
};

it('have the statements that are on them, on their groups, and attached, on whatever page', async () => {
  iam
    .on(GetAccountAuthorizationDetailsCommand)
    .resolvesOnce({
      IsTruncated: true,
      Marker: 'next',
      UserDetailList: [
        {
          Arn: 'arn:user',
          GroupList: ['devs'],
          UserPolicyList: [{ PolicyDocument: document('s3:*', false) }],
        },
      ],
      RoleDetailList: [{ Arn: 'arn:role', AttachedManagedPolicies: [{ PolicyArn: 'arn:admin' }] }],
    })
    .resolves({
      GroupDetailList: [
        { GroupName: 'devs', AttachedManagedPolicies: [{ PolicyArn: 'arn:admin' }] },
      ],
      Policies: [
        {
          Arn: 'arn:admin',
          PolicyVersionList: [
            { Document: document('iam:*'), IsDefaultVersion: false },
            { Document: document('bedrock:*'), IsDefaultVersion: true },
          ],
        },
      ],
    });
  const found = await readPrincipals(client);

  expect(found.map(({ arn, statements }) => [arn, statements.map(({ Action }) => Action)])).toEqual(
    [
      ['arn:user', ['s3:*', 'bedrock:*']],
      ['arn:role', ['bedrock:*']],
    ],
  );
});

it.each([
  ['allowed', { EvalDecision: 'allowed' as const }, 'allowed'],
  ['denied', { EvalDecision: 'explicitDeny' as const }, 'denied'],
  [
    'denied for want of something that the simulation lacks',
    { EvalDecision: 'explicitDeny' as const, MissingContextValues: ['aws:SourceVpc'] },
    'undecided',
  ],
  ['allowed for some models', { EvalDecision: 'implicitDeny' as const }, 'undecided'],
  [
    'shut out by the organization',
    {
      EvalDecision: 'implicitDeny' as const,
      OrganizationsDecisionDetail: { AllowedByOrganizations: false },
    },
    'denied',
  ],
])('are %s by the simulator', async (_title, result, expected) => {
  iam.on(SimulatePrincipalPolicyCommand).resolves({
    EvaluationResults: [{ EvalActionName: 'bedrock:InvokeModel', ...result }],
  });

  expect(await simulate(client, 'arn:aws:iam::1:role/dev', 'us-east-1')).toBe(expected);
});
