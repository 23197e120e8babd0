/**
 * Rules of the deny policy: who it is about, what it closes, and that each line has its reason.
 */
import { describe, expect, it } from 'vitest';
import { API_KEYS, FUNCTION, MAX_SCP_CHARACTERS, ROLE, SPENDING } from '../../lib/deny-policy.ts';
import { policyText } from '../../scripts/deny-policy.ts';
import { denyPolicyPage, writtenPage } from '../../scripts/docs-deny-policy.ts';
import { createTemplate, flatten, resource } from './stack-under-test.ts';

const template = createTemplate();
const role = resource(template, 'AWS::IAM::Role', /Gateway/);
const gateway = resource(template, 'AWS::Lambda::Function', /Gateway/);
const text = String(flatten(template.findOutputs('DenyPolicy').DenyPolicy?.Value));

interface Statement {
  readonly Sid: string;
  readonly Action: string[];
}
const policy = JSON.parse(text) as { Version: string; Statement: Statement[] };
const actionsOf = (sid: string): string[] =>
  policy.Statement.find(({ Sid }) => Sid === sid)?.Action ?? [];
const denies = (action: string): boolean =>
  actionsOf('OnlyTheGatewayCallsBedrock').some((pattern) =>
    pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : action === pattern,
  );

describe('the deny policy of the stack', () => {
  const deployers = {
    ArnNotLike: {
      'aws:PrincipalArn': [
        'arn:<AWS::Partition>:iam::<AWS::AccountId>:role/' +
          'cdk-hnb659fds-cfn-exec-role-<AWS::AccountId>-<AWS::Region>',
      ],
    },
  };

  it('denies spending to all but the gateway, and the gateway to all but who deploys', () => {
    expect(policy).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'OnlyTheGatewayCallsBedrock',
          Effect: 'Deny',
          Action: expect.any(Array),
          Resource: '*',
          Condition: { ArnNotEquals: { 'aws:PrincipalArn': `<${role.id}.Arn>` } },
        },
        {
          Sid: 'NobodyMakesBedrockApiKeys',
          Effect: 'Deny',
          Action: [
            'iam:CreateServiceSpecificCredential',
            'iam:ResetServiceSpecificCredential',
            'iam:UpdateServiceSpecificCredential',
          ],
          Resource: '*',
          Condition: {
            StringEquals: { 'iam:ServiceSpecificCredentialServiceName': 'bedrock.amazonaws.com' },
          },
        },
        {
          Sid: 'NobodyBorrowsTheGatewaysRole',
          Effect: 'Deny',
          Action: [
            'sts:AssumeRole',
            'iam:UpdateAssumeRolePolicy',
            'iam:PassRole',
            'iam:CreateRole',
            'iam:DeleteRole',
            'iam:AttachRolePolicy',
            'iam:PutRolePolicy',
          ],
          Resource: `<${role.id}.Arn>`,
          Condition: deployers,
        },
        {
          Sid: 'NobodyChangesTheGateway',
          Effect: 'Deny',
          Action: ['lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration'],
          Resource: `<${gateway.id}.Arn>`,
          Condition: deployers,
        },
      ],
    });
  });

  it.each([
    'bedrock:InvokeModel',
    'bedrock:InvokeModelWithResponseStream',
    'bedrock:InvokeModelWithBidirectionalStream',
    'bedrock:StartAsyncInvoke',
    'bedrock:ApplyGuardrail',
    'bedrock:InvokeGuardrailChecks',
    'bedrock:CallWithBearerToken',
    'bedrock-mantle:CallWithBearerToken',
    'bedrock-mantle:CreateInference',
    'bedrock-mantle:CreateReservation',
    'bedrock-websearch:InvokeSearch',
    'bedrock:CreateModelInvocationJob',
    'bedrock:CreateModelCustomizationJob',
    'bedrock:CreateProvisionedModelThroughput',
    'bedrock:CreateCustomModelDeployment',
    'bedrock:InvokeAgent',
    'bedrock:InvokeInlineAgent',
    'bedrock:InvokeFlow',
    'bedrock:StartFlowExecution',
    'bedrock:Retrieve',
    'bedrock:RetrieveAndGenerate',
    'bedrock:Rerank',
    'bedrock:InvokeDataAutomationAsync',
    'bedrock-agentcore:InvokeHarness',
  ])('denies %s, which spends', (action) => {
    expect(denies(action)).toBe(true);
  });

  it.each([
    'bedrock:CountTokens',
    'bedrock:ListFoundationModels',
    'bedrock:GetInferenceProfile',
    'bedrock:CreateInferenceProfile',
    'bedrock:StopModelInvocationJob',
    'bedrock:DeleteProvisionedModelThroughput',
    'bedrock-agentcore:InvokeAgentRuntime',
  ])('leaves %s alone, which spends nothing on models', (action) => {
    expect(denies(action)).toBe(false);
  });

  it('fits into a service control policy, whatever the names', () => {
    const arn = `arn:aws-us-gov:iam::123456789012:role/${'r'.repeat(100)}`;

    expect(text.replaceAll(/<[A-Za-z0-9.]+>/g, arn).length).toBeLessThan(MAX_SCP_CHARACTERS);
  });

  it('holds wildcards at the end of an action only, where every policy type takes them', () => {
    const actions = policy.Statement.flatMap(({ Action }) => Action);

    expect(actions.filter((action) => action.slice(0, -1).includes('*'))).toEqual([]);
  });
});

