/**
 * Rules of the stack's outputs: what a user pastes, and the policy that closes the ways round.
 */
import { describe, expect, it } from 'vitest';
import { MAX_POLICY_CHARACTERS } from '../../lib/deny-policy.ts';
import { createTemplate, flatten, resource } from './stack-under-test.ts';

const template = createTemplate();
const outputs = Object.fromEntries(
  Object.entries(template.findOutputs('*')).map(([name, { Value }]) => [name, flatten(Value)]),
);
const role = resource(template, 'AWS::IAM::Role', /Gateway/);

describe('the outputs', () => {
  it('have the names that the command line tool reads', () => {
    expect(Object.keys(outputs).sort()).toEqual([
      'DashboardUrl',
      'DenyPolicy',
      'EnvironmentLines',
      'GatewayUrl',
      'LedgerTableName',
      'SettingsTableName',
    ]);
  });

  it('give the URL without a slash at its end, as clients append a path', () => {
    const url = resource(template, 'AWS::Lambda::Url');
    const host = { 'Fn::Select': [2, { 'Fn::Split': ['/', `<${url.id}.FunctionUrl>`] }] };

    const { Value } = template.findOutputs('GatewayUrl').GatewayUrl ?? {};
    const [, parts] = (Value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
    expect(flatten(parts)).toEqual(['https://', host]);
  });

  it('give the two lines that move a program to hardcap', () => {
    expect(String(outputs.EnvironmentLines).split('\n')).toEqual([
      expect.stringMatching(/^AWS_ENDPOINT_URL_BEDROCK_RUNTIME=https:\/\//),
      'AWS_BEARER_TOKEN_BEDROCK=hc_...',
    ]);
  });

  it('name both tables and the dashboard', () => {
    expect(outputs.SettingsTableName).toBe(
      `<${resource(template, 'AWS::DynamoDB::Table', /Settings/).id}>`,
    );
    expect(outputs.LedgerTableName).toBe(
      `<${resource(template, 'AWS::DynamoDB::Table', /Ledger/).id}>`,
    );
    expect(outputs.DashboardUrl).toContain(
      `#dashboards/dashboard/<${resource(template, 'AWS::CloudWatch::Dashboard').id}>`,
    );
  });
});

describe('the deny policy', () => {
  const text = String(outputs.DenyPolicy);
  const policy = JSON.parse(text) as {
    Version: string;
    Statement: [{ Effect: string; Action: string[]; Resource: string; Condition: unknown }];
  };
  const [statement] = policy.Statement;
  const denies = (action: string): boolean =>
    statement.Action.some((pattern) =>
      pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : action === pattern,
    );

  it('denies everybody but the gateway', () => {
    expect(policy.Version).toBe('2012-10-17');
    expect(statement).toMatchObject({
      Effect: 'Deny',
      Resource: '*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': `<${role.id}.Arn>` } },
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
    'bedrock:CreateModelInvocationJob',
    'bedrock:CreateProvisionedModelThroughput',
    'bedrock:InvokeAgent',
    'bedrock:InvokeInlineAgent',
    'bedrock:InvokeFlow',
    'bedrock:StartFlowExecution',
    'bedrock:RetrieveAndGenerate',
    'bedrock:Rerank',
    'bedrock:InvokeDataAutomationAsync',
  ])('denies %s, which spends', (action) => {
    expect(denies(action)).toBe(true);
  });

  it.each([
    'bedrock:CountTokens',
    'bedrock:ListFoundationModels',
    'bedrock:GetInferenceProfile',
    'bedrock:StopModelInvocationJob',
    'bedrock:DeleteProvisionedModelThroughput',
  ])('leaves %s alone, which spends nothing', (action) => {
    expect(denies(action)).toBe(false);
  });

  it('fits into a service control policy, whatever the name of the role', () => {
    const longestArn = `arn:aws-us-gov:iam::123456789012:role/${'r'.repeat(64)}`;

    expect(text.replace(`<${role.id}.Arn>`, longestArn).length).toBeLessThan(MAX_POLICY_CHARACTERS);
  });

  it('holds wildcards at the end of an action only, where every policy type takes them', () => {
    expect(statement.Action.filter((action) => action.slice(0, -1).includes('*'))).toEqual([]);
  });
});
