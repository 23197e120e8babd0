/**
 * Rules of the stack's outputs: what a user pastes, and where things are.
 */
import { describe, expect, it } from 'vitest';
import { createTemplate, flatten, resource } from './stack-under-test.ts';

const template = createTemplate();
const outputs = Object.fromEntries(
  Object.entries(template.findOutputs('*')).map(([name, { Value }]) => [name, flatten(Value)]),
);

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

  it('give who signs no bearer token, but the policy that lets it in', () => {
    const signed = createTemplate({ authType: 'iam' });
    const { id } = resource(signed, 'AWS::Lambda::Function', /Gateway/);
    const { EnvironmentLines, CallerPolicy } = signed.findOutputs('*');

    expect(JSON.stringify(EnvironmentLines)).not.toContain('BEARER');
    expect(JSON.parse(String(flatten(CallerPolicy?.Value)))).toMatchObject({
      Statement: [
        { Action: 'lambda:InvokeFunctionUrl', Resource: `<${id}.Arn>` },
        {
          Action: 'lambda:InvokeFunction',
          Resource: `<${id}.Arn>`,
          Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
        },
      ],
    });
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