describe('docs/deny-policy.md', () => {
  it('is what `npm run docs:deny-policy` writes', () => {
    expect(writtenPage()).toBe(denyPolicyPage());
  });

  it('names each denied action, in a line with its reason', () => {
    const reasons = [SPENDING, API_KEYS, ROLE, FUNCTION].flat();
    const lines = writtenPage().split('\n');

    expect(reasons.flatMap(({ actions }) => actions)).toEqual(
      policy.Statement.flatMap(({ Action }) => Action),
    );
    for (const { actions, reason } of reasons) {
      const line = lines.find((candidate) => candidate.endsWith(`| ${reason} |`)) ?? '';
      expect(actions.filter((action) => !line.includes(`\`${action}\``))).toEqual([]);
    }
  });
});

describe('npm run deny-policy', () => {
  const roleArn = 'arn:aws:iam::123456789012:role/gateway';
  const print = (options: Partial<Parameters<typeof policyText>[0]>) =>
    JSON.parse(policyText({ roleArn, form: 'scp', ...options })) as {
      Statement: { Resource: string; Condition: unknown }[];
    };

  it('prints the policy of the stack for the ARNs given', () => {
    const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:gateway';
    const printed = print({ functionArn, deployerArn: ['arn:aws:iam::123456789012:user/ops'] });

    expect(printed.Statement.map(({ Resource }) => Resource)).toEqual([
      '*',
      '*',
      roleArn,
      functionArn,
    ]);
    expect(printed.Statement.at(-1)?.Condition).toEqual({
      ArnNotLike: { 'aws:PrincipalArn': ['arn:aws:iam::123456789012:user/ops'] },
    });
  });

  it("takes the bootstrap's role for who deploys, and holds in both forms", () => {
    const bootstrap = 'arn:aws:iam::123456789012:role/cdk-hnb659fds-cfn-exec-role-123456789012-*';

    expect(JSON.stringify(print({}))).toContain(bootstrap);
    expect(print({ form: 'iam' })).toEqual(print({ form: 'scp' }));
  });

  it('is not printed where AWS would refuse its length', () => {
    const deployerArn = Array(60).fill(`arn:aws:iam::123456789012:role/${'d'.repeat(64)}`);

    expect(() => print({ deployerArn })).toThrow('AWS takes 5120');
  });
});
